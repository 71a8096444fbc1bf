// Random values beside the simplest encoder that could be right: the bytes, what is read from them
// by the owning decoder, the arena's and the views, the limits of a decode to the last one, and
// what all three make of bytes that somebody has changed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/convert.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/wire/arena_decode.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/codec/support/allocation_counter.h"
#include "ringpeer/tests/codec/support/hex.h"
#include "ringpeer/tests/codec/support/random_values.h"
#include "ringpeer/tests/codec/view/view_differential.h"
#include "ringpeer/tests/codec/wire/plain_encoder.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer {
namespace {

using test::Draws;
using testing::Bytes;
using testing::PlainEncoder;

// ---- What a decode is charged.

struct Cost {
  std::size_t nodes = 0;
  std::size_t elements = 0;
  std::size_t depth = 0;  // of the deepest value
};

void add_cost(const Variant& value, std::size_t depth, Cost* cost) {
  ++cost->nodes;
  cost->depth = std::max(cost->depth, depth);
  if (const auto* array = value.get_if<Array>()) {
    for (const Variant& element : *array) add_cost(element, depth + 1, cost);
  } else if (const auto* dictionary = value.get_if<Dictionary>()) {
    for (const auto& [key, element] : *dictionary) {
      add_cost(key, depth + 1, cost);
      add_cost(element, depth + 1, cost);
    }
  } else if (const auto* object = value.get_if<Object>()) {
    for (const auto& [name, property] : object->properties()) {
      ++cost->elements;
      add_cost(property, depth + 1, cost);
    }
    if (!object->is_id()) return;
    cost->elements += 2;  // "object_id" and "script"
    add_cost(Variant(), depth + 1, cost);
    add_cost(Variant(), depth + 1, cost);
  } else if (const auto* path = value.get_if<NodePath>()) {
    cost->elements += path->names().size() + path->subnames().size();
  } else if (value.type() >= VariantType::PACKED_BYTE_ARRAY) {
    cost->elements += value.size();
  }
}

// ---- The model.

class WireModel final : public test::Model {
 public:
  enum Kind { kRead, kLimits, kBytes, kChange, kCut, kRetype, kKeys, kConvert, kScript };

  void step(std::size_t kind, Draws& draws) override {
    switch (static_cast<Kind>(kind)) {
      case kRead:
        return read(testing::random_value(draws));
      case kLimits:
        return look_at_limits(testing::random_value(draws));
      case kBytes:
        return look_at_bytes(draws);
      case kChange:
        return change(draws);
      case kCut:
        return cut(draws);
      case kRetype:
        return retype(draws);
      case kKeys:
        return same_keys(draws);
      case kConvert:
        return convert(draws);
      case kScript:
        return read_script(draws);
    }
  }

 private:
  static constexpr DecodeOptions kWithObjects = {.allow_objects = true};

  static Bytes plainly_encoded(const Variant& value, bool full) {
    PlainEncoder encoder(full);
    encoder.put(value);
    return std::move(encoder.bytes);
  }

  void read(const Variant& value) {
    for (const bool full : {false, true}) {
      const Bytes expected = plainly_encoded(value, full);
      const Bytes bytes = testing::encoded(value, {.full_objects = full});
      ASSERT_EQ(testing::to_hex(bytes), testing::to_hex(expected));
      look_at_small_buffers(value, full, bytes);
    }
    const Bytes bytes = plainly_encoded(value, true);
    Variant again;
    std::size_t consumed = 0;
    ASSERT_EQ(decode_variant(bytes, &again, &consumed, kWithObjects), Error::OK);
    ASSERT_EQ(consumed, bytes.size());
    ASSERT_EQ(testing::to_hex(plainly_encoded(again, true)), testing::to_hex(bytes));
    const Variant copy = again;
    ASSERT_EQ(testing::to_hex(plainly_encoded(copy, true)), testing::to_hex(bytes));
    look_at_all_readers(bytes);
    visit_variant(value, [this](const auto& typed) { move(typed); });
  }

