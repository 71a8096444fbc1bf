// Every line that a real Godot 4.6.3 wrote: the same types, texts, bytes and errors.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/codec/wire/arena_decode.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/codec/support/hex.h"

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

// Whether `read` is what the text of `value` can say of it. The text orders a Dictionary, forgets
// the sign of zero and the payload of NaN, prints a float that is a single-precision one with that
// one's digits, ends at kTextDepth and says nothing of a Signal.
bool text_says(const Variant& value, const Variant& read, std::size_t depth);

template <typename Float>
bool text_says(Float value, Float read) {
  if (std::isnan(value)) return std::isnan(read);
  if (static_cast<Float>(static_cast<float>(value)) != value) return value == read;
  return static_cast<float>(value) == static_cast<float>(read);
}

bool text_says(const Array& value, const Array& read, std::size_t depth) {
  if (!(value.element_type() == read.element_type())) return false;
  if (depth > kTextDepth) return read.empty();
  return std::equal(
      value.begin(), value.end(), read.begin(), read.end(),
      [depth](const Variant& a, const Variant& b) { return text_says(a, b, depth + 1); });
}

bool text_says(const Dictionary& value, const Dictionary& read, std::size_t depth) {
  if (!(value.key_type() == read.key_type() && value.value_type() == read.value_type()))
    return false;
  if (depth > kTextDepth) return read.empty();
  return value.size() == read.size() &&
         std::all_of(value.begin(), value.end(), [&](const DictionaryEntry& entry) {
           return std::any_of(read.begin(), read.end(), [&](const DictionaryEntry& other) {
             return text_says(entry.key, other.key, depth + 1) &&
                    text_says(entry.value, other.value, depth + 1);
           });
         });
}

template <typename T>
bool text_says_components(const T& value, const T& read) {
  if constexpr (kIsFloatMath<T>) {
    float a[kComponentCount<T>];
    float b[kComponentCount<T>];
    std::memcpy(a, &value, sizeof(value));
    std::memcpy(b, &read, sizeof(read));
    return std::equal(std::begin(a), std::end(a), std::begin(b),
                      [](float x, float y) { return text_says(x, y); });
  } else if constexpr (std::is_floating_point_v<T>) {
    return text_says(value, read);
  } else {
    return value == read;
  }
}

bool text_says(const Variant& value, const Variant& read, std::size_t depth) {
  if (value.type() != read.type()) return false;
  return visit_variant(value, [&]<typename T>(const T& typed) {
    if constexpr (std::is_same_v<T, NilValue> || std::is_same_v<T, Signal>) {
      return true;
    } else if constexpr (std::is_same_v<T, Array> || std::is_same_v<T, Dictionary>) {
      return text_says(typed, read.ref<T>(), depth);
    } else if constexpr (requires { typed.capacity(); }) {
      const T& others = read.ref<T>();
      return std::equal(typed.begin(), typed.end(), others.begin(), others.end(),
                        [](const auto& a, const auto& b) { return text_says_components(a, b); });
    } else {
      return text_says_components(typed, read.ref<T>());
    }
  });
}

// Ids are of the process that wrote them, and so is the text of what has them.
bool names_objects(const json& line) {
  return line["volatile"].get<bool>() ||
         line["value_str"].get<std::string>().find("Object(") != std::string::npos;
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

TEST(GoldenVectors, TextSaysWhatTheBytesSay) {
  std::size_t compared = 0;
  std::size_t same_bytes = 0;
  for (const json& line : read_lines("vectors.jsonl")) {
    SCOPED_TRACE(line["name"].get<std::string>());
    // The form that keeps the classes of typed containers.
    const std::string hex = line["bytes_with_objects"];
    const std::string text = line["value_str"];
    if (hex.empty() || names_objects(line)) continue;
    Variant decoded;
    ASSERT_EQ(decode_variant(from_hex(hex), &decoded, nullptr, {.allow_objects = true}), Error::OK);
    Variant parsed;
    ASSERT_EQ(str_to_var(text, &parsed), Error::OK) << text;
    // The wire loses a byte order mark.
    EXPECT_EQ(text_says(decoded, parsed, 0), line["name"] != "string_bom")
        << text << "\nwas read as " << var_to_str(parsed);
    EXPECT_EQ(var_to_str(parsed), text);
    ++compared;
    if (to_hex(encoded(parsed, {.full_objects = true})) == hex) ++same_bytes;
  }
  EXPECT_EQ(compared, 404U);
  EXPECT_EQ(same_bytes, 371U);
}

// The comparison above tells values apart that differ in one bit or one place.
TEST(GoldenVectors, TextSaysOnlyWhatIsTrue) {
  EXPECT_FALSE(text_says(Variant(0.1), Variant(0.2), 0));
  EXPECT_FALSE(text_says(Variant(0.1), Variant(std::nextafter(0.1, 1)), 0));
  EXPECT_FALSE(text_says(Variant(1), Variant(1.0), 0));
  EXPECT_FALSE(text_says(Variant("a"), Variant(StringName("a")), 0));
  EXPECT_FALSE(text_says(Variant(Vector2{1, 2}), Variant(Vector2{1, 3}), 0));
  EXPECT_FALSE(text_says(Variant(Array{1, Array{2}}), Variant(Array{1, Array{3}}), 0));
  EXPECT_FALSE(text_says(Variant(Dictionary{{1, 2}}), Variant(Dictionary{{1, 3}}), 0));
  EXPECT_FALSE(text_says(Variant(PackedFloat32Array{1}), Variant(PackedFloat32Array{2}), 0));
  EXPECT_TRUE(text_says(Variant(Dictionary{{1, -0.0}, {2, NAN}}),
                        Variant(Dictionary{{2, -NAN}, {1, 0.0}}), 0));
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
