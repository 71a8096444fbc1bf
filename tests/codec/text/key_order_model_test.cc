// Keys of every type that can be one, sorted as texts are written: beside an order that is spelled
// out as lists of numbers, and stable where Godot's sorting is.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "ringpeer/codec/text/key_order.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/tests/codec/support/random_values.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer {
namespace {

using test::Draws;

// So few are sorted by insertion alone, which leaves those without an order as they were.
constexpr std::size_t kMaxInserted = 16;

// What a value is ordered by, as numbers that compare one by one. Those of a long double hold
// every integer and every float.
using Rank = std::vector<long double>;

struct RankOf {
  Rank operator()(bool value) const { return {value ? 1.0L : 0.0L}; }
  Rank operator()(std::int64_t value) const { return {static_cast<long double>(value)}; }
  Rank operator()(double value) const { return {static_cast<long double>(value)}; }
  Rank operator()(const RID& value) const { return {static_cast<long double>(value.id)}; }
  Rank operator()(const String& value) const { return letters(value.view()); }
  Rank operator()(const StringName& value) const { return letters(value.view()); }
  template <typename T>
  Rank operator()(const T& value) const {
    if constexpr (kIsMath<T>) {
      if (is_vector(kVariantTypeOf<T>)) return components(value);
    }
    return {};  // has no order
  }

  static bool is_vector(VariantType type) {
    constexpr std::array kVectors{VariantType::VECTOR2, VariantType::VECTOR2I,
                                  VariantType::VECTOR3, VariantType::VECTOR3I,
                                  VariantType::VECTOR4, VariantType::VECTOR4I};
    return std::find(kVectors.begin(), kVectors.end(), type) != kVectors.end();
  }
  template <typename T>
  static Rank components(const T& value) {
    using Component = std::conditional_t<kIsIntegerMath<T>, std::int32_t, float>;
    std::array<Component, kComponentCount<T>> parts{};
    std::memcpy(parts.data(), &value, sizeof(value));
    return {parts.begin(), parts.end()};
  }
  static Rank letters(std::string_view text) {
    Rank rank;
    for (const char letter : text) rank.push_back(static_cast<unsigned char>(letter));
    return rank;
  }
};

int order_of_ranks(const Rank& a, const Rank& b) {
  if (a == b) return 0;
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end()) ? -1 : 1;
}

int order_in_array(const Variant& a, const Variant& b) {
  if (a.type() != b.type()) return a.type() < b.type() ? -1 : 1;
  if (!a.is_array()) return order_of_ranks(visit_variant(a, RankOf{}), visit_variant(b, RankOf{}));
  const auto& left = a.ref<Array>();
  const auto& right = b.ref<Array>();
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (const int order = order_in_array(left[i], right[i]); order != 0) return order;
  }
  return left.size() == right.size() ? 0 : left.size() < right.size() ? -1 : 1;
}

// Of keys: texts of either type are among themselves.
bool comes_before(const Variant& a, const Variant& b) {
  if (a.is_text() && b.is_text()) {
    return order_of_ranks(RankOf::letters(a.as_text()), RankOf::letters(b.as_text())) < 0;
  }
  return order_in_array(a, b) < 0;
}

bool holds_nan(const Variant& value) {
  if (value.is_array()) {
    const auto& array = value.ref<Array>();
    return std::any_of(array.begin(), array.end(), holds_nan);
  }
  const Rank rank = visit_variant(value, RankOf{});
  return std::any_of(rank.begin(), rank.end(), [](long double part) { return std::isnan(part); });
}

class KeyOrderModel final : public test::Model {
 public:
  enum Kind { kFew, kMany };

