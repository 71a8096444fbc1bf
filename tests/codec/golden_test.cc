// Every line that a real Godot 4.6.3 wrote: the same types, texts, bytes and errors.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/codec/arena_decode.h"
#include "ringpeer/codec/decode.h"
#include "ringpeer/codec/encode.h"
#include "ringpeer/codec/text.h"
#include "tests/codec/hex.h"

namespace ringpeer {
namespace {

using nlohmann::json;
using testing::Bytes;
using testing::encoded;
using testing::from_hex;
using testing::to_hex;

std::vector<json> read_lines(const std::string& name) {
  std::ifstream file("tests/testdata/" + name);
  std::vector<json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
  return lines;
}

std::string text_of(const json& value) { return value.is_string() ? value : json("null"); }

// What a value looks like in bytes when its text was read again: text orders a
// Dictionary, forgets the sign of zero and the payload of NaN, prints a float that is a
// single-precision one with that one's digits, stops at kTextDepth and has no object
// ids. A line is compared where none of this applies.
bool text_holds_everything(const json& line, const Variant& value) {
  const std::string text = line["value_str"];
  const Variant again = [&] {
    Variant parsed;
    EXPECT_EQ(str_to_var(text, &parsed), Error::OK) << text;
    return parsed;
  }();
  if (line["volatile"].get<bool>() || text.find("Object(") != std::string::npos) return false;
  if (!(again == value)) return false;
  return var_to_str(again) == text;
}

TEST(GoldenVectors, DecodeAndEncodeAgain) {
  const std::vector<json> lines = read_lines("vectors.jsonl");
  ASSERT_GT(lines.size(), 400U);
  for (const json& line : lines) {
    SCOPED_TRACE(line["name"].get<std::string>());
    const std::string hex = line["bytes"];
    if (hex.empty()) continue;  // Godot could not encode it
    const Bytes bytes = from_hex(hex);
    Variant value;
    std::size_t consumed = 0;
    ASSERT_EQ(decode_variant(bytes, &value, &consumed), Error::OK);
    EXPECT_EQ(consumed, bytes.size());
    EXPECT_EQ(value.type_name(), line["decoded_type"].get<std::string>());
    EXPECT_EQ(var_to_str(value), line["decoded_str"].get<std::string>());
    // Where Godot's own re-encoding differs only for object ids, ours must not.
    if (line["reencodes_same"].get<bool>() || line["volatile"].get<bool>()) {
      EXPECT_EQ(to_hex(encoded(value)), hex);
    }
  }
}

TEST(GoldenVectors, ArenaDecodesTheSame) {
  VariantArena arena;
  for (const json& line : read_lines("vectors.jsonl")) {
    SCOPED_TRACE(line["name"].get<std::string>());
    const Bytes bytes = from_hex(line["bytes"].get<std::string>());
    if (bytes.empty()) continue;
    const Variant* value = nullptr;
    Variant owned;
    ASSERT_EQ(arena.decode(bytes, &value, nullptr), Error::OK);
    ASSERT_EQ(decode_variant(bytes, &owned, nullptr), Error::OK);
    EXPECT_EQ(encoded(*value), encoded(owned));
    const Variant copy = *value;
    arena.reset();
    EXPECT_EQ(encoded(copy), encoded(owned));
  }
}

TEST(GoldenVectors, TextEncodes) {
  std::size_t compared = 0;
  std::size_t same_bytes = 0;
  for (const json& line : read_lines("vectors.jsonl")) {
    SCOPED_TRACE(line["name"].get<std::string>());
    const std::string hex = line["bytes"];
    if (hex.empty()) continue;
    Variant decoded;
    ASSERT_EQ(decode_variant(from_hex(hex), &decoded, nullptr), Error::OK);
    if (!text_holds_everything(line, decoded)) continue;
    Variant parsed;
    ASSERT_EQ(str_to_var(line["value_str"].get<std::string>(), &parsed), Error::OK);
    EXPECT_EQ(parsed.type(), decoded.type());
    // The order of a Dictionary and the sign of zero are all that may differ now.
    EXPECT_EQ(parsed, decoded);
    EXPECT_EQ(2 * encoded(parsed).size(), hex.size());
    ++compared;
    if (to_hex(encoded(parsed)) == hex) ++same_bytes;
  }
  EXPECT_GT(compared, 370U);
  EXPECT_GT(same_bytes, 360U);
}

TEST(GoldenVectors, ObjectsBecomeDataAndEncodeAgain) {
  // What Godot's decoder gets wrong or knows from its classes: the value type of a
  // Dictionary typed with two scripts, and properties that are never sent.
  const std::vector<std::string> kKnowsMore = {
      "dict_typed_value_script", "dict_typed_both_script_empty", "object_with_script_refcounted"};
  for (const json& line : read_lines("vectors.jsonl")) {
    const std::string name = line["name"];
    SCOPED_TRACE(name);
    const std::string hex = line["bytes_with_objects"];
    if (hex.empty()) continue;
    Variant value;
    ASSERT_EQ(decode_variant(from_hex(hex), &value, nullptr, {.allow_objects = true}), Error::OK);
    if (line["reencodes_same_with_objects"].get<bool>()) {
      EXPECT_EQ(to_hex(encoded(value, {.full_objects = true})), hex);
    }
    if (std::find(kKnowsMore.begin(), kKnowsMore.end(), name) == kKnowsMore.end()) {
      EXPECT_EQ(var_to_str(value), line["decoded_with_objects_str"].get<std::string>());
    }
  }
}

TEST(GoldenMalformed, SameOutcome) {
  const std::vector<json> lines = read_lines("malformed.jsonl");
  ASSERT_GT(lines.size(), 5000U);
  VariantArena arena;
  for (const json& line : lines) {
    SCOPED_TRACE(std::to_string(line["n"].get<int>()) + " " + line["seed"].get<std::string>() +
                 " " + line["mut"].get<std::string>());
    const Bytes bytes = from_hex(line["bytes"].get<std::string>());
    Variant value;
    const Error error = decode_variant(bytes, &value, nullptr);
    const Variant* in_arena = nullptr;
    EXPECT_EQ(arena.decode(bytes, &in_arena, nullptr), error);
    EXPECT_EQ(error == Error::OK, line["ok"].get<bool>());
    if (line.contains("code") && line["code"].is_string()) {
      EXPECT_EQ(error_name(error), line["code"].get<std::string>());
    }
    if (error != Error::OK) continue;
    EXPECT_EQ(value.type_name(), line["type"].get<std::string>());
    EXPECT_EQ(var_to_str(value), text_of(line["value"]));
    EXPECT_EQ(var_to_str(*in_arena), text_of(line["value"]));
    // What was decoded encodes, and that is a fixpoint.
    const Bytes again = encoded(value);
    Variant second;
    ASSERT_EQ(decode_variant(again, &second, nullptr), Error::OK);
    EXPECT_EQ(encoded(second), again);
    arena.reset();
  }
}

}  // namespace
}  // namespace ringpeer
