// A value may be given a part of itself: what std::map and std::vector allow holds here too.

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "ringpeer/codec/value/variant.h"

namespace ringpeer {
namespace {

constexpr const char* kLong = "a text that no String holds inside itself";

Variant nested() { return Array{Dictionary{{"inner", Array{kLong, 2}}}, kLong}; }

TEST(Aliasing, AVariantTakesAPartOfItself) {
  Variant value = nested();
  value = value.at(0)["inner"];
  EXPECT_EQ(value, Variant(Array{kLong, 2}));
  value = value.at(0);
  EXPECT_EQ(value, Variant(kLong));
  value = nested();
  value = std::move(value.ref<Array>()[0]);
  EXPECT_EQ(value, Variant(Dictionary{{"inner", Array{kLong, 2}}}));
}

TEST(Aliasing, EmplaceTakesAPartOfWhatItReplaces) {
  Variant value = nested();
  value.emplace<Dictionary>(value.ref<Array>()[0].ref<Dictionary>());
  EXPECT_EQ(value, Variant(Dictionary{{"inner", Array{kLong, 2}}}));
  value.emplace<Array>(std::move(*value.ref<Dictionary>().find("inner")->get_if<Array>()));
  EXPECT_EQ(value, Variant(Array{kLong, 2}));
  value.emplace<String>(value.ref<Array>()[0].as_text());
  EXPECT_EQ(value, Variant(kLong));
  value.emplace<String>(value.as_text().substr(2));
  EXPECT_EQ(value, Variant(std::string(kLong).substr(2)));
  value.emplace<Signal>(Signal{StringName(value.as_text()), 7});
  value.emplace<StringName>(value.ref<Signal>().name);
  EXPECT_EQ(value.as_text(), std::string(kLong).substr(2));
}

TEST(Aliasing, AnArrayTakesAPartOfItself) {
  const Array typed(ContainerType::script("res://a path that is long enough.gd"), {Variant()});
  Array array{typed, kLong};
  array = array[0].ref<Array>();
  EXPECT_EQ(array, typed);
  EXPECT_EQ(array.element_type(), typed.element_type());
  array = Array{typed, kLong};
  array = std::move(array[0].ref<Array>());
  EXPECT_EQ(array, typed);
  EXPECT_EQ(array.element_type(), typed.element_type());
  array = Array{kLong};
  for (int i = 0; i < 40; ++i) array.push_back(array[0]);
  EXPECT_EQ(array[40].as_text(), kLong);
  array.push_back(array);
  EXPECT_EQ(array.back().size(), 41U);
  array[0] = array;
  EXPECT_EQ(array[0].size(), 42U);
}

// At each size, so that the left side's insertion finds every state of room and index.
TEST(Aliasing, ADictionaryTakesAValueOfItsOwn) {
  for (int size = 0; size < 100; ++size) {
    Dictionary dictionary;
    for (int i = 0; i < size; ++i) dictionary[Variant(i)] = i;
    dictionary["b"] = Array{kLong};
    dictionary["a"] = dictionary["b"];
    EXPECT_EQ(dictionary["a"], Variant(Array{kLong}));
    dictionary["c"] = std::move(dictionary["b"]);
    EXPECT_EQ(dictionary["c"], Variant(Array{kLong}));
    EXPECT_TRUE(dictionary["b"].is_nil());
    const Dictionary& same = dictionary;
    dictionary["d"] = same["c"].at(0);
    EXPECT_EQ(dictionary["d"].as_text(), kLong);
    std::swap(dictionary["e"], dictionary["d"]);
    EXPECT_EQ(dictionary["e"].as_text(), kLong);
    EXPECT_TRUE(dictionary["d"].is_nil());
    dictionary[dictionary["e"].as_text()] = dictionary["new"] = dictionary["e"];
    EXPECT_EQ(dictionary[kLong].as_text(), kLong);
    dictionary.set(dictionary["e"], dictionary["c"]);
    EXPECT_EQ(dictionary[kLong], Variant(Array{kLong}));
    dictionary["all"] = dictionary;
    EXPECT_EQ(dictionary["all"].size() + 1, dictionary.size());
    EXPECT_TRUE(dictionary.erase(dictionary.begin()->key));
    dictionary = dictionary["all"].ref<Dictionary>();
    EXPECT_EQ(dictionary[kLong], Variant(Array{kLong}));
  }
}

TEST(Aliasing, ReferencesOutliveInsertions) {
  Dictionary dictionary{{"first", 1}};
  Variant& first = dictionary["first"];
  DictionaryEntry& entry = *dictionary.begin();
  for (int i = 0; i < 1000; ++i) {
    dictionary[Variant(i)] = first;
    first = i;
    EXPECT_EQ(entry.value.as_int(), i);
  }
  EXPECT_EQ(dictionary["first"].as_int(), 999);
}

TEST(Aliasing, APackedArrayTakesAPartOfItself) {
  for (int size = 0; size < 20; ++size) {
    PackedStringArray strings;
    for (int i = 0; i <= size; ++i) strings.push_back(String(kLong));
    strings.push_back(strings[0]);
    EXPECT_EQ(strings.back().view(), kLong);
    strings.push_back(std::move(strings[1 % strings.size()]));
    EXPECT_EQ(strings.back().view(), kLong);
    strings = PackedStringArray({strings.data(), 1});
    EXPECT_EQ(strings.size(), 1U);
  }
}

TEST(Aliasing, AStringTakesAPartOfItself) {
  String text(kLong);
  text = String(text.view().substr(2));
  EXPECT_EQ(text.view(), std::string_view(kLong).substr(2));
  text = text.view().substr(30);
  EXPECT_EQ(text.view(), std::string_view(kLong).substr(32));
}

TEST(Aliasing, AnObjectTakesAPartOfItself) {
  Object inner((String(kLong)));
  inner.set("name", kLong);
  Object object((String("Node")));
  object.set("inner", inner);
  for (int i = 0; i < 40; ++i)
    object.set(String("copy" + std::to_string(i)), *object.find("inner"));
  EXPECT_EQ(object.properties().size(), 41U);
  object.set("inner", object);
  EXPECT_EQ(object.find("inner")->ref<Object>().properties().size(), 41U);
  object = object.find("copy7")->ref<Object>();
  EXPECT_EQ(object, inner);
}

}  // namespace
}  // namespace ringpeer
