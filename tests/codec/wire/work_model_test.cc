// Values of a datagram's size that are made of one small pattern, drawn at random and repeated in
// depth or side by side: whatever is done with one takes a time that grows with its bytes, as their
// square does not.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/tests/codec/support/hex.h"
#include "ringpeer/tests/codec/support/value_operations.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/processor_time/processor_time.h"

namespace ringpeer {
namespace {

using test::Draws;
using test::processor_time;
using testing::Bytes;
using testing::put_string;

constexpr std::size_t kLarge = 64'000;
constexpr std::size_t kSmall = kLarge / 4;
constexpr std::size_t kMaxLevels = 1000;  // a little less than decoding takes
constexpr std::size_t kMaxSiblings = 6;
// Times as long for each time as large; the square of four would be 4. What takes less than the
// pause of a busy machine says nothing.
constexpr double kMaxTimes = 2.25;
constexpr std::chrono::milliseconds kPause{4};
// A machine with other work may take a moment of it for itself, but not each time.
constexpr int kAttempts = 3;

void word(Bytes* bytes, std::size_t value) {
  testing::put_word(bytes, static_cast<std::uint32_t>(value));
}
void header(Bytes* bytes, VariantType type, std::uint32_t flags = 0) {
  word(bytes, static_cast<std::uint32_t>(type) | flags << 16);
}
// A container around another value: what is before that value, and what is behind.
struct Level {
  Bytes before;
  Bytes behind;
};

// As often as not what suits the value inside, which is of type `inner`.
void put_type(Bytes* bytes, std::uint32_t kind, VariantType inner, Draws& draws) {
  constexpr std::array<VariantType, 3> kTypes = {VariantType::ARRAY, VariantType::STRING,
                                                 VariantType::PACKED_INT32_ARRAY};
  constexpr std::array<std::string_view, 4> kClasses = {"Object", "Node", "EncodedObjectAsID", ""};
  if (kind == 1)
    word(bytes, static_cast<std::size_t>(draws.one_in(2) ? inner : draws.one_of(kTypes)));
  if (kind == 2) put_string(bytes, draws.one_of(kClasses));
  if (kind == 3) put_string(bytes, "res://a.gd");
}
// Of a class or a script only around an object, most times.
std::uint32_t draw_kind(VariantType inner, Draws& draws) {
  const bool may_be_class = inner == VariantType::OBJECT || draws.one_in(8);
  return static_cast<std::uint32_t>(draws.below(may_be_class ? 4 : 2));
}

void put_leaf(Bytes* bytes, std::size_t number, bool is_text) {
  if (is_text) {
    header(bytes, VariantType::STRING);
    return put_string(bytes, "key " + std::to_string(number));
  }
  header(bytes, VariantType::INT);
  word(bytes, number);
}

Level draw_array(VariantType inner, Draws& draws) {
  Level level;
  const std::uint32_t kind = draw_kind(inner, draws);
  header(&level.before, VariantType::ARRAY, kind);
  put_type(&level.before, kind, inner, draws);
  const std::size_t siblings = draws.below(kMaxSiblings);
  word(&level.before, siblings + 1);
  Bytes& where = draws.one_in(2) ? level.before : level.behind;
  for (std::size_t i = 0; i < siblings; ++i) put_leaf(&where, i, draws.one_in(2));
  return level;
}

// The other value is a key or a value.
Level draw_dictionary(VariantType inner, Draws& draws) {
  Level level;
  const bool is_key = draws.one_in(2);
  const std::uint32_t key_kind = draw_kind(is_key ? inner : VariantType::STRING, draws);
  const std::uint32_t value_kind = draw_kind(is_key ? VariantType::NIL : inner, draws);
  header(&level.before, VariantType::DICTIONARY, key_kind | value_kind << 2);
  put_type(&level.before, key_kind, inner, draws);
  put_type(&level.before, value_kind, inner, draws);
  const std::size_t siblings = draws.one_in(3) ? 20 : draws.below(kMaxSiblings);  // with an index
  word(&level.before, siblings + 1);
  Bytes& where = draws.one_in(2) ? level.before : level.behind;
  const bool are_texts = draws.one_in(2);
  if (!is_key && &where == &level.behind) put_leaf(&level.before, siblings, are_texts);
  for (std::size_t i = 0; i < siblings; ++i) {
    put_leaf(&where, i, are_texts);
    header(&where, VariantType::NIL);
  }
  if (!is_key && &where == &level.before) put_leaf(&level.before, siblings, are_texts);
  if (is_key) level.behind.insert(level.behind.begin(), 4, 0);  // its value is Nil
  return level;
}

Level draw_object(Draws& draws) {
  Level level;
  header(&level.before, VariantType::OBJECT);
  put_string(&level.before, "Node");
  const std::size_t siblings = draws.one_in(3) ? 20 : draws.below(kMaxSiblings);
  const bool has_script = draws.one_in(2);
  word(&level.before, siblings + 1 + (has_script ? 1 : 0));
  for (std::size_t i = 0; i < siblings; ++i) {
    put_string(&level.before, "property " + std::to_string(i));
    put_leaf(&level.before, i, false);
  }
  put_string(&level.before, "x");
  if (has_script) {
    put_string(&level.behind, "script");
    header(&level.behind, VariantType::STRING);
    put_string(&level.behind, "res://a.gd");
  }
  return level;
}

std::vector<Level> draw_pattern(Draws& draws) {
  constexpr std::array<VariantType, 3> kTypes = {VariantType::ARRAY, VariantType::DICTIONARY,
                                                 VariantType::OBJECT};
  std::vector<VariantType> types;
  for (std::size_t left = 1 + draws.below(3); left > 0; --left)
    types.push_back(draws.one_of(kTypes));
  std::vector<Level> pattern;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const VariantType inner = types[(i + 1) % types.size()];
    pattern.push_back(types[i] == VariantType::ARRAY        ? draw_array(inner, draws)
                      : types[i] == VariantType::DICTIONARY ? draw_dictionary(inner, draws)
                                                            : draw_object(draws));
  }
  return pattern;
}

struct Shape {
  std::size_t halvings;  // of the levels that fit
  bool has_bottom;       // the rest of the bytes, in the innermost
};

// The pattern within itself.
Bytes deep(const std::vector<Level>& pattern, std::size_t size, const Shape& shape) {
  std::size_t period = 0;
  for (const Level& level : pattern) period += level.before.size() + level.behind.size();
  const std::size_t most =
      std::min(size * kMaxLevels / kLarge, size * pattern.size() / period) >> shape.halvings;
  const std::size_t levels = std::max<std::size_t>(1, most);
  Bytes bytes;
  for (std::size_t i = 0; i < levels; ++i) {
    const Level& level = pattern[i % pattern.size()];
    bytes.insert(bytes.end(), level.before.begin(), level.before.end());
  }
  // What each level that looks into itself would see again.
  const std::size_t nested = levels * period / pattern.size();
  const std::size_t leaves = shape.has_bottom ? (size - std::min(size, nested)) / 8 : 0;
  header(&bytes, VariantType::ARRAY);
  word(&bytes, leaves);
  for (std::size_t i = 0; i < leaves; ++i) put_leaf(&bytes, i, false);
  for (std::size_t i = levels; i > 0; --i) {
    const Level& level = pattern[(i - 1) % pattern.size()];
    bytes.insert(bytes.end(), level.behind.begin(), level.behind.end());
  }
  return bytes;
}

// Side by side, in an Array.
Bytes wide(const Bytes& one, std::size_t size) {
  const std::size_t count = std::max<std::size_t>(1, size / one.size());
  Bytes bytes;
  header(&bytes, VariantType::ARRAY);
  word(&bytes, count);
  for (std::size_t i = 0; i < count; ++i) bytes.insert(bytes.end(), one.begin(), one.end());
  return bytes;
}

// A value of one size, and what was read of it.
struct Sample {
  Bytes bytes;
  Variant value;
  Variant other;
  std::string printed;
  bool is_good = false;

