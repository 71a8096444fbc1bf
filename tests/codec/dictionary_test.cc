#include "ringpeer/codec/dictionary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <string_view>

#include "ringpeer/codec/packet_view.h"
#include "tests/codec/hex.h"

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
