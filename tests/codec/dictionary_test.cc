#include "ringpeer/codec/dictionary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

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
