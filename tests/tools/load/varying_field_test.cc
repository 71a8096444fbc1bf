#include "ringpeer/tools/load/varying_field.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace ringpeer::tools {
namespace {

TEST(VaryingFieldTest, ReadsWhatItIsWrittenAs) {
  std::string error;
  auto field = parse_varying_field("4:8:sequence", &error);
  ASSERT_TRUE(field) << error;
  EXPECT_EQ(field->place, 4U);
  EXPECT_EQ(field->width, 8U);
  EXPECT_EQ(field->kind, FieldKind::kSequence);
  EXPECT_FALSE(field->is_big_endian);
  field = parse_varying_field("0:2:client:be:+100", &error);
  ASSERT_TRUE(field) << error;
  EXPECT_TRUE(field->is_big_endian);
  EXPECT_EQ(field->base, 100U);
  field = parse_varying_field("65506:1:random:+7", &error);
  ASSERT_TRUE(field) << error;
  EXPECT_EQ(field->base, 7U);
  EXPECT_TRUE(parse_varying_field("1:8:time", &error));
  for (const char* wrong :
       {"", "4", "4:8", "4:8:number", "4:9:time", "4:0:time", "-1:2:time", "65506:2:time",
        "4:8:time:le", "4:8:time:+", "4:8:time:+1:be", "4:8:time:be:be", "4:8:time:be:+1:+1",
        ":8:time", "4::time", "18446744073709551615:8:time", "99999999999999999999:1:time"}) {
    error.clear();
    EXPECT_FALSE(parse_varying_field(wrong, &error)) << wrong;
    EXPECT_NE(error.find("PLACE:WIDTH:KIND"), std::string::npos) << wrong;
  }
}

TEST(VaryingFieldTest, IsWrittenAsItIsRead) {
  for (const char* text : {"4:8:sequence", "0:2:client:be:+100", "65506:1:random:+7", "1:8:time:be",
                           "0:8:sequence:be:+18446744073709551615"}) {
    std::string error;
    const auto field = parse_varying_field(text, &error);
    ASSERT_TRUE(field) << error;
    EXPECT_EQ(to_text(*field), text);
  }
}

TEST(VaryingFieldTest, WordsAboutAnotherTextArePrintable) {
  std::string error;
  EXPECT_FALSE(parse_varying_field("4:8:\x1b[31m\n", &error));
  EXPECT_EQ(error.find("4:8:?[31m?: write PLACE:WIDTH:KIND"), 0U) << error;
}

TEST(VaryingFieldTest, NoByteIsOfTwo) {
  const auto check = [](std::size_t a, std::size_t a_width, std::size_t b, std::size_t b_width) {
    const std::vector<VaryingField> fields = {{.place = a, .width = a_width},
                                              {.place = b, .width = b_width}};
    return check_varying_fields(fields);
  };
  EXPECT_EQ(check(0, 4, 4, 4), "");
  EXPECT_EQ(check(4, 4, 0, 4), "");
  EXPECT_NE(check(0, 4, 3, 1), "");
  EXPECT_NE(check(3, 1, 0, 4), "");
  EXPECT_NE(check(5, 1, 5, 1).find("byte 5"), std::string::npos);
}

// Whatever is written is read again, cut to its width, and nothing beside it changes.
TEST(VaryingFieldTest, WhatIsWrittenIsRead) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 20'000; ++round) {
    VaryingField field;
    field.width = 1 + random() % 8;
    field.place = random() % 24;
    field.kind = static_cast<FieldKind>(random() % 4);
    field.is_big_endian = random() % 2 == 0;
    field.base = random() % 3 == 0 ? random() : 0;
    const LoadStamp stamp = {
        .client = static_cast<std::uint32_t>(random()),
        .sequence = random(),
        .due_at = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(random() >> 1))};
    std::array<std::uint8_t, 20> packet{};
    packet.fill(0xa5);
    write_fields(std::span(&field, 1), stamp, 5, packet);
    const bool lies_in = field.place + field.width <= packet.size();
    for (std::size_t i = 0; i < packet.size(); ++i) {
      const bool is_beside = !lies_in || i < field.place || i >= field.place + field.width;
      ASSERT_TRUE(!is_beside || packet[i] == 0xa5) << round;
    }
    const auto read = read_field(field, packet);
    ASSERT_EQ(read.has_value(), lies_in);
    if (!lies_in) continue;
    const std::uint64_t mask =
        field.width == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * field.width)) - 1;
    ASSERT_EQ(*read, (value_of(field, stamp, 5) - field.base) & mask);
  }
}

TEST(VaryingFieldTest, RandomNumbersAreTheSeedsAndDiffer) {
  EXPECT_EQ(seeded_number(1, 2, 3, 4), seeded_number(1, 2, 3, 4));
  std::set<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < 10; ++i) {
    for (std::uint64_t j = 0; j < 10; ++j) {
      numbers.insert(seeded_number(i, j, 0, 0));
      numbers.insert(seeded_number(0, i, j + 100, 0));
      numbers.insert(seeded_number(0, 0, i, j + 100));
    }
  }
  EXPECT_EQ(numbers.size(), 300U);
}

}  // namespace
}  // namespace ringpeer::tools