  // What was moved from is empty, and what was moved is all there.
  template <typename T>
  void move(const T& typed) {
    if constexpr (std::is_class_v<T> && !kIsMath<T> && !std::is_same_v<T, NilValue>) {
      T source = typed;
      const T target = std::move(source);
      ASSERT_EQ(plainly_encoded(Variant(target), true), plainly_encoded(Variant(typed), true));
      if constexpr (!std::is_trivially_copyable_v<T> && !std::is_same_v<T, Signal>) {
        const T nothing = std::move(source);  // NOLINT(bugprone-use-after-move): that is promised
        ASSERT_EQ(plainly_encoded(Variant(nothing), true), plainly_encoded(Variant(T()), true));
      }
    }
  }

  // Too small a buffer is told, never passed, and the size is known all the same.
  void look_at_small_buffers(const Variant& value, bool full, const Bytes& bytes) {
    Bytes small(bytes.size() / 2 + 4, 0xcd);
    std::size_t size = 0;
    const std::size_t most = small.size() - 4;
    ASSERT_EQ(encode_variant(value, {small.data(), most}, &size, {.full_objects = full}),
              Error::OK);
    ASSERT_EQ(size, bytes.size());
    for (std::size_t i = most; i < small.size(); ++i) ASSERT_EQ(small[i], 0xcd);
  }

  // The owning decoder, the arena's and the views say the same of any bytes.
  void look_at_all_readers(const Bytes& bytes) {
    for (const bool objects : {false, true}) {
      const DecodeOptions options = {.allow_objects = objects};
      Variant owned;
      std::size_t consumed = 0;
      const Error error = decode_variant(bytes, &owned, &consumed, options);
      ASSERT_EQ(owned.is_nil() || error == Error::OK, true) << "an error leaves no value";
      VariantArena arena;
      const Variant* in_arena = nullptr;
      std::size_t arena_consumed = 0;
      ASSERT_EQ(arena.decode(bytes, &in_arena, &arena_consumed, options), error);
      ASSERT_EQ(in_arena != nullptr, error == Error::OK);
      ASSERT_EQ(view_differs_from_decode(bytes, options), "") << testing::to_hex(bytes);
      if (in_arena == nullptr) continue;
      ASSERT_EQ(arena_consumed, consumed);
      ASSERT_EQ(testing::to_hex(plainly_encoded(*in_arena, true)),
                testing::to_hex(plainly_encoded(owned, true)));
      ASSERT_EQ(*in_arena, owned);
      const Variant out_of_arena = *in_arena;
      arena.reset();
      ASSERT_EQ(out_of_arena, owned);
    }
  }

  void expect_limit(const Bytes& bytes, const DecodeLimits& limits, Error expected) {
    const DecodeOptions options = {.allow_objects = true, .limits = limits};
    Variant value;
    ASSERT_EQ(decode_variant(bytes, &value, nullptr, options), expected);
    VariantArena arena;
    const Variant* in_arena = nullptr;
    ASSERT_EQ(arena.decode(bytes, &in_arena, nullptr, options), expected);
    // One view for all: of what was refused nothing is left, nor of what came before.
    ASSERT_EQ(view_.parse(bytes, options), expected);
    if (expected == Error::OK) {
      ASSERT_EQ(view_.consumed(), bytes.size());
      return;
    }
    ASSERT_FALSE(view_.value().exists());
    ASSERT_EQ(view_.fields().size(), 0u);
    ASSERT_EQ(view_.consumed(), 0u);
  }

  // What it takes is enough, and one less is not.
  void look_at_limits(const Variant& value) {
    const Bytes bytes = plainly_encoded(value, true);
    Cost cost;
    add_cost(value, 0, &cost);
    DecodeLimits limits = DecodeLimits::unlimited();
    limits.nodes = cost.nodes;
    limits.elements = cost.elements;
    limits.depth = cost.depth;
    expect_limit(bytes, limits, Error::OK);
    limits.nodes = cost.nodes - 1;
    expect_limit(bytes, limits, Error::ERR_OUT_OF_MEMORY);
    limits.nodes = cost.nodes;
    if (cost.depth > 0) {
      limits.depth = cost.depth - 1;
      expect_limit(bytes, limits, Error::ERR_OUT_OF_MEMORY);
      limits.depth = cost.depth;
    }
    if (cost.elements > 0) {
      limits.elements = cost.elements - 1;
      expect_limit(bytes, limits, Error::ERR_OUT_OF_MEMORY);
    }
  }

  // So many that they have an index.
  static Variant many_keys(Draws& draws) {
    Dictionary dictionary;
    for (std::size_t i = 20 + draws.below(400); i > 0; --i)
      dictionary[static_cast<std::int64_t>(i)] = nullptr;
    return dictionary;
  }

  // A decode is charged what its value takes, conversions and all.
  void look_at_bytes(Draws& draws) {
    const Bytes bytes = draws.one_in(4)   ? plainly_encoded(many_keys(draws), true)
                        : draws.one_in(2) ? retyped(draws)
                                          : plainly_encoded(testing::random_value(draws), true);
    const auto decodes = [&](std::size_t limit) {
      DecodeLimits limits = DecodeLimits::unlimited();
      limits.bytes = limit;
      Variant value;
      return decode_variant(bytes, &value, nullptr, {.allow_objects = true, .limits = limits});
    };
    constexpr std::size_t kPlenty = std::size_t{1} << 20;
    if (decodes(kPlenty) != Error::OK) return;
    std::size_t enough = kPlenty;
    std::size_t too_few = 0;
    if (decodes(0) == Error::OK) enough = 0;
    while (enough > too_few + 1) {
      const std::size_t middle = too_few + (enough - too_few) / 2;
      const Error error = decodes(middle);
      ASSERT_TRUE(error == Error::OK || error == Error::ERR_OUT_OF_MEMORY);
      (error == Error::OK ? enough : too_few) = middle;
    }
    if (!heap_use_is_counted()) return;
    const HeapUse before = heap_use();
    Variant value;
    ASSERT_EQ(decode_variant(bytes, &value, nullptr, kWithObjects), Error::OK);
    constexpr std::size_t kRounding = 24;  // of each block, at most
    const HeapUse after = heap_use();
    ASSERT_LE(after.bytes - before.bytes,
              enough + kRounding * (after.allocations - before.allocations));
  }

