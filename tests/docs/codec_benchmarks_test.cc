// docs/benchmarks_codec.md: its ratios are those of its tables, sizes those of the encoding, and
// its hostile shapes those of the benchmark.

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/bench/codec/codec_values.h"
#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/codec/support/hostile_shapes.h"
#include "ringpeer/tests/codec/support/value_operations.h"
#include "ringpeer/tests/docs/page.h"
#include "ringpeer/tests/docs/stated.h"

namespace ringpeer::docs {
namespace {

constexpr const char* kPage = "docs/benchmarks_codec.md";
constexpr const char* kPacketsPage = "docs/benchmarks.md";

// "message", "decode": the row of docs/benchmarks_codec.md.
std::vector<std::string> codec_row(const std::string& value, const std::string& how) {
  std::string current;
  for (const Row& row : rows_under(kPage, "ns an operation (heap allocations an operation)")) {
    if (!row.cells[0].empty()) current = row.cells[0];
    if (current == value && row.cells[1].starts_with(how)) return row.cells;
  }
  ADD_FAILURE() << value << ", " << how;
  return {"", "", "0", "0"};
}

TEST(CodecBenchmarksPageTest, TheRatiosAreThoseOfItsTable) {
  const double decode = number_in(codec_row("message", "decode")[3]);
  const double encode = number_in(codec_row("message", "encode")[3]);
  const std::vector<std::pair<std::string, double>> ways = {
      {"view", decode}, {"arena", decode}, {"decode", decode}, {"encode", encode}};
  std::string text = on_one_line(read_page(kPage));
  text = text.substr(text.find("Against msgpack::object it takes"));
  std::smatch match;
  ASSERT_TRUE(std::regex_search(text, match,
                                std::regex("takes ([0-9.]+) to view, ([0-9.]+) to decode into an "
                                           "arena, ([0-9.]+) to decode owning and ([0-9.]+)")));
  const std::vector<Row> in_short = rows_under(kPacketsPage, "Variant");
  ASSERT_EQ(in_short.size(), ways.size());
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const double ours = number_in(codec_row("message", ways[i].first)[2]);
    EXPECT_NEAR(number_in(match[i + 1]), ours / ways[i].second, 0.005) << ways[i].first;
    // The other page has the same, in short.
    EXPECT_EQ(number_in(in_short[i].cells[1]), ours);
    EXPECT_EQ(number_in(in_short[i].cells[2]), ways[i].second);
    EXPECT_NEAR(number_in(in_short[i].cells[3]), ours / ways[i].second, 0.005);
  }
}

std::size_t size_on_wire(const Variant& value) {
  std::size_t size = 0;
  EXPECT_EQ(encode_variant(value, {}, &size), Error::OK);
  return size;
}

TEST(CodecBenchmarksPageTest, TheSizesOnTheWireAreThose) {
  const Variant message =
      Dictionary{{"t", 1}, {"id", 7}, {"pos", Vector3{1, 2, 3}}, {"vel", Vector3{0, 0, 1}}};
  Array messages;
  for (std::size_t i = 0; i < bench::kMessages; ++i) messages.push_back(message);
  PackedByteArray bytes;
  for (const std::uint8_t byte : bench::byte_values()) bytes.push_back(byte);
  PackedFloat32Array floats;
  for (const float number : bench::float_values()) floats.push_back(number);
  const std::vector<Variant> values = {bench::kInt, message, messages, bytes, floats};
  bool found = false;
  for (const Table& table : tables_of(read_page(kPage))) {
    if (table.head.cells[0] != "bytes on the wire") continue;
    found = true;
    ASSERT_EQ(table.rows[0].cells[0], "Godot's Variant");
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(number_in(table.rows[0].cells.at(i + 1)),
                static_cast<double>(size_on_wire(values[i])));
    }
  }
  EXPECT_TRUE(found);
}

TEST(CodecBenchmarksPageTest, ItsHostileShapesAreThoseOfTheBenchmark) {
  std::vector<std::string> shapes;
  for (const testing::HostileShape& shape : testing::shapes_of_size(1024)) {
    shapes.push_back(shape.name);
  }
  std::vector<std::string> on_page;
  for (const Row& row : rows_under(kPage, "Cost of hostile shapes")) {
    on_page.push_back(row.cells[0]);
  }
  EXPECT_EQ(on_page, shapes);
  std::vector<std::string> operations = {"shape"};
  for (const testing::ValueOperation& operation : testing::kValueOperations) {
    operations.emplace_back(operation.name);
  }
  for (const Table& table : tables_of(read_page(kPage))) {
    if (table.heading == "Cost of hostile shapes") {
      EXPECT_EQ(table.head.cells, operations);
    }
  }
}

// "None grows by more than a factor of": of all pairs.
TEST(CodecBenchmarksPageTest, NoneGrowsByMoreThanItSays) {
  const std::string text = on_one_line(read_page(kPage));
  std::smatch match;
  ASSERT_TRUE(std::regex_search(text, match,
                                std::regex("None grows by more than a factor of ([0-9.]+[0-9])")));
  const double most = number_in(match[1]);
  for (const Row& row : rows_under(kPage, "Cost of hostile shapes")) {
    for (std::size_t i = 1; i < row.cells.size(); ++i) {
      const std::size_t comma = row.cells[i].find(", ");
      ASSERT_NE(comma, std::string::npos) << row.cells[0];
      const double small = number_in(row.cells[i].substr(0, comma));
      const double large = number_in(row.cells[i].substr(comma + 2));
      EXPECT_LE(large, small * most) << row.cells[0] << ", column " << i;
    }
  }
  EXPECT_EQ(kTextDepth, 100u);
  EXPECT_TRUE(says(text, "written to a depth of a hundred levels only"));
}

TEST(CodecBenchmarksPageTest, TheShapesAreAsLargeAsItSays) {
  std::map<std::string, std::size_t> sizes;
  for (const testing::HostileShape& shape : testing::hostile_shapes()) {
    sizes[shape.name] = shape.bytes.size();
    EXPECT_LE(shape.bytes.size(), kMaximumDatagramSize) << shape.name;
  }
  EXPECT_EQ(kMaximumDatagramSize, 65507u);
  EXPECT_NEAR(static_cast<double>(sizes.at("nils")) / 4, 16000, 500);
  EXPECT_NEAR(static_cast<double>(sizes.at("empty arrays")) / 8, 8000, 250);
  EXPECT_EQ(kMaximumDepth, 1024u);
  EXPECT_TRUE(
      says(read_page(kPage),
           "decodes datagrams of up to 65,507 bytes of the worst shapes (16,000 nils, 8,000 "
           "empty containers, object ids, dictionaries as keys, colliding keys, depth "
           "1,024)"));
}

}  // namespace
}  // namespace ringpeer::docs
