#include "ringpeer/codec/wire/decode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/tests/codec/support/hex.h"

namespace ringpeer {
namespace {

using testing::encoded;
using testing::from_hex;

Variant decoded(const testing::Bytes& bytes, const DecodeOptions& options = {}) {
  Variant value;
  EXPECT_EQ(decode_variant(bytes, &value, nullptr, options), Error::OK);
  return value;
}

// An array of Colors that holds Strings instead, as another server could send it.
Color color_from(const std::string& name) {
  testing::Bytes bytes = from_hex("1c000100 14000000 01000000");
  const testing::Bytes text = encoded(Variant(name));
  bytes.insert(bytes.end(), text.begin(), text.end());
  const Variant array = decoded(bytes);
  EXPECT_EQ(array.size(), 1U);
  return array.ref<Array>()[0].get<Color>();
}

TEST(Decode, NamesBecomeColors) {
  EXPECT_EQ(color_from("red"), (Color{1, 0, 0, 1}));
  EXPECT_EQ(color_from("Dark Red"), color_from("8b0000"));
  EXPECT_EQ(color_from("LIGHT_GOLDENROD"), color_from("#fafad2"));
  EXPECT_EQ(color_from("web-gray"), color_from("808080"));
  EXPECT_EQ(color_from("transparent"), (Color{1, 1, 1, 0}));
  EXPECT_EQ(color_from("yellowgreen"), color_from("9acd32"));
  // The digits are looked at before the names, and what is neither is black.
  EXPECT_EQ(color_from("fade"), color_from("#ffaaddee"));
  EXPECT_EQ(color_from("no such colour, and a long one"), Color());
}

// A String as it may come: nobody says what its padding holds.
testing::Bytes string_packet(const std::string& text) {
  testing::Bytes bytes;
  testing::put_word(&bytes, static_cast<std::uint32_t>(VariantType::STRING));
  testing::put_word(&bytes, static_cast<std::uint32_t>(text.size()));
  bytes.insert(bytes.end(), text.begin(), text.end());
  bytes.resize(wire_padded(bytes.size()), 0xff);
  return bytes;
}

// Alone in a packet, and with more behind it, which is what lets a string be read as
// whole words: the outcome is the same.
void expect_text(const std::string& wire, Error error, const std::string& text) {
  testing::Bytes packet = string_packet(wire);
  const std::size_t size = packet.size();
  for (const std::size_t more : {0, 4, 8, 12, 16}) {
    packet.resize(size + more, 0x80);
    Variant value;
    std::size_t consumed = 0;
    EXPECT_EQ(decode_variant(packet, &value, &consumed), error) << testing::to_hex(packet);
    EXPECT_EQ(consumed, error == Error::OK ? size : 0U);
    EXPECT_EQ(value.as_text("none"), error == Error::OK ? text : "none");
    EXPECT_EQ(value == Variant(text), error == Error::OK);
  }
}

TEST(Decode, TextsOfEverySize) {
  for (std::size_t size = 0; size <= 2 * String::kInlineCapacity; ++size) {
    const std::string text(size, 'x');
    expect_text(text, Error::OK, text);
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = '\x7f';
      expect_text(other, Error::OK, other);
      other[i] = '\0';
      expect_text(other, Error::OK, text.substr(0, i));
      other[i] = '\x80';
      expect_text(other, Error::ERR_INVALID_DATA, "");
      other.replace(i, 1, "\u00e9");
      expect_text(other, Error::OK, other);
    }
    expect_text("\xef\xbb\xbf" + text, Error::OK, text);
  }
}

TEST(Decode, EqualObjectIdsAreOneKeyUnlessAskedNot) {
  const testing::Bytes bytes = from_hex(
      "1b000000 02000000 18000100 07000000 00000000 00000000 18000100 07000000 00000000 "
      "02000000 01000000");
  const Variant merged = decoded(bytes);
  ASSERT_EQ(merged.size(), 1U);
  EXPECT_EQ(merged.ref<Dictionary>().begin()->value, Variant(1));
  const Variant distinct = decoded(bytes, {.distinct_object_keys = true});
  ASSERT_EQ(distinct.size(), 2U);
  EXPECT_EQ(encoded(distinct), bytes);
  EXPECT_EQ(encoded(Variant(distinct)), bytes);
}

// Found by fuzzing: null object and Nil are two keys, as in Godot, but both are written
// as Nil, so that such a Dictionary does not survive.
TEST(Regression, ANullObjectKeyBecomesANilKey) {
  const testing::Bytes bytes =
      from_hex("1b000000 02000000 00000000 00000000 18000100 00000000 00000000 00000000");
  const Variant value = decoded(bytes);
  EXPECT_EQ(value.size(), 2U);
  const testing::Bytes again = encoded(value);
  EXPECT_EQ(again, from_hex("1b000000 02000000 00000000 00000000 00000000 00000000"));
  EXPECT_EQ(decoded(again).size(), 1U);
}

// A dictionary in which `others` int keys come first, then a: 1 and b: 2.
testing::Bytes two_keys(const Variant& a, const Variant& b, std::uint32_t others) {
  testing::Bytes bytes;
  testing::put_word(&bytes, 27);
  testing::put_word(&bytes, others + 2);
  const auto put = [&bytes](const Variant& value) {
    const testing::Bytes more = encoded(value);
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  for (std::uint32_t i = 0; i < others; ++i) {
    put(1000 + i);
    put(0);
  }
  for (const Variant* key : {&a, &b}) {
    // A null object is written as Nil by who encodes it.
    if (key->is_object()) {
      for (const std::uint32_t word : {24u | 1u << 16, 0u, 0u}) testing::put_word(&bytes, word);
    } else {
      put(*key);
    }
    put(key == &a ? 1 : 2);
  }
  return bytes;
}

// As a real Godot 4.6.3 answered: the entries that a packet with two keys leaves.
TEST(Decode, TwoKeysAreOneAsInGodot) {
  const double nan = std::nan("");
  const float nanf = std::nanf("");
  const struct {
    Variant a;
    Variant b;
    std::size_t entries;
  } kPairs[] = {
      {nan, -nan, 1},
      {0.0, -0.0, 1},
      {1, 1.0, 2},
      {"a", StringName("a"), 1},
      {"a", NodePath("a"), 2},
      {Variant(), Object(), 2},
      {Array{nan}, Array{nan}, 2},
      {Array{Array{1, nan}}, Array{Array{1, nan}}, 2},
      {Array{0.0}, Array{-0.0}, 1},
      {Array{1}, Array{1.0}, 2},
      {Array{"a"}, Array{StringName("a")}, 2},
      {Array{"a"}, Array{"a"}, 1},
      {Array{Vector2{nanf, 1}}, Array{Vector2{nanf, 1}}, 1},
      {Array{PackedFloat32Array{nanf}}, Array{PackedFloat32Array{nanf}}, 1},
      {Array{NodePath("a/b")}, Array{NodePath("a/b")}, 1},
      {Color{nanf, 0, 0, 1}, Color{nanf, 0, 0, 1}, 1},
      {PackedFloat64Array{nan}, PackedFloat64Array{nan}, 1},
      {Array(ContainerType::builtin(VariantType::INT), {1}), Array{1}, 1},
      {Array(), Array(ContainerType::builtin(VariantType::INT)), 1},
      {Array(), Dictionary(), 2},
      {Dictionary{{1, 2}, {3, 4}}, Dictionary{{1, 2}, {3, 4}}, 1},
      {Dictionary{{1, 2}, {3, 4}}, Dictionary{{3, 4}, {1, 2}}, 2},
      {Dictionary{{1, nan}}, Dictionary{{1, nan}}, 2},
      {Dictionary{{nan, 1}}, Dictionary{{nan, 1}}, 1},
      {Dictionary{{1, "a"}}, Dictionary{{1, StringName("a")}}, 2},
      {Dictionary{{"a", 1}}, Dictionary{{StringName("a"), 1}}, 1},
      {Dictionary{{Array{nan}, 1}}, Dictionary{{Array{nan}, 1}}, 2},
      {RID{5}, RID{5}, 1},
      {Callable(), Callable(), 1},
  };
  for (const auto& [a, b, entries] : kPairs) {
    SCOPED_TRACE(var_to_str(a) + " and " + var_to_str(b));
    // Few, and so many that there is an index.
    for (const std::uint32_t others : {0u, 20u}) {
      const Variant value = decoded(two_keys(a, b, others));
      EXPECT_EQ(value.size(), others + entries);
      EXPECT_EQ(std::next(value.ref<Dictionary>().begin(), others)->value, Variant(3 - entries));
      Dictionary made;
      made[a] = 1;
      made[b] = 2;
      EXPECT_EQ(made.size(), entries);
    }
  }
}

// Each key with NaN inside is one of its own: nothing may look for them.
TEST(Decode, ManyKeysThatEqualNothing) {
  constexpr std::uint32_t kCount = 2000;
  testing::Bytes bytes;
  testing::put_word(&bytes, 27);
  testing::put_word(&bytes, kCount);
  for (std::uint32_t i = 0; i < kCount; ++i) {
    for (const Variant& value : {Variant(Array{std::nan("")}), Variant(i)}) {
      const testing::Bytes more = encoded(value);
      bytes.insert(bytes.end(), more.begin(), more.end());
    }
  }
  const Variant value = decoded(bytes);
  EXPECT_EQ(value.size(), kCount);
  EXPECT_EQ(value.ref<Dictionary>().find(Variant(Array{std::nan("")})), nullptr);
  EXPECT_EQ(encoded(value), bytes);
  EXPECT_EQ(encoded(Variant(value)), bytes);
  EXPECT_EQ(Variant(value), value);
}

// Godot stops comparing there and takes the two for one.
TEST(Decode, KeysThatDifferDeepInsideAreTwo) {
  for (const std::size_t depth : {1u, 101u, 102u, 500u, 1000u}) {
    Dictionary dictionary;
    for (const int leaf : {1, 2, 1}) {
      Variant key = leaf;
      for (std::size_t i = 0; i < depth; ++i) {
        Array outer;
        outer.push_back(std::move(key));
        key = std::move(outer);
      }
      dictionary[key] = leaf;
    }
    EXPECT_EQ(dictionary.size(), 2U) << depth;
  }
}

TEST(Decode, NullObjectsAreOneKeyAndIdsAreManyIfAskedFor) {
  const testing::Bytes nulls = from_hex(
      "1b000000 02000000 18000100 00000000 00000000 02000000 01000000 18000100 00000000 00000000 "
      "02000000 02000000");
  for (const bool distinct : {false, true}) {
    const Variant value = decoded(nulls, {.distinct_object_keys = distinct});
    ASSERT_EQ(value.size(), 1U);
    EXPECT_EQ(value.ref<Dictionary>().begin()->value, Variant(2));
  }
}

// Enough of them that the Dictionary is indexed.
TEST(Decode, ManyDistinctObjectKeys) {
  constexpr std::uint32_t kCount = 100;
  testing::Bytes bytes = from_hex("1b000000 64000000");
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const testing::Bytes entry = from_hex("18000100 07000000 00000000");
    bytes.insert(bytes.end(), entry.begin(), entry.end());
    const testing::Bytes value = encoded(Variant(i));
    bytes.insert(bytes.end(), value.begin(), value.end());
  }
  const Variant distinct = decoded(bytes, {.distinct_object_keys = true});
  EXPECT_EQ(distinct.size(), kCount);
  const Variant* first = distinct.ref<Dictionary>().find(Variant(Object::from_id(7)));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(*first, Variant(0));
  EXPECT_EQ(distinct, Variant(distinct));
  EXPECT_EQ(decoded(bytes).size(), 1U);
}

TEST(Decode, AClassNameIsAnIdentifier) {
  const DecodeOptions objects = {.allow_objects = true};
  Variant value;
  for (const char* hex : {"18000000 04000000 4e6f2064 00000000",              // "No d"
                          "18000000 04000000 31414243 00000000",              // "1ABC"
                          "18000000 04000000 4e6f6403 ffffffff",              // "Nod\3", cut
                          "18000000 05000000 4ec3b664 65000000 00000000"}) {  // "Nöde"
    EXPECT_EQ(decode_variant(from_hex(hex), &value, nullptr, objects), Error::ERR_INVALID_DATA);
  }
  EXPECT_EQ(
      decode_variant(from_hex("18000000 04000000 4e6f6465 00000000"), &value, nullptr, objects),
      Error::OK);
}

TEST(Decode, ScriptArraysTakeObjectsWithAScript) {
  Variant value;
  ASSERT_EQ(str_to_var("[Object(Node,\"script\":null), Object(Node,\"script\":Resource(\"res://a"
                       "\")), null]",
                       &value),
            Error::OK);
  Array array(ContainerType::script("res://a"));
  EXPECT_FALSE(array.push_back(value.ref<Array>()[0]));
  EXPECT_TRUE(array.push_back(value.ref<Array>()[1]));
  EXPECT_TRUE(array.push_back(value.ref<Array>()[2]));
  Array impossible(ContainerType::object_class("res://a"));
  EXPECT_FALSE(impossible.push_back(value.ref<Array>()[1]));
}

// An Array in a container of packed arrays: converted, or left out, but nothing in it is lost.
TEST(Decode, AnArrayBecomesAPackedArrayOrIsLeftOut) {
  // What a processor makes of a float that no integer of that width holds.
  constexpr std::int32_t kLeast32 = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kLeast64 = std::numeric_limits<std::int64_t>::min();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const struct {
    VariantType packed;
    Variant element;
    Variant expected;  // Nil: left out
  } kCases[] = {
      {VariantType::PACKED_STRING_ARRAY, 1.5, {}},
      {VariantType::PACKED_STRING_ARRAY, Variant(), {}},
      {VariantType::PACKED_STRING_ARRAY, Vector2{1, 2}, {}},
      {VariantType::PACKED_STRING_ARRAY, NodePath("a/b"), PackedStringArray{"a/b"}},
      {VariantType::PACKED_STRING_ARRAY, StringName("a"), PackedStringArray{"a"}},
      {VariantType::PACKED_STRING_ARRAY, 7, PackedStringArray{"7"}},
      {VariantType::PACKED_INT32_ARRAY, "5", {}},
      {VariantType::PACKED_INT32_ARRAY, 5.5, PackedInt32Array{5}},
      {VariantType::PACKED_INT32_ARRAY, 2147483648.0, PackedInt32Array{kLeast32}},
      {VariantType::PACKED_INT32_ARRAY, -2147483649.0, PackedInt32Array{kLeast32}},
      {VariantType::PACKED_INT32_ARRAY, 1e18, PackedInt32Array{kLeast32}},
      {VariantType::PACKED_INT32_ARRAY, kNan, PackedInt32Array{kLeast32}},
      {VariantType::PACKED_INT32_ARRAY, std::int64_t{4294967297}, PackedInt32Array{1}},
      {VariantType::PACKED_BYTE_ARRAY, 300.7, PackedByteArray{44}},
      {VariantType::PACKED_BYTE_ARRAY, 4294967551.0, PackedByteArray{0}},
      {VariantType::PACKED_INT64_ARRAY, 1e19, PackedInt64Array{kLeast64}},
      {VariantType::PACKED_INT64_ARRAY, Array{1}, {}},
      {VariantType::PACKED_FLOAT64_ARRAY, "1.5", {}},
      {VariantType::PACKED_VECTOR2_ARRAY, Vector3{1, 2, 3}, PackedVector2Array{{1, 2}}},
      {VariantType::PACKED_VECTOR3_ARRAY, Vector2i{1, 2}, PackedVector3Array{{1, 2, 0}}},
      {VariantType::PACKED_VECTOR4_ARRAY, Vector4i{1, 2, 3, 4}, PackedVector4Array{{1, 2, 3, 4}}},
      {VariantType::PACKED_VECTOR2_ARRAY, 1, {}},
      {VariantType::PACKED_COLOR_ARRAY, "red", PackedColorArray{{1, 0, 0, 1}}},
      {VariantType::PACKED_COLOR_ARRAY, Vector4{}, {}},
  };
  for (const auto& [packed, element, expected] : kCases) {
    SCOPED_TRACE(std::string(variant_type_name(packed)) + " of " + var_to_str(element));
    testing::Bytes bytes;
    for (const std::uint32_t word : {28u | 1u << 16, static_cast<std::uint32_t>(packed), 1u}) {
      testing::put_word(&bytes, word);
    }
    const testing::Bytes inner = encoded(Variant(Array{element}));
    bytes.insert(bytes.end(), inner.begin(), inner.end());
    const Variant value = decoded(bytes);
    EXPECT_EQ(value.at(0), expected);
    EXPECT_EQ(value.size(), expected.is_nil() ? 0U : 1U);
  }
}

// One byte of the wire becomes a Variant of 24 bytes: the budget of heap counts that.
TEST(Decode, ConversionsArePaidFor) {
  constexpr std::size_t kBytes = 4000;
  testing::Bytes bytes;
  for (const std::uint32_t word : {28u | 1u << 16, 28u, 1u}) testing::put_word(&bytes, word);
  const testing::Bytes inner = encoded(Variant([] {
    PackedByteArray packed;
    packed.resize(kBytes);
    return packed;
  }()));
  bytes.insert(bytes.end(), inner.begin(), inner.end());
  Variant value;
  EXPECT_EQ(decode_variant(bytes, &value, nullptr, {.limits = {.bytes = 10 * kBytes}}),
            Error::ERR_OUT_OF_MEMORY);
  EXPECT_EQ(decode_variant(bytes, &value, nullptr, {.limits = {.bytes = 30 * kBytes}}), Error::OK);
  EXPECT_EQ(value.at(0).size(), kBytes);
}

}  // namespace
}  // namespace ringpeer