  void step(std::size_t kind, Draws& draws) override {
    const std::size_t most = kind == kFew ? kMaxInserted : 100;
    const Dictionary dictionary = random_keys(draws.below(most + 1), draws);
    const std::vector<const DictionaryEntry*> sorted = entries_in_text_order(dictionary);
    std::vector<const DictionaryEntry*> expected;
    for (const DictionaryEntry& entry : dictionary) expected.push_back(&entry);
    ASSERT_TRUE(std::is_permutation(sorted.begin(), sorted.end(), expected.begin(), expected.end()))
        << "an entry is missing, or there twice";
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      ASSERT_FALSE(comes_before(sorted[i]->key, sorted[i - 1]->key)) << "at place " << i;
    }
    if (sorted.size() > kMaxInserted) return;
    const auto before = [](const auto* a, const auto* b) { return comes_before(a->key, b->key); };
    std::stable_sort(expected.begin(), expected.end(), before);
    ASSERT_EQ(sorted, expected);
  }

 private:
  // Without NaN, which is before nothing and behind nothing, and with texts of one type beside
  // others: String, what stands between, and StringName go round in a circle.
  static Dictionary random_keys(std::size_t count, Draws& draws) {
    constexpr std::array kTypes{VariantType::BOOL,    VariantType::INT,      VariantType::FLOAT,
                                VariantType::STRING,  VariantType::VECTOR2,  VariantType::VECTOR2I,
                                VariantType::RECT2,   VariantType::VECTOR3,  VariantType::VECTOR3I,
                                VariantType::VECTOR4, VariantType::VECTOR4I, VariantType::COLOR,
                                VariantType::RID,     VariantType::ARRAY};
    Dictionary dictionary;
    const bool has_one_type = draws.one_in(2);
    const bool has_texts_alone = draws.one_in(8);
    const VariantType only = draws.one_of(kTypes);
    for (; count > 0; --count) {
      const VariantType type = has_one_type ? only : draws.one_of(kTypes);
      const Variant key =
          has_texts_alone ? Variant(random_text_of_either_type(draws)) : random_key(type, 0, draws);
      if (!holds_nan(key)) dictionary.set(key, {});
    }
    return dictionary;
  }
  static Variant random_text_of_either_type(Draws& draws) {
    if (draws.one_in(2)) return String(testing::random_text(draws));
    return StringName(testing::random_text(draws));
  }
  // Often alike but for the last of their parts.
  static Variant random_key(VariantType type, std::size_t depth, Draws& draws) {
    const auto few = [&draws] { return static_cast<int>(draws.below(3)) - 1; };
    const auto part = [&few] { return static_cast<float>(few()); };
    constexpr std::array kElements{
        VariantType::INT,   VariantType::ARRAY,  VariantType::INT,      VariantType::ARRAY,
        VariantType::FLOAT, VariantType::STRING, VariantType::VECTOR2I, VariantType::STRING_NAME};
    if (type == VariantType::ARRAY && depth > 4) type = VariantType::INT;
    if (type == VariantType::ARRAY) {
      Array array;
      for (std::size_t left = draws.below(4); left > 0; --left) {
        array.push_back(random_key(draws.one_of(kElements), depth + 1, draws));
      }
      return array;
    }
    if (draws.one_in(3)) return testing::random_leaf(draws, type);
    switch (type) {
      case VariantType::INT:
        return few();
      case VariantType::FLOAT:
        return static_cast<double>(few()) / 4;
      case VariantType::STRING:
        return String(few() < 0 ? "a" : "b");
      case VariantType::STRING_NAME:
        return StringName(few() < 0 ? "a" : "b");
      case VariantType::VECTOR2:
        return Vector2{part(), part()};
      case VariantType::VECTOR2I:
        return Vector2i{few(), few()};
      case VariantType::VECTOR3:
        return Vector3{part(), part(), part()};
      case VariantType::VECTOR3I:
        return Vector3i{few(), few(), few()};
      case VariantType::VECTOR4:
        return Vector4{part(), part(), part(), part()};
      case VariantType::VECTOR4I:
        return Vector4i{few(), few(), few(), few()};
      default:
        return testing::random_leaf(draws, type);
    }
  }
};

// Keys of which each median of three is next to the least, so that sorting by parts gives up.
TEST(KeyOrderTest, TheWorstOrderIsSorted) {
  constexpr std::int64_t kHalf = 500;
  Dictionary dictionary;
  for (std::int64_t i = 1; i <= kHalf; ++i) dictionary.set(i % 2 == 1 ? i : kHalf + i - 1, {});
  for (std::int64_t i = 1; i <= kHalf; ++i) dictionary.set(2 * i, {});
  ASSERT_EQ(dictionary.size(), 2 * static_cast<std::size_t>(kHalf));
  std::int64_t expected = 0;
  for (const DictionaryEntry* entry : entries_in_text_order(dictionary)) {
    ASSERT_EQ(entry->key, Variant(++expected));
  }
}

TEST(KeyOrderModelTest, SortsAsTextsAreWritten) {
  test::ModelPlan plan;
  plan.kinds = {{"few", 3}, {"many", 1}};
  plan.sequences = 300;
  plan.max_operations = 10;
  plan.make = [](Draws&) { return std::make_unique<KeyOrderModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer
