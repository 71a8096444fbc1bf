#include "ringpeer/codec/value/variant.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/convert.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/codec/support/hex.h"
#include "ringpeer/tests/codec/support/sample_values.h"

namespace ringpeer {
namespace {

TEST(Variant, KnowsItsType) {
  EXPECT_TRUE(Variant().is_nil());
  EXPECT_TRUE(Variant(nullptr).is_nil());
  EXPECT_EQ(Variant(true).type(), VariantType::BOOL);
  EXPECT_EQ(Variant(7).type(), VariantType::INT);
  EXPECT_EQ(Variant(7u).type(), VariantType::INT);
  EXPECT_EQ(Variant(1.5F).type(), VariantType::FLOAT);
  EXPECT_EQ(Variant("text").type(), VariantType::STRING);
  EXPECT_EQ(Variant(std::string("text")).type(), VariantType::STRING);
  EXPECT_EQ(Variant(StringName("n")).type(), VariantType::STRING_NAME);
  EXPECT_EQ(Variant(Projection()).type_name(), "Projection");
  EXPECT_EQ(Variant(PackedColorArray{Color{1, 0, 0, 1}}).type_name(), "PackedColorArray");
}

TEST(Variant, ReadingAsAnotherTypeGivesADefault) {
  const Variant value = 7;
  EXPECT_EQ(value.get_if<double>(), nullptr);
  EXPECT_EQ(*value.get_if<std::int64_t>(), 7);
  EXPECT_EQ(value.get<Vector3>(), Vector3());
  EXPECT_EQ(value.get_or<bool>(true), true);
  EXPECT_EQ(value.as_float(), 7.0);
  EXPECT_EQ(value.as_text("none"), "none");
  EXPECT_EQ(Variant(1e300).as_int(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(Variant(std::nan("")).as_int(), 0);
  EXPECT_TRUE(value["key"].is_nil());
  EXPECT_TRUE(value.at(3).is_nil());
}

// What holds for every value class after a move: it is its default, and of any use again.
template <typename T>
void expect_empty_and_usable(T* moved_from, const T& value) {
  EXPECT_EQ(Variant(*moved_from), Variant(T()));
  EXPECT_EQ(testing::encoded(Variant(*moved_from)), testing::encoded(Variant(T())));
  EXPECT_EQ(var_to_str(Variant(*moved_from)), var_to_str(Variant(T())));
  const T copy = *moved_from;
  EXPECT_EQ(Variant(copy), Variant(T()));
  *moved_from = value;
  EXPECT_EQ(Variant(*moved_from), Variant(value));
  EXPECT_EQ(var_to_str(Variant(*moved_from)), var_to_str(Variant(value)));
}

template <typename T>
void move_about(const T& value) {
  T first = value;
  T second = std::move(first);
  EXPECT_EQ(Variant(second), Variant(value));
  T third;
  third = std::move(second);
  EXPECT_EQ(Variant(third), Variant(value));
  // Numbers and what is made of them are copied by a move.
  if constexpr (!std::is_trivially_copyable_v<T> && !std::is_same_v<T, Signal>) {
    // NOLINTBEGIN(bugprone-use-after-move): that is what this looks at
    expect_empty_and_usable(&first, value);
    expect_empty_and_usable(&second, value);
    // NOLINTEND(bugprone-use-after-move)
  }
  T& itself = third;
  third = std::move(itself);
  EXPECT_EQ(Variant(third), Variant(value));
}

TEST(Variant, EveryClassIsEmptyAndUsableAfterAMove) {
  for (const Variant& value : testing::sample_values()) {
    SCOPED_TRACE(var_to_str(value));
    move_about(value);
    visit_variant(value, []<typename T>(const T& typed) {
      if constexpr (!std::is_same_v<T, NilValue>) move_about(typed);
    });
  }
}

template <typename T, typename Key>
concept HasSubscript = requires(const T& value, Key key) {
  value[key];
};
template <typename T, typename Key>
concept HasFind = requires(const T& value, Key key) {
  value.find(key);
};

// value[nullptr], and value[0], were a lookup of the text at address 0.
TEST(Variant, ANullPointerIsNoText) {
  static_assert(!HasSubscript<Variant, std::nullptr_t> && HasSubscript<Variant, const char*>);
  static_assert(!HasSubscript<Variant, int>);
  static_assert(!HasSubscript<Dictionary, std::nullptr_t> && !HasFind<Dictionary, std::nullptr_t>);
  static_assert(!HasSubscript<PacketView, std::nullptr_t> && HasSubscript<PacketView, const char*>);
  static_assert(!HasSubscript<DictionaryView, std::nullptr_t>);
  static_assert(!HasFind<DictionaryView, std::nullptr_t> && HasFind<DictionaryView, const char*>);
  static_assert(!HasFind<Object, std::nullptr_t> && HasFind<Object, const char*>);
  static_assert(!HasFind<ObjectView, std::nullptr_t> && HasFind<ObjectView, const char*>);
  static_assert(!std::is_constructible_v<String, std::nullptr_t>);
  static_assert(!std::is_constructible_v<StringName, std::nullptr_t>);
  static_assert(!std::is_constructible_v<NodePath, std::nullptr_t>);
  static_assert(!std::is_constructible_v<Object, std::nullptr_t>);
  EXPECT_TRUE(Variant(nullptr).is_nil());
  // One that is null at run time is the empty text.
  const char* const nothing = nullptr;
  Dictionary dictionary{{"", 7}};
  EXPECT_EQ(dictionary[nothing].as_int(), 7);
  EXPECT_EQ(dictionary.find(nothing)->as_int(), 7);
  EXPECT_EQ(Variant(dictionary)[nothing].as_int(), 7);
  EXPECT_EQ(Variant(nothing), Variant(""));
  EXPECT_TRUE(String(nothing).empty());
  EXPECT_TRUE(StringName(nothing).empty());
  EXPECT_TRUE(NodePath(nothing).empty());
  EXPECT_EQ(Object(String("Node")).find(nothing), nullptr);
  const testing::Bytes bytes = testing::encoded(dictionary);
  PacketView packet;
  ASSERT_EQ(packet.parse(bytes), Error::OK);
  EXPECT_EQ(packet[nothing].value_or(std::int64_t{0}), 7);
  EXPECT_EQ(packet.fields().find(nothing).value_or(std::int64_t{0}), 7);
  EXPECT_FALSE(ObjectView().find(nothing).exists());
}

TEST(Variant, CopiesAreDeep) {
  Variant first = Dictionary{{"list", Array{1, Dictionary{{"deep", "a text longer than inline"}}}},
                             {"basis", Basis()},
                             {"strings", PackedStringArray{"a", "another text that is long"}},
                             {"path", NodePath("/root/A:x")},
                             {"signal", Signal{StringName("hit"), 7}}};
  Variant second = first;
  EXPECT_EQ(first, second);
  (*second.get_if<Dictionary>()).find("list")->get_if<Array>()->push_back(3);
  EXPECT_EQ(first["list"].size(), 2U);
  EXPECT_EQ(second["list"].size(), 3U);
  EXPECT_FALSE(first == second);
  first = second["list"];
  EXPECT_EQ(first.size(), 3U);
  second = std::move(first);
  EXPECT_TRUE(first.is_nil());
  EXPECT_EQ(second.size(), 3U);
}

TEST(Variant, EqualityIsGodotsForKeys) {
  const double nan = std::nan("");
  EXPECT_EQ(Variant("a"), Variant(StringName("a")));
  EXPECT_EQ(Variant(nan), Variant(-nan));
  EXPECT_EQ(Variant(0.0), Variant(-0.0));
  EXPECT_FALSE(Variant(1) == Variant(1.0));
  EXPECT_EQ(Variant(Vector2{NAN, 1}), Variant(Vector2{NAN, 1}));
  EXPECT_EQ(Variant(Dictionary{{1, 2}, {3, 4}}), Variant(Dictionary{{3, 4}, {1, 2}}));
}

TEST(Variant, TextIsAlwaysWhatGodotCanRead) {
  EXPECT_EQ(Variant("a\xff").as_text(), "a\xef\xbf\xbd");
  EXPECT_EQ(Variant(std::string("a\0b", 3)).as_text(),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(Variant("\xed\xa0\x80").as_text().find("\xef\xbf\xbd"), 0U);
}

// A program may nest deeper than the wire can; nothing may depend on the stack.
// Short texts are compared as words, long ones byte by byte, and neither may tell how a
// String came to hold what it holds.
TEST(String, EqualityOfEverySize) {
  for (std::size_t size = 0; size <= 2 * String::kInlineCapacity; ++size) {
    const std::string text = std::string("abcdefghijklmnopqrstuvwxyz0123456789").substr(0, size);
    const String string(text);
    EXPECT_EQ(string.view(), text);
    String assigned("something that is longer than what fits inside");
    assigned = string;
    EXPECT_EQ(assigned, string);
    const String taken(std::move(assigned));
    EXPECT_EQ(taken, string);
    EXPECT_EQ(assigned, String());  // NOLINT(bugprone-use-after-move): it is empty by contract
    EXPECT_NE(String(text + "!"), string);
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] ^= 1;
      EXPECT_NE(String(other), string) << text << " and " << other;
    }
  }
}

TEST(Variant, DeepNestingNeedsNoStack) {
  constexpr int kLevels = 200000;
  Variant value;
  for (int i = 0; i < kLevels; ++i) {
    Array outer;
    if (i % 2 == 0) {
      outer.push_back(std::move(value));
      value = std::move(outer);
    } else {
      Dictionary entry;
      entry["k"] = std::move(value);
      value = std::move(entry);
    }
  }
  const Variant copy = value;
  EXPECT_EQ(copy.size(), 1U);
  EXPECT_FALSE(copy == value);  // deeper than can be compared
  EXPECT_LT(var_to_str(copy).size(), 2000U);
  std::size_t size = 0;
  EXPECT_EQ(encode_variant(copy, {}, &size), Error::ERR_OUT_OF_MEMORY);
  EXPECT_EQ(size, 0U);
}

TEST(Array, GrowsAndShrinks) {
  Array array;
  for (int i = 0; i < 100; ++i) array.push_back(std::string(20, 'x') + std::to_string(i));
  array.erase(0);
  array.pop_back();
  ASSERT_EQ(array.size(), 98U);
  EXPECT_EQ(array[0].as_text(), "xxxxxxxxxxxxxxxxxxxx1");
  EXPECT_EQ(array.back().as_text(), "xxxxxxxxxxxxxxxxxxxx98");
  array.resize(200);
  EXPECT_TRUE(array[199].is_nil());
  array.clear();
  EXPECT_TRUE(array.empty());
}

TEST(Array, TypedConvertsOrRefuses) {
  Array numbers(ContainerType::builtin(VariantType::INT));
  EXPECT_TRUE(numbers.push_back(1));
  EXPECT_TRUE(numbers.push_back(2.9));
  EXPECT_FALSE(numbers.push_back("three"));
  EXPECT_EQ(var_to_str(numbers), "Array[int]([1, 2])");
  Array objects(ContainerType::object_class("Node"));
  EXPECT_TRUE(objects.push_back(nullptr));
  EXPECT_TRUE(objects.push_back(Object(String("Node3D"))));
  EXPECT_FALSE(objects.push_back(Object::from_id(7)));
}

TEST(Object, Forms) {
  EXPECT_TRUE(Object().is_null());
  EXPECT_TRUE(Object::from_id(0).is_null());
  EXPECT_TRUE(Object(String("")).is_null());
  EXPECT_EQ(Object::from_id(7).class_name(), "EncodedObjectAsID");
  Object object(String("Node"));
  object.set("name", "first");
  object.set("name", "second");
  const Variant value = object;
  EXPECT_EQ(value["name"].as_text(), "second");
  EXPECT_EQ(object.properties().size(), 1U);
}

TEST(NodePath, ParsesAsGodot) {
  const NodePath path("/root/A:x:y");
  EXPECT_TRUE(path.absolute());
  EXPECT_EQ(path.names().size(), 2U);
  EXPECT_EQ(path.subnames().size(), 2U);
  EXPECT_EQ(path.str(), "/root/A:x:y");
  EXPECT_EQ(NodePath("//a").str(), "/a");
  EXPECT_EQ(NodePath("a:").str(), "a");
  EXPECT_TRUE(NodePath("a::b").empty());
}

// By way of a matrix and back, whichever component is the largest: also of half turns, whose w is
// 0. A rotation is q and -q.
TEST(Variant, ARotationComesBackFromItsMatrix) {
  std::vector<Quaternion> rotations = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
  for (const float small : {0.1F, -0.3F}) {
    const float large = std::sqrt(1 - 3 * small * small);
    rotations.push_back({large, small, -small, small});
    rotations.push_back({small, large, small, -small});
    rotations.push_back({-small, small, large, small});
    rotations.push_back({small, -small, small, large});
  }
  for (const Quaternion& q : rotations) {
    Variant matrix;
    Variant back;
    ASSERT_TRUE(convert_strictly(q, VariantType::BASIS, &matrix));
    ASSERT_TRUE(convert_strictly(matrix, VariantType::QUATERNION, &back));
    const auto r = back.get<Quaternion>();
    EXPECT_NEAR(std::abs(q.x * r.x + q.y * r.y + q.z * r.z + q.w * r.w), 1, 1e-5)
        << var_to_str(q) << " " << var_to_str(back);
    EXPECT_NEAR(r.x * r.x + r.y * r.y + r.z * r.z + r.w * r.w, 1, 1e-5);
  }
}

}  // namespace
}  // namespace ringpeer
