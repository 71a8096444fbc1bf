// Every example of docs/wire.md is what the codec does.

#include <gtest/gtest.h>

#include <cctype>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/base/wire_format.h"
#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"

namespace ringpeer {
namespace {

struct Example {
  std::size_t line = 0;
  std::vector<std::uint8_t> bytes;
  std::string relation;  // "<=>", "=>" or "!!"
  std::string right;     // text or error
};

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

bool parse_hex(std::string_view text, std::vector<std::uint8_t>* bytes) {
  int high = -1;
  for (const char c : text) {
    if (c == ' ') continue;
    const int digit = hex_digit(c);
    if (digit < 0) return false;
    if (high < 0) {
      high = digit;
    } else {
      bytes->push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  return high < 0 && !bytes->empty();
}

bool parse_example(const std::string& line, Example* example) {
  for (const std::string_view relation : {"<=>", "=>", "!!"}) {
    const std::size_t at = line.find(" " + std::string(relation) + " ");
    if (at == std::string::npos) continue;
    example->relation = relation;
    example->right = line.substr(at + relation.size() + 2);
    return parse_hex(std::string_view(line).substr(0, at), &example->bytes);
  }
  return false;
}

// The lines of the page's ```wire blocks.
std::vector<Example> read_examples() {
  std::vector<Example> examples;
  std::ifstream page("docs/wire.md");
  EXPECT_TRUE(page.is_open()) << "docs/wire.md must be among the test's data";
  std::string line;
  bool inside = false;
  for (std::size_t number = 1; std::getline(page, line); ++number) {
    if (line.starts_with("```")) {
      inside = line == "```wire";
      continue;
    }
    if (!inside || line.empty()) continue;
    Example example;
    example.line = number;
    EXPECT_TRUE(parse_example(line, &example)) << "line " << number << ": " << line;
    examples.push_back(example);
  }
  return examples;
}

std::vector<std::uint8_t> encoded(const Variant& value) {
  std::size_t size = 0;
  EXPECT_EQ(encode_variant(value, {}, &size), Error::OK);
  std::vector<std::uint8_t> bytes(size);
  EXPECT_EQ(encode_variant(value, bytes, &size), Error::OK);
  return bytes;
}

void check_value(const Example& example) {
  Variant expected;
  TextError text_error;
  ASSERT_EQ(str_to_var(example.right, &expected, &text_error), Error::OK) << text_error.message;
  Variant decoded;
  std::size_t consumed = 0;
  ASSERT_EQ(decode_variant(example.bytes, &decoded, &consumed), Error::OK);
  EXPECT_EQ(var_to_str(decoded), var_to_str(expected));
  if (example.relation != "<=>") {
    EXPECT_NE(encoded(expected), example.bytes) << "it is the form that is written: use <=>";
    return;
  }
  EXPECT_EQ(consumed, example.bytes.size());
  EXPECT_EQ(decoded.type(), expected.type());
  EXPECT_EQ(encoded(decoded), example.bytes);
  EXPECT_EQ(encoded(expected), example.bytes);
}

TEST(WireDocument, EveryExampleIsWhatTheCodecDoes) {
  for (const Example& example : read_examples()) {
    SCOPED_TRACE("docs/wire.md line " + std::to_string(example.line));
    if (example.relation != "!!") {
      check_value(example);
      continue;
    }
    Variant decoded;
    EXPECT_EQ(error_name(decode_variant(example.bytes, &decoded, nullptr)), example.right);
  }
}

// A page that lost its examples would pass the test above.
TEST(WireDocument, EveryTypeHasAnExample) {
  std::vector<bool> seen(kVariantTypeCount);
  std::size_t errors = 0;
  for (const Example& example : read_examples()) {
    if (example.bytes[0] < kVariantTypeCount) seen[example.bytes[0]] = true;
    if (example.relation == "!!") ++errors;
  }
  for (std::uint32_t type = 0; type < kVariantTypeCount; ++type) {
    // A Signal's text form loses its name and object.
    if (static_cast<VariantType>(type) == VariantType::SIGNAL) continue;
    EXPECT_TRUE(seen[type]) << variant_type_name(static_cast<VariantType>(type));
  }
  EXPECT_GE(errors, 10u);
}

}  // namespace
}  // namespace ringpeer
