#include "ringpeer/tools/command/quantity.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace ringpeer::tools {
namespace {

TEST(QuantityTest, TimesHaveUnits) {
  EXPECT_EQ(parse_seconds("30s"), 30);
  EXPECT_EQ(parse_seconds("2"), 2);
  EXPECT_DOUBLE_EQ(*parse_seconds("5ms"), 0.005);
  EXPECT_DOUBLE_EQ(*parse_seconds("800us"), 0.0008);
  EXPECT_EQ(parse_seconds("1.5m"), 90);
  EXPECT_EQ(parse_seconds("2h"), 7200);
  for (const char* text : {"", "s", "-1s", "1 s", "1sec", "nan", "inf", "1e999", "0x10", "1,5s"}) {
    EXPECT_EQ(parse_seconds(text), std::nullopt) << text;
  }
}

TEST(QuantityTest, PercentagesMaySaySo) {
  EXPECT_EQ(parse_percent("0.1%"), 0.1);
  EXPECT_EQ(parse_percent("3"), 3);
  for (const char* text : {"", "%", "-1%", "1 %", "1%%", "nan%"}) {
    EXPECT_EQ(parse_percent(text), std::nullopt) << text;
  }
}

// Whatever is typed: a finite number that is not negative, or nothing.
TEST(QuantityTest, AnythingElseIsNothing) {
  std::mt19937 random(11);
  const std::string letters = "0123456789.+-eExnaifmsuh% \0";
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    for (std::size_t length = random() % 8; text.size() < length;) {
      text += letters[random() % letters.size()];
    }
    for (const auto& value : {parse_seconds(text), parse_percent(text)}) {
      EXPECT_TRUE(value.value_or(0) >= 0 && value.value_or(0) < 1e308) << text;
    }
  }
}

}  // namespace
}  // namespace ringpeer::tools
