#include "ringpeer/codec/value/dictionary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>

#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/tests/codec/support/hex.h"

namespace ringpeer {
namespace {

TEST(Dictionary, KeepsInsertionOrder) {
  Dictionary dictionary{{"z", 1}, {"a", 2}, {"m", 3}};
  dictionary["a"] = 4;
  dictionary["b"] = 5;
  std::string order;
  for (const auto& [key, value] : dictionary) order += key.as_text();
  EXPECT_EQ(order, "zamb");
  EXPECT_EQ(dictionary.find("a")->as_int(), 4);
  EXPECT_TRUE(dictionary.erase("a"));
  EXPECT_FALSE(dictionary.erase("a"));
  EXPECT_EQ(dictionary.size(), 3U);
}

class DictionaryOfSize : public ::testing::TestWithParam<int> {};

// Below and above the size from which there is an index.
INSTANTIATE_TEST_SUITE_P(Sizes, DictionaryOfSize, ::testing::Values(0, 1, 7, 8, 9, 40, 3000));

TEST_P(DictionaryOfSize, FindsEveryKey) {
  Dictionary dictionary;
  for (int i = 0; i < GetParam(); ++i) {
    dictionary[Variant(i)] = 3 * i;
    dictionary["key" + std::to_string(i)] = i;
  }
  const Dictionary copy = dictionary;
  EXPECT_EQ(copy, dictionary);
  ASSERT_EQ(copy.size(), 2U * static_cast<unsigned>(GetParam()));
  for (int i = 0; i < GetParam(); ++i) {
    EXPECT_EQ(copy[Variant(i)].as_int(-1), 3 * i);
    EXPECT_EQ(copy["key" + std::to_string(i)].as_int(-1), i);
    EXPECT_EQ(copy[Variant(StringName("key" + std::to_string(i)))].as_int(-1), i);
  }
  EXPECT_EQ(copy.find("absent"), nullptr);
  EXPECT_EQ(copy.find(Variant(static_cast<double>(1))), nullptr);
}

TEST_P(DictionaryOfSize, ErasesEveryOther) {
  Dictionary dictionary;
  for (int i = 0; i < GetParam(); ++i) dictionary[Variant(i)] = i;
  for (int i = 0; i < GetParam(); i += 2) EXPECT_TRUE(dictionary.erase(Variant(i)));
  for (int i = 0; i < GetParam(); ++i) EXPECT_EQ(dictionary.contains(Variant(i)), i % 2 != 0) << i;
  dictionary.clear();
  EXPECT_TRUE(dictionary.empty());
  dictionary["again"] = 1;
  EXPECT_EQ(dictionary["again"].as_int(), 1);
}

// From the front, from the back, and from both sides of what is left.
TEST_P(DictionaryOfSize, ErasesInAnyOrder) {
  const int size = GetParam();
  const auto by_order = [size](int order, int i) {
    if (order == 0) return i;
    if (order == 1) return size - 1 - i;
    if (order == 2) return i % 2 == 0 ? i / 2 : size - 1 - i / 2;
    const int middle = size / 2;
    return i % 2 == 0 ? middle + i / 2 : middle - 1 - i / 2;
  };
  for (int order = 0; order < 4; ++order) {
    Dictionary dictionary;
    for (int i = 0; i < size; ++i) dictionary[Variant(i)] = i;
    std::set<int> left;
    for (int i = 0; i < size; ++i) left.insert(i);
    for (int i = 0; i < size; ++i) {
      ASSERT_TRUE(dictionary.erase(Variant(by_order(order, i)))) << order << ": " << i;
      left.erase(by_order(order, i));
      ASSERT_EQ(dictionary.size(), left.size());
      if (!left.empty()) {
        ASSERT_EQ(dictionary.begin()->key, Variant(*left.begin()));
        ASSERT_EQ(dictionary.find(Variant(*left.rbegin()))->as_int(), *left.rbegin());
      }
      if (i % 64 != 0) continue;
      ASSERT_TRUE(std::equal(dictionary.begin(), dictionary.end(), left.begin(), left.end(),
                             [](const DictionaryEntry& entry, int expected) {
                               return entry.key == Variant(expected) && entry.value == entry.key;
                             }));
    }
    dictionary["again"] = 1;
    EXPECT_EQ(dictionary.begin()->key.as_text(), "again");
  }
}

// Old keys go while new ones come, as in a cache.
TEST_P(DictionaryOfSize, IsAQueue) {
  Dictionary dictionary;
  for (int i = 0; i < 4 * GetParam(); ++i) {
    dictionary[Variant(i)] = i;
    if (i < GetParam()) continue;
    ASSERT_EQ(dictionary.begin()->value.as_int(), i - GetParam());
    ASSERT_TRUE(dictionary.erase(dictionary.begin()->key));
    ASSERT_EQ(dictionary.size(), static_cast<unsigned>(GetParam()));
  }
}

TEST_P(DictionaryOfSize, KeyEqualityIsGodots) {
  Dictionary dictionary;
  for (int i = 0; i < GetParam(); ++i) dictionary[Variant(i + 100)] = i;
  const std::size_t before = dictionary.size();
  dictionary["a"] = 1;
  dictionary[Variant(StringName("a"))] = 2;
  dictionary[Variant(std::nan(""))] = 1;
  dictionary[Variant(-std::nan("1"))] = 2;
  dictionary[Variant(0.0)] = 1;
  dictionary[Variant(-0.0)] = 2;
  dictionary[Variant(Array{1, "x"})] = 1;
  dictionary[Variant(Array{1, "x"})] = 2;
  EXPECT_EQ(dictionary.size(), before + 4);
  dictionary[Variant(1)] = 1;
  dictionary[Variant(1.0)] = 1;
  dictionary[Variant(true)] = 1;
  EXPECT_EQ(dictionary.size(), before + 7);
  // Dictionaries are keys with their order.
  dictionary[Variant(Dictionary{{1, 2}, {3, 4}})] = 1;
  dictionary[Variant(Dictionary{{3, 4}, {1, 2}})] = 2;
  EXPECT_EQ(dictionary.size(), before + 9);
}

// Bytes that are no text become text when they are stored, and are looked up as that.
TEST_P(DictionaryOfSize, AnyBytesAreOneKeyWhateverTheyAre) {
  Dictionary dictionary;
  for (int i = 0; i < GetParam(); ++i) dictionary[Variant(i)] = i;
  const std::size_t before = dictionary.size();
  for (const std::string_view bytes :
       {std::string_view("a\xff"), std::string_view("a\0b", 3), std::string_view("\xed\xa0\x80"),
        std::string_view("a name that is long enough \xc0\x80 to be on the heap")}) {
    const std::string owned(bytes);
    dictionary[bytes] = 1;
    dictionary[owned] = 2;
    dictionary[Variant(bytes)] = 3;
    dictionary[String(bytes)] = 4;
    dictionary.set(Variant(StringName(bytes)), 5);
    EXPECT_EQ(dictionary.size(), before + 1) << String(bytes).view();
    ASSERT_NE(dictionary.find(bytes), nullptr);
    EXPECT_EQ(dictionary.find(bytes)->as_int(), 5);
    EXPECT_TRUE(dictionary.contains(owned));
    EXPECT_TRUE(dictionary.contains(Variant(owned)));
    const Variant value = dictionary;
    EXPECT_EQ(value[bytes].as_int(), 5);
    Object object((String("Node")));
    object.set(String(bytes), 6);
    object.set(String(bytes), 7);
    ASSERT_NE(object.find(bytes), nullptr);
    EXPECT_EQ(Variant(object)[bytes].as_int(), 7);
    const testing::Bytes packet = testing::encoded(value);
    PacketView view;
    ASSERT_EQ(view.parse(packet), Error::OK);
    EXPECT_EQ(view[bytes].value_or(std::int64_t{0}), 5);
    EXPECT_EQ(view.fields().find(Variant(bytes)).value_or(std::int64_t{0}), 5);
    EXPECT_TRUE(dictionary.erase(bytes));
    EXPECT_FALSE(dictionary.contains(bytes));
  }
}

// What the elements of a typed container are must be what the wire keeps.
TEST(Dictionary, TypedTakesNothingThatTheWireDrops) {
  Dictionary dictionary(ContainerType::builtin(VariantType::INT),
                        ContainerType::builtin(VariantType::STRING));
  EXPECT_TRUE(dictionary[Variant(1)].is<String>());
  EXPECT_TRUE(dictionary[Variant(2.0)].is<String>());
  EXPECT_EQ(dictionary.size(), 2U);
  EXPECT_EQ(dictionary.begin()->key.type(), VariantType::INT);
  EXPECT_NE(dictionary.find(Variant(2.0)), nullptr);
  EXPECT_TRUE(dictionary.contains(Variant(true)));
  // Refused: what is assigned goes nowhere.
  dictionary["text"] = "lost";
  dictionary[Variant(Array{1})] = "lost";
  EXPECT_EQ(dictionary.size(), 2U);
  EXPECT_TRUE(dictionary[Variant("other")].is_nil());
  EXPECT_EQ(dictionary.find("text"), nullptr);
  EXPECT_FALSE(dictionary.erase("text"));
  EXPECT_TRUE(dictionary.erase(Variant(1.0)));
  Dictionary colors(ContainerType::builtin(VariantType::COLOR), ContainerType());
  colors["red"] = 7;
  EXPECT_EQ(colors.begin()->key, Variant(Color{1, 0, 0, 1}));
  EXPECT_EQ(colors.find("#ff0000")->as_int(), 7);
  for (const Dictionary& value : {dictionary, colors}) {
    Variant again;
    ASSERT_EQ(decode_variant(testing::encoded(value), &again, nullptr), Error::OK);
    EXPECT_EQ(again, Variant(value));
    EXPECT_EQ(testing::encoded(again), testing::encoded(value));
  }
}

TEST(Array, TypedResizeFillsWithTheDefault) {
  for (std::uint32_t id = 1; id < kVariantTypeCount; ++id) {
    Array array(ContainerType::builtin(static_cast<VariantType>(id)));
    array.resize(3);
    Variant again;
    ASSERT_EQ(decode_variant(testing::encoded(array), &again, nullptr, {.allow_objects = true}),
              Error::OK);
    EXPECT_EQ(again.size(), 3U) << variant_type_name(static_cast<VariantType>(id));
    EXPECT_EQ(again, Variant(array));
    array.resize(1);
    EXPECT_EQ(array.size(), 1U);
  }
}

TEST(Dictionary, TypedConvertsOrRefuses) {
  Dictionary dictionary(ContainerType::builtin(VariantType::STRING),
                        ContainerType::builtin(VariantType::FLOAT));
  EXPECT_TRUE(dictionary.set("a", 1));
  EXPECT_FALSE(dictionary.set(1, 1.0));
  EXPECT_FALSE(dictionary.set("b", "text"));
  EXPECT_TRUE(dictionary["a"].is_float());
  EXPECT_EQ(dictionary.size(), 1U);
}

}  // namespace
}  // namespace ringpeer