  // Words become others that mean something, bytes any.
  void change(Draws& draws) {
    Bytes bytes = draws.one_in(3) ? retyped(draws)
                                  : plainly_encoded(testing::random_value(draws), draws.one_in(2));
    for (std::size_t left = 1 + draws.below(3); left > 0; --left) {
      const std::size_t at = draws.below(bytes.size());
      switch (draws.below(7)) {
        case 0:
          bytes[at] = static_cast<std::uint8_t>(draws.below(256));
          break;
        case 1:  // a type
          bytes[at / 4 * 4] = static_cast<std::uint8_t>(draws.below(kVariantTypeCount + 1));
          break;
        case 2:  // flags and kinds
          bytes[std::min(at / 4 * 4 + 2, bytes.size() - 1)] =
              static_cast<std::uint8_t>(draws.below(16));
          break;
        case 3:  // a small count
          bytes[at / 4 * 4] = static_cast<std::uint8_t>(draws.below(9));
          break;
        case 4:
          bytes.erase(
              bytes.begin() + static_cast<std::ptrdiff_t>(at / 4 * 4),
              bytes.begin() + static_cast<std::ptrdiff_t>(std::min(at / 4 * 4 + 4, bytes.size())));
          if (bytes.empty()) bytes.push_back(0);
          break;
        case 5:  // a negative count
          bytes[std::min(at / 4 * 4 + 3, bytes.size() - 1)] ^= 0x80;
          break;
        default: {
          const std::uint8_t copied[4] = {bytes[at / 4 * 4], 0, 0, 0};
          bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at / 4 * 4), copied, copied + 4);
        }
      }
    }
    look_at_all_readers(bytes);
  }

  // A packet that ends early is none; only the padding of bytes need not be there.
  void cut(Draws& draws) {
    const Variant value = testing::random_value(draws);
    Bytes bytes = plainly_encoded(value, true);
    const bool ends_in_bytes = value.is<PackedByteArray>();
    const std::size_t needed = ends_in_bytes ? 8 + value.size() : bytes.size();
    for (int i = 0; i < 3; ++i) {
      const Bytes part(bytes.begin(),
                       bytes.begin() + static_cast<std::ptrdiff_t>(draws.below(bytes.size())));
      Variant again;
      const Error error = decode_variant(part, &again, nullptr, kWithObjects);
      if (part.size() < needed) {
        const bool told = error == Error::ERR_INVALID_DATA || error == Error::ERR_FILE_EOF;
        ASSERT_TRUE(told || holds_bytes(value)) << error_name(error);
      }
      look_at_all_readers(part);
    }
    // What follows is somebody else's.
    bytes.push_back(0xff);
    std::size_t consumed = 0;
    Variant again;
    ASSERT_EQ(decode_variant(bytes, &again, &consumed, kWithObjects), Error::OK);
    ASSERT_EQ(consumed, bytes.size() - 1);
    look_at_all_readers(bytes);
  }
  static bool holds_bytes(const Variant& value) {
    const std::string text = var_to_str(value);
    return text.find("PackedByteArray") != std::string::npos;
  }

  // An Array of anything that says that its elements are of one type.
  Bytes retyped(Draws& draws) {
    declared_ = static_cast<VariantType>(1 + draws.below(kVariantTypeCount - 1));
    elements_ = {};
    for (std::size_t left = draws.below(6); left > 0; --left) {
      // Half of those that some type converts to another, or such a container.
      const auto type = static_cast<VariantType>(draws.below(kVariantTypeCount));
      if (draws.one_in(3)) {
        // Of a typed one its type decides.
        const bool is_leaf = testing::random_leaf(draws, type).type() == type;
        const bool is_typed = is_leaf && type != VariantType::NIL && draws.one_in(2);
        Array inner = is_typed ? Array(ContainerType::builtin(type)) : Array();
        for (std::size_t more = draws.below(4); more > 0; --more) {
          inner.storage().push_back(testing::random_leaf(draws, type));
        }
        elements_.push_back(std::move(inner));
      } else {
        elements_.push_back(testing::random_leaf(draws, type));
      }
    }
    const Bytes untyped = plainly_encoded(elements_, true);
    Bytes bytes(untyped.begin(), untyped.begin() + 4);
    bytes[2] = 1;
    testing::put_word(&bytes, static_cast<std::uint32_t>(declared_));
    bytes.insert(bytes.end(), untyped.begin() + 4, untyped.end());
    return bytes;
  }

  // Each element stays, is converted, or is left out, whoever reads it.
  void retype(Draws& draws) {
    const Bytes bytes = retyped(draws);
    Array expected(ContainerType::builtin(declared_));
    for (const Variant& element : elements_) {
      Variant converted;
      if (element.type() == declared_ || (declared_ == VariantType::OBJECT && element.is_nil())) {
        expected.storage().push_back(element);
      } else if (convert_strictly(element, declared_, &converted)) {
        ASSERT_EQ(converted.type(), declared_);
        expected.storage().push_back(converted);
      }
    }
    Variant value;
    ASSERT_EQ(decode_variant(bytes, &value, nullptr, kWithObjects), Error::OK);
    ASSERT_EQ(testing::to_hex(plainly_encoded(value, true)),
              testing::to_hex(plainly_encoded(expected, true)));
    look_at_all_readers(bytes);
  }

  // A Dictionary on the wire whose keys come again: the first place, the last value.
  void same_keys(Draws& draws) {
    std::vector<Variant> keys;
    for (std::size_t left = 1 + draws.below(12); left > 0; --left) {
      keys.push_back(testing::random_value(draws, 3, true));
    }
    PlainEncoder encoder(true);
    Dictionary expected;
    const std::size_t count = draws.below(30);
    testing::put_word(&encoder.bytes, static_cast<std::uint32_t>(VariantType::DICTIONARY));
    testing::put_word(&encoder.bytes, static_cast<std::uint32_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
      const Variant& key = draws.one_of(keys);
      const Variant value = static_cast<std::int64_t>(i);
      encoder.put(key);
      encoder.put(value);
      expected.set(key, value);
    }
    Variant value;
    ASSERT_EQ(decode_variant(encoder.bytes, &value, nullptr, kWithObjects), Error::OK);
    ASSERT_EQ(testing::to_hex(plainly_encoded(value, true)),
              testing::to_hex(plainly_encoded(expected, true)));
    look_at_all_readers(encoder.bytes);
  }

  // An object's script is none, or a path of the project's.
  void read_script(Draws& draws) {
    const auto text = [&draws] {
      return (draws.one_in(2) ? "res://" : "") + testing::random_text(draws);
    };
    const std::string path = text();
    const std::size_t kind = draws.below(4);
    const Variant script = kind == 0   ? Variant()
                           : kind == 1 ? Variant(path)
                           : kind == 2 ? Variant(StringName(path))
                                       : testing::random_value(draws);
    PlainEncoder encoder(true);
    Object object{String("Node")};
    object.set("script", script);
    encoder.put(object);
    const bool is_path = script.is<String>() && script.as_text().starts_with("res://");
    // Ids and null objects are other values on the wire.
    const bool is_nil = script.is_nil() || (script.is_object() && script.ref<Object>().is_null());
    Variant value;
    ASSERT_EQ(decode_variant(encoder.bytes, &value, nullptr, kWithObjects),
              is_nil || is_path ? Error::OK : Error::ERR_INVALID_DATA);
    look_at_all_readers(encoder.bytes);
  }

  // Numbers, texts and packed arrays by a second set of rules.
  void convert(Draws& draws) {
    const auto from = static_cast<VariantType>(draws.below(kVariantTypeCount));
    const Variant value = testing::random_leaf(draws, from);
    Variant converted;
    if (value.is_float()) {
      const double number = value.ref<double>();
      const bool fits = number >= -9223372036854775808.0 && number < 9223372036854775808.0;
      ASSERT_TRUE(convert_strictly(value, VariantType::INT, &converted));
      ASSERT_EQ(converted, Variant(fits ? static_cast<std::int64_t>(number) : INT64_MIN));
      ASSERT_TRUE(convert_strictly(value, VariantType::BOOL, &converted));
      ASSERT_EQ(converted, Variant(number != 0));
      return;
    }
    if (value.is_int()) {
      ASSERT_TRUE(convert_strictly(value, VariantType::FLOAT, &converted));
      ASSERT_EQ(converted, Variant(static_cast<double>(value.ref<std::int64_t>())));
      return;
    }
    if (value.is_text()) {
      const auto other = value.is<String>() ? VariantType::STRING_NAME : VariantType::STRING;
      ASSERT_TRUE(convert_strictly(value, other, &converted));
      ASSERT_EQ(converted.type(), other);
      ASSERT_EQ(converted.as_text(), value.as_text());
      return;
    }
    if (from < VariantType::PACKED_BYTE_ARRAY) return;
    // There and back nothing is lost, but of strings and numbers that are others then.
    ASSERT_TRUE(convert_strictly(value, VariantType::ARRAY, &converted));
    ASSERT_EQ(converted.size(), value.size());
    Variant back;
    ASSERT_TRUE(convert_strictly(converted, from, &back));
    ASSERT_EQ(back, value);
    // One that cannot be an element, anywhere, leaves all of it out.
    Array& array = converted.ref<Array>();
    array.push_back(Dictionary());
    std::swap(array[draws.below(array.size())], array.back());
    ASSERT_FALSE(convert_strictly(converted, from, &back));
  }

  PacketView view_;
  VariantType declared_ = VariantType::NIL;
  Array elements_;
};

TEST(WireModelTest, EveryReaderReadsWhatThePlainEncoderWrites) {
  test::ModelPlan plan;
  plan.kinds = {{"read", 3},   {"limits", 2}, {"bytes", 1},   {"change", 4}, {"cut", 2},
                {"retype", 2}, {"keys", 2},   {"convert", 1}, {"script", 1}};
  plan.sequences = 600;
  plan.max_operations = 40;
  plan.make = [](Draws&) { return std::make_unique<WireModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer
