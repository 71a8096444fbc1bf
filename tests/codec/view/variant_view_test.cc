#include "ringpeer/codec/view/variant_view.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringpeer/codec/value/conversion_table.h"
#include "ringpeer/codec/value/convert.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/codec/view/dictionary_view.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/codec/support/hostile_shapes.h"
#include "ringpeer/tests/codec/view/view_differential.h"

namespace ringpeer {
namespace {

using testing::Bytes;
using testing::from_hex;

Bytes encoded(const Variant& value, bool full_objects = false) {
  std::size_t size = 0;
  EXPECT_EQ(encode_variant(value, {}, &size, {.full_objects = full_objects}), Error::OK);
  Bytes bytes(size);
  EXPECT_EQ(encode_variant(value, bytes, &size, {.full_objects = full_objects}), Error::OK);
  return bytes;
}

void expect_agreement(const Bytes& bytes) {
  for (const bool allow_objects : {false, true}) {
    EXPECT_EQ(view_differs_from_decode(bytes, {.allow_objects = allow_objects}), "");
  }
}

Variant message() {
  return Dictionary{{"t", 1}, {"id", 7}, {"pos", Vector3{1, 2, 3}}, {"vel", Vector3{0, 0, 1}}};
}

// One of every type, with the shapes that matter to a reader in place.
Array every_type() {
  NodePath path("/root/Main:position:x");
  Array values{Variant(),
               true,
               42,
               std::int64_t{1} << 40,
               0.5,
               0.1,
               std::nan(""),
               "",
               "a text longer than eight bytes",
               Vector2{1, 2},
               Vector2i{1, -2},
               Rect2{{1, 2}, {3, 4}},
               Rect2i{{1, 2}, {3, 4}},
               Vector3{1, 2, 3},
               Vector3i{1, 2, 3},
               Transform2D(),
               Vector4{1, 2, 3, 4},
               Vector4i{1, 2, 3, 4},
               Plane{{1, 2, 3}, 4},
               Quaternion(),
               AABB(),
               Basis(),
               Transform3D(),
               Projection(),
               Color{1, 0.5, 0.25, 1},
               StringName("name"),
               path,
               RID{5},
               Object::from_id(99),
               Callable(),
               Signal{StringName("hit"), 7},
               message(),
               Array{1, Array{2}}};
  values.push_back(PackedByteArray{1, 2, 3});
  values.push_back(PackedInt32Array{1, -1});
  values.push_back(PackedInt64Array{1, -1});
  values.push_back(PackedFloat32Array{0.5, 1});
  values.push_back(PackedFloat64Array{0.1});
  values.push_back(PackedStringArray{String("a"), String(""), String("abcd")});
  values.push_back(PackedVector2Array{{1, 2}});
  values.push_back(PackedVector3Array{{1, 2, 3}});
  values.push_back(PackedColorArray{{1, 2, 3, 4}});
  values.push_back(PackedVector4Array{{1, 2, 3, 4}});
  return values;
}

TEST(VariantView, ReadsEveryTypeAsDecodingDoes) {
  const Array values = every_type();
  expect_agreement(encoded(values));
  for (const Variant& value : values) {
    SCOPED_TRACE(value.type_name());
    const Bytes bytes = encoded(value);
    expect_agreement(bytes);
    // Every prefix is refused or read alike.
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      expect_agreement(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    }
  }
}

TEST(VariantView, AReadOfAnotherTypeIsFalseAndLeavesTheOutput) {
  const Bytes bytes = encoded(42);
  Error error = Error::FAILED;
  const VariantView view = VariantView::parse(bytes, {}, &error);
  ASSERT_EQ(error, Error::OK);
  double number = 1.5;
  std::string_view text = "kept";
  EXPECT_FALSE(view.read(&number));
  EXPECT_FALSE(view.read(&text));
  EXPECT_EQ(number, 1.5);
  EXPECT_EQ(text, "kept");
  EXPECT_EQ(view.value_or(std::int64_t{0}), 42);
  EXPECT_EQ(view.value_or(2.5), 2.5);
}

TEST(VariantView, AnAbsentValueReadsAsNothing) {
  const VariantView view;
  std::int64_t number = 3;
  EXPECT_FALSE(view.exists());
  EXPECT_FALSE(view.read(&number));
  EXPECT_TRUE(view.to_variant().is_nil());
  EXPECT_TRUE(view.bytes().empty());
}

TEST(VariantView, WhatFollowsTheValueIsIgnored) {
  Bytes bytes = encoded("hello");
  const std::size_t size = bytes.size();
  bytes.insert(bytes.end(), {9, 9, 9});
  Error error = Error::FAILED;
  std::size_t consumed = 0;
  const VariantView view = VariantView::parse(bytes, {}, &error, &consumed);
  EXPECT_EQ(error, Error::OK);
  EXPECT_EQ(consumed, size);
  EXPECT_EQ(view.value_or(std::string_view()), "hello");
}

// A packet may stand anywhere in a buffer.
TEST(VariantView, ReadsAtAnyAlignment) {
  const Bytes bytes = encoded(every_type());
  for (std::size_t offset = 1; offset < 8; ++offset) {
    Bytes shifted(offset);
    shifted.insert(shifted.end(), bytes.begin(), bytes.end());
    EXPECT_EQ(view_differs_from_decode(std::span(shifted).subspan(offset), {}), "");
  }
}

TEST(PackedView, CopiesAndReadsInPlace) {
  const Bytes bytes = encoded(PackedFloat32Array{1, 2, 3});
  Error error = Error::FAILED;
  PackedView<float> floats;
  ASSERT_TRUE(VariantView::parse(bytes, {}, &error).read(&floats));
  std::vector<float> two(2);
  EXPECT_EQ(floats.copy_to(two), 2u);
  EXPECT_EQ(two, (std::vector<float>{1, 2}));
  const std::span<const float> in_place = floats.in_place();
  EXPECT_EQ(std::vector<float>(in_place.begin(), in_place.end()), (std::vector<float>{1, 2, 3}));
}

TEST(PackedView, DoublesAreReadAsFloatsButNotInPlace) {
  const Bytes bytes =
      from_hex("24000100 01000000 00000000 0000f03f 00000000 00000040 00000000 00000840");
  Error error = Error::FAILED;
  PackedView<Vector3> vectors;
  ASSERT_TRUE(VariantView::parse(bytes, {}, &error).read(&vectors));
  EXPECT_EQ(vectors[0], (Vector3{1, 2, 3}));
  EXPECT_TRUE(vectors.in_place().empty());
}

TEST(PacketView, ReadsTheFieldsOfAMessage) {
  const Bytes bytes = encoded(message());
  PacketView packet;
  ASSERT_EQ(packet.parse(bytes), Error::OK);
  EXPECT_EQ(packet["t"].value_or(std::int64_t{0}), 1);
  EXPECT_EQ(packet["id"].value_or(std::int64_t{0}), 7);
  EXPECT_EQ(packet["pos"].value_or(Vector3()), (Vector3{1, 2, 3}));
  EXPECT_EQ(packet["vel"].value_or(Vector3()), (Vector3{0, 0, 1}));
  EXPECT_FALSE(packet["po"].exists());
  EXPECT_FALSE(packet["pos2"].exists());
  EXPECT_FALSE(packet[""].exists());
  EXPECT_FALSE(packet[std::string_view("pos\0", 4)].exists());
  EXPECT_EQ(packet.consumed(), bytes.size());
}

TEST(PacketView, IsUsedForOnePacketAfterTheOther) {
  PacketView packet;
  const Bytes first = encoded(message());
  const Bytes second = encoded(Dictionary{{"other", 2}});
  const Bytes third = encoded(5);
  ASSERT_EQ(packet.parse(first), Error::OK);
  ASSERT_EQ(packet.parse(second), Error::OK);
  EXPECT_FALSE(packet["t"].exists());
  EXPECT_EQ(packet["other"].value_or(std::int64_t{0}), 2);
  ASSERT_EQ(packet.parse(third), Error::OK);
  EXPECT_FALSE(packet["other"].exists());
  EXPECT_EQ(packet.fields().size(), 0u);
  ASSERT_EQ(packet.parse(Bytes(first.begin(), first.end() - 4)), Error::ERR_INVALID_DATA);
  EXPECT_FALSE(packet.value().exists());
  EXPECT_FALSE(packet["t"].exists());
}

// Nothing of an earlier packet shows through.
TEST(PacketView, ARefusedPacketLeavesNothing) {
  Dictionary typed(ContainerType::builtin(VariantType::STRING),
                   ContainerType::builtin(VariantType::INT));
  typed["a"] = 1;
  const Bytes bytes = encoded(typed);
  PacketView packet;
  for (const Bytes& next : {Bytes{}, Bytes{0xff, 0xff, 0xff, 0xff}, encoded(5)}) {
    ASSERT_EQ(packet.parse(bytes), Error::OK);
    ASSERT_EQ(packet.fields().key_type(), VariantType::STRING);
    const bool refused = packet.parse(next) != Error::OK;
    EXPECT_EQ(packet.value().exists(), !refused);
    EXPECT_EQ(packet.consumed(), refused ? 0 : next.size());
    EXPECT_EQ(packet.fields().size(), 0u);
    EXPECT_EQ(packet.fields().key_type(), VariantType::NIL);
    EXPECT_EQ(packet.fields().value_type(), VariantType::NIL);
  }
  std::size_t consumed = 77;
  Error error = Error::OK;
  VariantView::parse(Bytes{}, {}, &error, &consumed);
  EXPECT_EQ(consumed, 0u);
}

TEST(DictionaryView, FindsKeysOfEveryLengthAndKind) {
  Dictionary dictionary;
  for (std::size_t length = 0; length <= 20; ++length) {
    dictionary[Variant(std::string(length, 'k'))] = static_cast<std::int64_t>(length);
  }
  dictionary["kkkkkkkk_a"] = 100;
  dictionary["kkkkkkkk_b"] = 101;
  dictionary[Variant(StringName("name"))] = 102;
  dictionary["é"] = 103;
  const Bytes bytes = encoded(dictionary);
  expect_agreement(bytes);
  PacketView packet;
  ASSERT_EQ(packet.parse(bytes), Error::OK);
  for (std::size_t length = 0; length <= 20; ++length) {
    EXPECT_EQ(packet[std::string(length, 'k')].value_or(std::int64_t{-1}),
              static_cast<std::int64_t>(length));
  }
  EXPECT_EQ(packet["kkkkkkkk_a"].value_or(std::int64_t{0}), 100);
  EXPECT_EQ(packet["kkkkkkkk_b"].value_or(std::int64_t{0}), 101);
  EXPECT_EQ(packet["name"].value_or(std::int64_t{0}), 102);
  EXPECT_EQ(packet["é"].value_or(std::int64_t{0}), 103);
}

// More entries than the index holds, up to and beyond its size.
TEST(DictionaryView, FindsEveryKeyOfLargeDictionaries) {
  for (const std::int64_t count : {1, 31, 32, 33, 200}) {
    Dictionary dictionary;
    for (std::int64_t i = 0; i < count; ++i) {
      dictionary[Variant("key" + std::to_string(i))] = i;
      dictionary[Variant(i)] = -i;
    }
    const Bytes bytes = encoded(dictionary);
    expect_agreement(bytes);
    PacketView packet;
    ASSERT_EQ(packet.parse(bytes), Error::OK);
    for (std::int64_t i = 0; i < count; ++i) {
      ASSERT_EQ(packet["key" + std::to_string(i)].value_or(std::int64_t{-1}), i);
      ASSERT_EQ(packet.fields().find(i).value_or(std::int64_t{1}), -i);
    }
  }
}

TEST(DictionaryView, OfARepeatedKeyTheLastValueCounts) {
  const Bytes bytes = from_hex(
      "1b000000 03000000 04000000 01000000 61000000 02000000 01000000"
      "02000000 05000000 02000000 02000000 15000000 01000000 61000000 02000000 03000000");
  PacketView packet;
  ASSERT_EQ(packet.parse(bytes), Error::OK);
  EXPECT_EQ(packet["a"].value_or(std::int64_t{0}), 3);
  EXPECT_EQ(packet.fields().size(), 3u);
  expect_agreement(bytes);
}

TEST(DictionaryView, ATextWithANulOrAByteOrderMarkIsFoundAsWhatItMeans) {
  // {"a\0b": 1, "<BOM>c": 2}
  const Bytes bytes = from_hex(
      "1b000000 02000000 04000000 03000000 61006200 02000000 01000000"
      "04000000 04000000 efbbbf63 02000000 02000000");
  PacketView packet;
  ASSERT_EQ(packet.parse(bytes), Error::OK);
  EXPECT_EQ(packet["a"].value_or(std::int64_t{0}), 1);
  EXPECT_EQ(packet["c"].value_or(std::int64_t{0}), 2);
  expect_agreement(bytes);
}

TEST(DictionaryView, KeysAreEqualAsInGodot) {
  Dictionary dictionary;
  dictionary[Variant()] = 1;
  dictionary[Variant(1)] = 2;
  dictionary[Variant(1.0)] = 3;
  dictionary[Variant(true)] = 4;
  dictionary[Variant(std::nan(""))] = 5;
  dictionary[Variant(Vector2i{1, 2})] = 6;
  dictionary[Variant(Array{1, 2})] = 7;
  const Bytes bytes = encoded(dictionary);
  PacketView packet;
  ASSERT_EQ(packet.parse(bytes), Error::OK);
  for (const DictionaryEntry& entry : dictionary) {
    EXPECT_EQ(packet.fields().find(entry.key).to_variant(), entry.value);
  }
  EXPECT_FALSE(packet.fields().find(Variant(false)).exists());
  EXPECT_FALSE(packet.fields().find(Variant(Array{1})).exists());
}

TEST(ArrayView, TypedArraysShowWhatDecodingKeeps) {
  // Array[int] of 0.5, "a", 5, null
  const Bytes bytes = from_hex(
      "1c000100 02000000 04000000 03000000 0000003f 04000000 01000000 61000000"
      "02000000 05000000 00000000");
  expect_agreement(bytes);
  Error error = Error::FAILED;
  ArrayView array;
  ASSERT_TRUE(VariantView::parse(bytes, {}, &error).read(&array));
  EXPECT_EQ(array.element_type(), VariantType::INT);
  ASSERT_EQ(array.size(), 2u);
  EXPECT_TRUE(array[0].is_converted());
  EXPECT_EQ(array[0].value_or(std::int64_t{-1}), 0);
  EXPECT_EQ(array[1].value_or(std::int64_t{-1}), 5);
}

TEST(ObjectView, ShowsAFullObjectWhenItIsAllowed) {
  Object object(String("Node"));
  object.set("name", "x");
  object.set("nested", Array{1, message()});
  const Bytes bytes = encoded(Array{object, 1}, true);
  expect_agreement(bytes);
  PacketView packet;
  EXPECT_EQ(packet.parse(bytes), Error::ERR_UNAUTHORIZED);
  ASSERT_EQ(packet.parse(bytes, {.allow_objects = true}), Error::OK);
  ArrayView array;
  ASSERT_TRUE(packet.value().read(&array));
  ObjectView seen;
  ASSERT_TRUE(array[0].read(&seen));
  EXPECT_EQ(seen.class_name(), "Node");
  EXPECT_EQ(seen.find("name").value_or(std::string_view()), "x");
  EXPECT_EQ(array[1].value_or(std::int64_t{0}), 1);
  constexpr std::string_view kOther[] = {"Node2D"};
  EXPECT_EQ(packet.parse(bytes, {.allow_objects = true, .allowed_classes = kOther}),
            Error::ERR_INVALID_DATA);
}

TEST(VariantView, BudgetsAreThoseOfDecoding) {
  const Bytes bytes = encoded(Array{1, Array{2, 3}, PackedInt32Array{1, 2, 3}});
  for (std::size_t limit = 0; limit < 10; ++limit) {
    DecodeOptions options;
    options.limits.nodes = limit;
    EXPECT_EQ(view_differs_from_decode(bytes, options), "");
    options.limits = {};
    options.limits.depth = limit;
    EXPECT_EQ(view_differs_from_decode(bytes, options), "");
    options.limits = {};
    options.limits.elements = limit;
    EXPECT_EQ(view_differs_from_decode(bytes, options), "");
  }
}

TEST(VariantView, HostilePacketsAreReadAsDecodingReadsThem) {
  constexpr DecodeOptions kOptions = {.allow_objects = true};
  for (const testing::HostileShape& shape : testing::hostile_shapes()) {
    SCOPED_TRACE(shape.name);
    PacketView view;
    Variant value;
    std::size_t consumed = 0;
    EXPECT_EQ(view.parse(shape.bytes, kOptions),
              decode_variant(shape.bytes, &value, &consumed, kOptions));
    EXPECT_EQ(shape.valid ? view.consumed() : 0, consumed);
  }
}

// Found by fuzzing: an array that was given room for one element and got a second
// wrote behind its block, because half of a capacity of one is nothing.
TEST(Regression, AnArrayGrowsFromRoomForOneElement) {
  const Bytes bytes = from_hex(
      "1b000000 02000001 1c000000 00020002 00000000 01930000 02000000"
      "02000000 20005454 54545454 54000004 00000100 00006100 00001c00");
  expect_agreement(bytes);
  CompactVector<std::int64_t> vector;
  vector.reserve(1);
  for (std::int64_t i = 0; i < 10; ++i) vector.push_back(i);
  EXPECT_EQ(vector.size(), 10u);
  EXPECT_GE(vector.capacity(), vector.size());
}

// Found by fuzzing: with allow_objects a script must have a res:// path, even one that
// has the name of the class of ids.
TEST(Regression, AScriptNamedAsTheClassOfIdsIsNoScript) {
  const Bytes bytes =
      from_hex("1c000300 11000000 456e636f 6465644f 626a6563 74417349 44000000 00000000");
  expect_agreement(bytes);
  PacketView packet;
  EXPECT_EQ(packet.parse(bytes, {.allow_objects = true}), Error::ERR_INVALID_DATA);
}

// Found by fuzzing: a text that is not a colour's name is black, as key and as what is sought.
TEST(Regression, ATypedDictionaryConvertsWhatIsSought) {
  // Dictionary[Color, ...] of {"a": 89}
  const Bytes bytes =
      from_hex("1b000100 14000000 01000000 04000000 01000000 61000000 02000000 59000000");
  expect_agreement(bytes);
  PacketView packet;
  ASSERT_EQ(packet.parse(bytes), Error::OK);
  EXPECT_EQ(packet["no such key"].value_or(std::int64_t{0}), 89);
  EXPECT_FALSE(packet["red"].exists());
  EXPECT_EQ(packet.fields().find(Variant(Color{0, 0, 0, 1})).value_or(std::int64_t{0}), 89);
  EXPECT_FALSE(packet.fields().find(Variant(StringName("a"))).exists());
  // Dictionary[float, ...] of {1: 89}
  const Bytes floats = from_hex("1b000100 03000000 01000000 02000000 01000000 02000000 59000000");
  ASSERT_EQ(packet.parse(floats), Error::OK);
  EXPECT_TRUE(packet.fields().find(std::int64_t{1}).exists());
  EXPECT_TRUE(packet.fields().find(Variant(true)).exists());
}

// Found by fuzzing: an array whose type is written out as Nil has none, also when it is empty.
TEST(Regression, AnArrayOfNilIsUntyped) {
  // Array[Array] of Array[PackedVector4Array] of Array[Nil]
  const Bytes bytes =
      from_hex("1c000100 1c000000 01000000 1c000100 26000000 01000000 1c000100 00000000 00000000");
  expect_agreement(bytes);
  Error error = Error::FAILED;
  ArrayView outer;
  ArrayView inner;
  ASSERT_TRUE(VariantView::parse(bytes, {}, &error).read(&outer));
  ASSERT_TRUE(outer[0].read(&inner));
  EXPECT_EQ(inner.size(), 1u);
}

// A copy of a view is worth as much as the view.
TEST(DictionaryView, ACopyFindsTheSame) {
  const Bytes bytes = encoded(message());
  DictionaryView copy;
  {
    PacketView packet;
    ASSERT_EQ(packet.parse(bytes), Error::OK);
    copy = packet.fields();
  }
  EXPECT_EQ(copy["pos"].value_or(Vector3()), (Vector3{1, 2, 3}));
}

// The view knows by a table what the owning codec does by converting.
TEST(ConversionTable, AgreesWithTheConversions) {
  const auto default_of = [](VariantType type) {
    return visit_variant_type(type, [](auto tag) -> Variant {
      using T = typename decltype(tag)::Type;
      if constexpr (std::is_same_v<T, NilValue>) {
        return {};
      } else {
        return T();
      }
    });
  };
  for (std::uint32_t from = 0; from < kVariantTypeCount; ++from) {
    for (std::uint32_t to = 0; to < kVariantTypeCount; ++to) {
      if (from == to) continue;
      const auto from_type = static_cast<VariantType>(from);
      const auto to_type = static_cast<VariantType>(to);
      Variant converted;
      EXPECT_EQ(variant_converts(from_type, to_type),
                convert_strictly(default_of(from_type), to_type, &converted))
          << variant_type_name(from_type) << " to " << variant_type_name(to_type);
    }
  }
}

}  // namespace
}  // namespace ringpeer