  explicit Sample(Bytes packet) : bytes(std::move(packet)) {
    is_good = decode_variant(bytes, &value, nullptr, testing::kWithObjects) == Error::OK &&
              decode_variant(bytes, &other, nullptr, testing::kWithObjects) == Error::OK;
    printed = var_to_str(value);
  }
};

class WorkModel final : public test::Model {
 public:
  void step(std::size_t /*kind*/, Draws& draws) override {
    const std::vector<Level> pattern = draw_pattern(draws);
    const Shape shape = {draws.below(4), draws.one_in(2)};
    const Bytes one = deep(pattern, kSmall, shape);
    const bool is_wide = one.size() < kSmall / 4;
    const Sample small(is_wide ? wide(one, kSmall) : one);
    const Sample large(is_wide ? wide(one, kLarge) : deep(pattern, kLarge, shape));
    compare("decode", small, large, [](const Sample& sample) {
      Variant value;
      (void)decode_variant(sample.bytes, &value, nullptr, testing::kWithObjects);
    });
    if (!small.is_good || !large.is_good) return;
    for (const testing::ValueOperation& operation : testing::kValueOperations) {
      compare(operation.name, small, large, [&](const Sample& sample) {
        operation.run({sample.bytes, sample.value, sample.other});
      });
    }
    Variant again;
    if (str_to_var(small.printed, &again) != Error::OK ||
        str_to_var(large.printed, &again) != Error::OK) {
      return;  // what is refused ends anywhere
    }
    compare("read a text", small, large, small.printed.size(), large.printed.size(),
            [](const Sample& sample) {
              Variant value;
              (void)str_to_var(sample.printed, &value);
            });
  }

 private:
  template <typename Work>
  static void compare(const char* what, const Sample& small, const Sample& large, Work work) {
    compare(what, small, large, small.bytes.size(), large.bytes.size(), work);
  }
  template <typename Work>
  static void compare(const char* what, const Sample& small, const Sample& large,
                      std::size_t small_size, std::size_t large_size, Work work) {
    const double times =
        kMaxTimes * static_cast<double>(large_size) / static_cast<double>(small_size);
    std::chrono::nanoseconds least_small = std::chrono::hours(1);
    std::chrono::nanoseconds least_large = least_small;
    const auto grows = [&] { return least_large > times * least_small + kPause; };
    for (int i = 0; i == 0 || (i < kAttempts && grows()); ++i) {
      const auto begun = processor_time();
      work(small);
      const auto between = processor_time();
      work(large);
      least_small = std::min(least_small, between - begun);
      least_large = std::min(least_large, processor_time() - between);
    }
    ASSERT_FALSE(grows()) << what << " of " << small_size << " bytes takes "
                          << least_small.count() / 1000 << " us, of " << large_size << ' '
                          << least_large.count() / 1000;
  }
};

TEST(WorkModelTest, GrowsWithTheBytes) {
  test::ModelPlan plan;
  plan.kinds = {{"value", 1}};
  plan.sequences = 300;
  plan.max_operations = 3;
  plan.make = [](Draws&) { return std::make_unique<WorkModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer
