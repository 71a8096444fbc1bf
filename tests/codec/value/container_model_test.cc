// Dictionary and Array beside the simplest thing that could be right, through long sequences of
// random operations.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <iterator>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/tests/codec/support/hex.h"
#include "ringpeer/tests/codec/support/sample_values.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer {
namespace {

using Random = test::Draws;

// Of the parts that are no sequences of operations.
constexpr std::uint64_t kSeeds = 12;

Random random_of(std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  test::Operation operation;
  for (std::uint32_t& value : operation.values) value = static_cast<std::uint32_t>(engine() >> 32);
  return Random(operation);
}

// --- Keys, and what tells them apart. ---

// Two keys are one if and only if their identities are the same text.
class Identity {
 public:
  // Whether the key can be found at all: NaN inside it, or too many levels, equal nothing.
  static bool can_be_found(const std::string& identity) {
    return identity.find("unique") == std::string::npos;
  }

  std::string of_key(const Variant& key) {
    if (key.is_text()) return "text " + std::string(key.as_text());
    if (key.is_float()) return real(key.ref<double>());
    return of_value(key);
  }

 private:
  template <typename Float>
  static std::string real(Float value) {
    if (std::isnan(value)) return "nan";
    return "real " + std::to_string(std::hash<double>()(value == 0 ? 0 : value));
  }
  // Of a value that equals none, not even itself.
  std::string unique() { return "unique " + std::to_string(next_unique_++); }

  std::string of_value(const Variant& value) {
    // A chain of arrays may be of any length.
    const std::size_t depth_before = depth_;
    const Variant* inner = &value;
    for (; inner->is_array() && inner->size() == 1; inner = &inner->at(0)) ++depth_;
    const std::string chain = std::to_string(depth_ - depth_before) + " deep ";
    std::string text =
        depth_ > kMaximumDepth ? unique() : visit_variant(*inner, [&](const auto& typed) {
          ++depth_;
          return std::string(inner->type_name()) + " " + of(typed);
        });
    depth_ = depth_before;
    return chain + text;
  }

  std::string of(NilValue) { return {}; }
  std::string of(bool value) { return std::to_string(value); }
  std::string of(std::int64_t value) { return std::to_string(value); }
  std::string of(double value) { return std::isnan(value) ? unique() : real(value); }
  std::string of(const String& value) { return value.str() + "\0"; }
  std::string of(const StringName& value) { return of(value.string()); }
  std::string of(const Array& value) {
    std::string text = "[";
    for (const Variant& element : value) text += of_value(element) + ", ";
    return text + "]";
  }
  std::string of(const Dictionary& value) {
    std::string text = "{";
    for (const auto& [key, element] : value) text += of_key(key) + ": " + of_value(element) + ", ";
    return text + "}";
  }
  std::string of(const Object& value) {
    std::string text = std::to_string(value.id()) + std::string(value.class_name()) + "(";
    for (const auto& [name, property] : value.properties()) {
      text += name.str() + ": " + of_value(property) + ", ";
    }
    return text + ")";
  }
  template <typename T>
  std::string of(const T& value) {
    std::string text;
    if constexpr (kIsFloatMath<T>) {
      float components[kComponentCount<T>];
      std::memcpy(components, &value, sizeof(value));
      for (const float component : components) text += real(component) + ", ";
    } else if constexpr (requires { value.capacity(); }) {
      for (const auto& element : value) {
        if constexpr (std::is_floating_point_v<std::remove_cvref_t<decltype(element)>>) {
          text += real(element) + ", ";
        } else {
          text += of(element) + ", ";
        }
      }
    } else if constexpr (std::is_integral_v<T>) {
      text = std::to_string(value);
    } else {
      text = testing::to_hex(testing::encoded(Variant(value)));
    }
    return text;
  }

  std::uint64_t next_unique_ = 0;
  std::size_t depth_ = 0;
};

std::string random_bytes(Random& random) {
  constexpr char kBytes[] = {'a', 'b', '\0', '\xff', '\xc3', '\xa9', '\xed', '\xa0', '\x80'};
  std::string bytes(random.one_in(4) ? 14 + random.below(4) : random.below(3), 'a');
  for (char& byte : bytes) byte = kBytes[random.below(sizeof(kBytes))];
  return bytes;
}

Variant nested(std::size_t levels, Variant inner) {
  for (std::size_t i = 0; i < levels; ++i) {
    Array outer;
    outer.push_back(std::move(inner));
    inner = std::move(outer);
  }
  return inner;
}

// From few enough that they meet again.
Variant random_key(Random& random, int depth = 0) {
  const float zeros_and_nan[] = {0.0F, -0.0F, std::nanf(""), 1.0F};
  switch (random.below(depth < 3 ? 16 : 9)) {
    case 0:
      return {};
    case 1:
      return random.one_in(2);
    case 2:
      return static_cast<double>(zeros_and_nan[random.below(4)]);
    case 3:
      return random_bytes(random);
    case 4:
      return StringName(random_bytes(random));
    case 5:
      return Vector2{zeros_and_nan[random.below(4)], zeros_and_nan[random.below(4)]};
    case 6:
      return PackedFloat32Array{zeros_and_nan[random.below(4)]};
    case 7:
      return Object::from_id(random.below(3));
    case 8:
      return static_cast<std::int64_t>(random.below(200));
    case 9:
      return Array{random_key(random, depth + 1)};
    case 10:
      return Array{random_key(random, depth + 1), random_key(random, depth + 1)};
    case 11:
      return Dictionary{{random_key(random, depth + 1), random_key(random, depth + 1)},
                        {random_key(random, depth + 1), random_key(random, depth + 1)}};
    case 12: {
      Object object((String("Node")));
      object.set(String(random_bytes(random)), random_key(random, depth + 1));
      return object;
    }
    case 13: {
      const std::size_t levels[] = {
          100, 101, 102, kMaximumDepth - 1, kMaximumDepth, kMaximumDepth + 1, 100000};
      return nested(levels[random.below(random.one_in(80) ? 7 : 6)], random_key(random, 3));
    }
    case 14:  // inside, the two kinds of texts are two
      return Array{random.one_in(2) ? Variant("a") : Variant(StringName("a"))};
    default: {
      static const std::vector<Variant>& samples =
          *new std::vector<Variant>(testing::sample_values());
      return samples[random.below(samples.size())];
    }
  }
}

// --- Dictionary ---

struct ModelEntry {
  std::string identity;
  Variant value;
};

class DictionaryModel final : public test::Model {
 public:
  enum Kind {
    kSet,
    kAssign,
    kAssignBytes,
    kAlias,
    kFind,
    kLifetime,
    kReserve,
    kClear,
    kErase,
    kEraseMany
  };

  void step(std::size_t kind, Random& random) override {
    do_it(static_cast<Kind>(kind), random);
    check(false);
  }
  void end() override { check(true); }

 private:
  void do_it(Kind kind, Random& random) {
    switch (kind) {
      case kSet: {
        const Variant key = random_key(random);
        const Variant value = static_cast<std::int64_t>(random.below(1000));
        ASSERT_TRUE(dictionary_.set(key, value));
        model_set(identity_.of_key(key), value);
        break;
      }
      case kAssign: {
        const Variant key = random_key(random);
        const Variant value = "a text that no String holds inside itself";
        if (key.type() == VariantType::STRING) {
          dictionary_[key.as_text()] = value;
        } else {
          dictionary_[key] = value;
        }
        model_set(identity_.of_key(key), value);
        break;
      }
      case kAssignBytes: {  // which may be no text: a String makes one of them
        const std::string bytes = random_bytes(random);
        const Variant value = static_cast<std::int64_t>(random.below(1000));
        dictionary_[std::string_view(bytes)] = value;
        model_set(identity_.of_key(Variant(bytes)), value);
        const Dictionary& read = dictionary_;
        ASSERT_NE(read.find(std::string_view(bytes)), nullptr);
        break;
      }
      case kAlias:
        alias(random_key(random), random);
        break;
      case kFind:
        find(random_key(random));
        break;
      case kLifetime:
        lifetime(random.below(4));
        break;
      case kReserve:
        dictionary_.reserve(dictionary_.size() + random.below(20));
        break;
      case kClear:
        if (!random.one_in(4)) break;
        dictionary_.clear();
        model_.clear();
        break;
      case kErase:
        erase(random);
        break;
      case kEraseMany:
        for (std::size_t left = random.below(20); left > 0; --left) erase(random);
    }
  }
  void find(const Variant& key) {
    const std::string identity = identity_.of_key(key);
    const ModelEntry* expected = model_find(identity);
    const Variant* found = dictionary_.find(key);
    ASSERT_EQ(found != nullptr, expected != nullptr) << identity;
    if (found != nullptr) {
      ASSERT_EQ(*found, expected->value);
    }
    ASSERT_EQ(dictionary_.contains(key), expected != nullptr);
  }

  // What the keys are is looked at now and then: some of them are large.
  void check(bool with_keys) const {
    ASSERT_EQ(dictionary_.size(), model_.size());
    ASSERT_EQ(dictionary_.empty(), model_.empty());
    std::size_t index = 0;
    Identity identity;
    for (const auto& [key, value] : dictionary_) {
      const ModelEntry& expected = model_[index++];
      if (with_keys && Identity::can_be_found(expected.identity)) {
        ASSERT_EQ(identity.of_key(key), expected.identity);
      }
      ASSERT_EQ(value, expected.value);
    }
    ASSERT_EQ(index, model_.size());
  }

  const ModelEntry* model_find(const std::string& identity) const {
    for (const ModelEntry& entry : model_) {
      if (entry.identity == identity) return &entry;
    }
    return nullptr;
  }
  void model_set(const std::string& identity, const Variant& value) {
    if (const ModelEntry* entry = model_find(identity)) {
      const_cast<ModelEntry*>(entry)->value = value;
    } else {
      model_.push_back({identity, value});
    }
  }

  // d[key] = d[other], by copy and by move.
  void alias(const Variant& key, Random& random) {
    if (model_.empty()) return;
    const std::string identity = identity_.of_key(key);
    const std::size_t index = random.below(model_.size());
    auto other = dictionary_.begin();
    std::advance(other, index);
    const Variant value = model_[index].value;
    if (!random.one_in(2) || model_[index].identity == identity) {
      dictionary_[key] = other->value;
    } else {
      dictionary_[key] = std::move(other->value);
      model_[index].value = Variant();
    }
    model_set(identity, value);
  }

  void erase(Random& random) {
    // What is there more often than what is not.
    if (!model_.empty() && !random.one_in(4)) {
      const std::size_t index = random.one_in(3) ? 0 : random.below(model_.size());
      auto entry = dictionary_.begin();
      std::advance(entry, index);
      const bool found = Identity::can_be_found(model_[index].identity);
      ASSERT_EQ(dictionary_.erase(entry->key), found) << model_[index].identity;
      if (found) model_.erase(model_.begin() + static_cast<std::ptrdiff_t>(index));
      return;
    }
    const Variant key = random_key(random);
    const ModelEntry* expected = model_find(identity_.of_key(key));
    ASSERT_EQ(dictionary_.erase(key), expected != nullptr);
    if (expected != nullptr) model_.erase(model_.begin() + (expected - model_.data()));
  }

  void lifetime(std::size_t way) {
    const Dictionary copy = dictionary_;
    ASSERT_EQ(copy.size(), dictionary_.size());
    switch (way) {
      case 0:
        dictionary_ = copy;
        break;
      case 1:
        dictionary_ = Dictionary(copy);
        break;
      case 2: {
        Variant value = std::move(dictionary_);
        ASSERT_TRUE(dictionary_.empty());  // NOLINT(bugprone-use-after-move)
        dictionary_ = std::move(value.ref<Dictionary>());
        break;
      }
      default:
        dictionary_.swap(dictionary_);
        break;
    }
  }

  Identity identity_;
  Dictionary dictionary_;
  std::vector<ModelEntry> model_;
};

TEST(DictionaryModel, DoesWhatAListOfEntriesDoes) {
  test::ModelPlan plan;
  plan.kinds = {{"set", 4},   {"assign", 2},    {"assign_bytes", 1}, {"alias", 1},
                {"find", 2},  {"lifetime", 1},  {"reserve", 1},      {"clear", 1},
                {"erase", 3}, {"erase_many", 1}};
  plan.sequences = 500;
  plan.make = [](Random&) { return std::make_unique<DictionaryModel>(); };
  run_model(plan);
}

// Keys that came over the wire are the keys that a program makes.
TEST(DictionaryModel, KeysAreTheSameAfterDecoding) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random = random_of(seed);
    Identity identity;
    testing::Bytes packet;
    std::vector<ModelEntry> model;
    testing::Bytes entries;
    std::uint32_t count = 0;
    while (count < 60) {
      const Variant key = random_key(random);
      testing::Bytes bytes = testing::encoded(key, {.full_objects = true});
      if (key.is_object() && key.ref<Object>().is_null()) {  // by its id
        bytes.clear();
        for (const std::uint32_t word : {24u | 1u << 16, 0u, 0u}) testing::put_word(&bytes, word);
      }
      // Too deep to encode, or written as another value: an id as a full object.
      if (bytes.empty() || (key.is_object() && !key.ref<Object>().is_null())) continue;
      Variant read;
      if (decode_variant(bytes, &read, nullptr, {.allow_objects = true}) != Error::OK) continue;
      const testing::Bytes inside = testing::encoded(Variant(Array{key}), {.full_objects = true});
      Variant ignored;
      if (decode_variant(inside, &ignored, nullptr, {.allow_objects = true}) != Error::OK) continue;
      const Variant value = static_cast<std::int64_t>(count++);
      const testing::Bytes value_bytes = testing::encoded(value);
      entries.insert(entries.end(), bytes.begin(), bytes.end());
      entries.insert(entries.end(), value_bytes.begin(), value_bytes.end());
      const std::string name = identity.of_key(read);
      bool found = false;
      for (ModelEntry& entry : model) {
        if (entry.identity != name) continue;
        entry.value = value;
        found = true;
      }
      if (!found) model.push_back({name, value});
    }
    testing::put_word(&packet, 27);
    testing::put_word(&packet, count);
    packet.insert(packet.end(), entries.begin(), entries.end());
    Variant decoded;
    // There is one null object, also where each other is a key of its own.
    const DecodeOptions options = {.allow_objects = true,
                                   .distinct_object_keys = seed % 2 == 0,
                                   .limits = DecodeLimits::for_size(packet.size())};
    ASSERT_EQ(decode_variant(packet, &decoded, nullptr, options), Error::OK);
    ASSERT_EQ(decoded.size(), model.size());
    std::size_t index = 0;
    for (const auto& [key, value] : decoded.ref<Dictionary>()) {
      const ModelEntry& expected = model[index++];
      ASSERT_EQ(value, expected.value);
      const bool found = Identity::can_be_found(expected.identity);
      ASSERT_EQ(decoded.ref<Dictionary>().contains(key), found) << expected.identity;
    }
  }
}

// --- Array ---

class ArrayModel final : public test::Model {
 public:
  enum Kind {
    kPush,
    kPop,
    kErase,
    kResize,
    kReserve,
    kCopyElement,
    kPushElement,
    kNest,
    kCopy,
    kClear
  };

  void step(std::size_t kind, Random& random) override {
    do_it(static_cast<Kind>(kind), random);
    check();
  }

 private:
  void do_it(Kind kind, Random& random) {
    const std::size_t size = model_.size();
    const std::size_t from = random.below(size);
    switch (kind) {
      case kPush: {
        const Variant value = random_value(random);
        ASSERT_TRUE(array_.push_back(value));
        model_.push_back(value);
        break;
      }
      case kReserve:
        array_.reserve(size + random.below(20));
        // So many that their size in bytes wraps around.
        ASSERT_THROW(array_.reserve(SIZE_MAX / sizeof(Variant) + 2 + random.below(8)),
                     std::bad_alloc);
        ASSERT_THROW(array_.resize(SIZE_MAX / sizeof(Variant) + 2), std::bad_alloc);
        break;
      case kResize: {
        const std::size_t target = random.below(2 * size + 3);
        array_.resize(target);
        model_.resize(target);
        break;
      }
      case kCopy: {
        const Array copy = array_;
        array_ = random.one_in(2) ? copy : Array(copy);
        break;
      }
      case kClear:
        if (!random.one_in(4)) break;
        array_.clear();
        model_.clear();
        break;
      default:
        if (size > 0) change_element(kind, from, random);
    }
  }
  void change_element(Kind kind, std::size_t from, Random& random) {
    if (kind == kPop) {
      array_.pop_back();
      model_.pop_back();
    } else if (kind == kErase) {
      array_.erase(from);
      model_.erase(model_.begin() + static_cast<std::ptrdiff_t>(from));
    } else if (kind == kCopyElement) {
      const std::size_t to = random.below(model_.size());
      array_[to] = array_[from];
      model_[to] = Variant(model_[from]);
    } else if (kind == kPushElement) {
      array_.push_back(array_[from]);
      model_.push_back(Variant(model_[from]));
    } else if (kind == kNest && random.one_in(4)) {
      Array inner{1, array_.back()};
      array_.push_back(inner);
      model_.push_back(inner);
    }
  }

  void check() const {
    ASSERT_EQ(array_.size(), model_.size());
    ASSERT_EQ(array_.empty(), model_.empty());
    for (std::size_t i = 0; i < model_.size(); ++i) ASSERT_EQ(array_[i], model_[i]);
    ASSERT_TRUE(array_.at_or_nil(model_.size()).is_nil());
  }
  static Variant random_value(Random& random) {
    if (random.one_in(2)) return "a text that no String holds inside itself";
    return static_cast<std::int64_t>(random.below(1000));
  }

  Array array_;
  std::vector<Variant> model_;
};

TEST(ArrayModel, DoesWhatAVectorDoes) {
  test::ModelPlan plan;
  plan.kinds = {{"push_back", 4}, {"pop_back", 1},     {"erase", 2},        {"resize", 1},
                {"reserve", 1},   {"copy_element", 1}, {"push_element", 1}, {"nest", 1},
                {"copy", 1},      {"clear", 1}};
  plan.sequences = 500;
  plan.make = [](Random&) { return std::make_unique<ArrayModel>(); };
  run_model(plan);
}

// --- Typed containers ---

// Whatever is done to one, all of it survives the wire.
template <typename Container>
void expect_survives_the_wire(const Container& container) {
  const testing::Bytes bytes = testing::encoded(container, {.full_objects = true});
  Variant again;
  ASSERT_EQ(decode_variant(bytes, &again, nullptr, {.allow_objects = true}), Error::OK);
  ASSERT_EQ(again.size(), container.size());
  ASSERT_EQ(testing::encoded(again, {.full_objects = true}), bytes);
}

Variant random_sample(Random& random) {
  static const std::vector<Variant>& samples = *new std::vector<Variant>(testing::sample_values());
  return samples[random.below(samples.size())];
}

TEST(TypedContainerModel, HoldsNothingThatTheWireDrops) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random = random_of(seed);
    const auto random_type = [&] {
      return ContainerType::builtin(static_cast<VariantType>(random.below(kVariantTypeCount)));
    };
    Array array(random_type());
    Dictionary dictionary(random_type(), random_type());
    for (int i = 0; i < 100; ++i) {
      Variant key = random_sample(random);
      switch (random.below(6)) {
        case 0:
          array.push_back(key);
          break;
        case 1:
          array.resize(random.below(2 * array.size() + 3));
          break;
        case 2:
          array = Array(array);
          break;
        case 3: {
          const std::size_t before = dictionary.size();
          const bool there = dictionary.contains(key);
          dictionary[key];
          ASSERT_EQ(dictionary.size() == before + 1, !there && dictionary.contains(key));
          break;
        }
        case 4:
          if (dictionary.set(key, random_sample(random))) {
            ASSERT_TRUE(dictionary.contains(key));
          }
          break;
        default: {
          const bool there = dictionary.contains(key);
          ASSERT_EQ(dictionary.erase(key), there);
          break;
        }
      }
      expect_survives_the_wire(array);
      expect_survives_the_wire(dictionary);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace ringpeer
