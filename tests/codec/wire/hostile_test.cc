// What one hostile datagram can cost: heap, and time with a wide margin (the benchmark
// shows the real one).

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/key_hash.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/wire/arena_decode.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/codec/support/allocation_counter.h"
#include "ringpeer/tests/codec/support/hostile_shapes.h"
#include "ringpeer/tests/codec/support/small_stack.h"
#include "ringpeer/tests/codec/support/value_operations.h"
#include "ringpeer/tests/support/processor_time/processor_time.h"

namespace ringpeer {
namespace {

using test::processor_time;
using testing::Bytes;
using testing::HostileShape;

constexpr std::size_t kHeapBound = std::size_t{2} << 20;
// The promise is 2 ms; debug builds are an order slower.
constexpr std::chrono::milliseconds kTimeBound{50};

DecodeOptions with_objects() { return {.allow_objects = true}; }

TEST(Hostile, HeapIsBounded) {
  // What is made once for the process: shared type records, the hash's key.
  for (const HostileShape& shape : testing::hostile_shapes()) {
    Variant value;
    (void)decode_variant(shape.bytes, &value, nullptr, with_objects());
  }
  for (const HostileShape& shape : testing::hostile_shapes()) {
    SCOPED_TRACE(shape.name);
    ASSERT_LE(shape.bytes.size(), kMaximumDatagramSize);
    Variant value;
    reset_most_bytes();
    const std::size_t held_before = heap_use().bytes;
    const auto start = processor_time();
    const Error error = decode_variant(shape.bytes, &value, nullptr, with_objects());
    const auto took = processor_time() - start;
    const std::size_t most_bytes = heap_use().most_bytes - held_before;
    EXPECT_EQ(error == Error::OK, shape.valid) << error_name(error);
    EXPECT_LE(most_bytes, kHeapBound);
    if (heap_use_is_counted()) {
      EXPECT_LE(took, kTimeBound);  // in a build without a sanitizer
    }
    value = Variant();
    EXPECT_EQ(heap_use().bytes, held_before);
  }
}

TEST(Hostile, ArenaIsBoundedAndSteady) {
  VariantArena arena;
  for (int round = 0; round < 2; ++round) {
    for (const HostileShape& shape : testing::hostile_shapes()) {
      SCOPED_TRACE(shape.name);
      const Variant* value = nullptr;
      const std::uint64_t allocations_before = heap_use().allocations;
      const Error error = arena.decode(shape.bytes, &value, nullptr, with_objects());
      EXPECT_EQ(error == Error::OK, shape.valid);
      EXPECT_EQ(value != nullptr, shape.valid);
      if (round == 1) {
        EXPECT_EQ(heap_use().allocations, allocations_before);
      }
      arena.reset();
    }
  }
  EXPECT_LE(arena.capacity(), 2 * kHeapBound);
}

// What is held, not only what is used.
TEST(Hostile, AnArenaHoldsNoMoreThanTheLimitForOneDatagram) {
  for (const HostileShape& shape : testing::hostile_shapes()) {
    VariantArena arena;
    const Variant* value = nullptr;
    (void)arena.decode(shape.bytes, &value, nullptr, with_objects());
    EXPECT_LE(arena.capacity(), kHeapBound) << shape.name;
  }
}

TEST(Hostile, ArenaAndEncodeAllocateNothingInSteadyState) {
  const Variant state =
      Dictionary{{"t", 1}, {"id", 7}, {"pos", Vector3{1, 2, 3}}, {"vel", Vector3{0, 0, 1}}};
  const testing::Bytes bytes = testing::encoded(state);
  testing::Bytes destination(bytes.size());
  VariantArena arena;
  const Variant* value = nullptr;
  ASSERT_EQ(arena.decode(bytes, &value, nullptr), Error::OK);
  arena.reset();
  const std::uint64_t allocations_before = heap_use().allocations;
  for (int i = 0; i < 100; ++i) {
    std::size_t size = 0;
    ASSERT_EQ(arena.decode(bytes, &value, nullptr), Error::OK);
    ASSERT_EQ(encode_variant(*value, destination, &size), Error::OK);
    ASSERT_EQ(size, bytes.size());
    arena.reset();
  }
  EXPECT_EQ(heap_use().allocations, allocations_before);
  EXPECT_EQ(destination, bytes);
}

TEST(Hostile, BudgetsAreChecked) {
  const auto shapes = testing::hostile_shapes();
  const auto decode_with = [&](std::size_t shape, DecodeLimits limits) {
    Variant value;
    return decode_variant(shapes[shape].bytes, &value, nullptr,
                          {.allow_objects = true, .limits = limits});
  };
  EXPECT_EQ(decode_with(0, {.nodes = 1000}), Error::ERR_OUT_OF_MEMORY);
  EXPECT_EQ(decode_with(0, {.bytes = 1000}), Error::ERR_OUT_OF_MEMORY);
  EXPECT_EQ(decode_with(shapes.size() - 1, {.depth = 1023}), Error::ERR_OUT_OF_MEMORY);
  const testing::Bytes packed = testing::from_hex("1d000000 04000000 01020304");
  Variant value;
  EXPECT_EQ(decode_variant(packed, &value, nullptr, {.limits = {.elements = 3}}),
            Error::ERR_OUT_OF_MEMORY);
  EXPECT_EQ(decode_variant(packed, &value, nullptr, {.limits = {.elements = 4}}), Error::OK);
}

// Sixteen times the bytes take sixteen times the allocations, or a constant more, and none of the
// operations takes longer than a bound that one of quadratic cost misses by far.
TEST(Hostile, EveryOperationIsBoundedByTheBytes) {
  constexpr std::size_t kSmall = std::size_t{4} << 10;
  constexpr std::size_t kLarge = std::size_t{64000};
  constexpr std::uint64_t kMaxAllocations = 2 * kLarge / kSmall;
  constexpr std::uint64_t kSteps = 64;  // of strings and indexes that grow
  const auto small_shapes = testing::shapes_of_size(kSmall);
  const auto large_shapes = testing::shapes_of_size(kLarge);
  for (std::size_t shape = 0; shape < small_shapes.size(); ++shape) {
    for (const testing::ValueOperation& operation : testing::kValueOperations) {
      SCOPED_TRACE(small_shapes[shape].name + ": " + operation.name);
      std::uint64_t allocations[2] = {};
      for (const bool large : {false, true}) {
        const Bytes& bytes = (large ? large_shapes : small_shapes)[shape].bytes;
        Variant value;
        Variant other;
        ASSERT_EQ(decode_variant(bytes, &value, nullptr, with_objects()), Error::OK);
        ASSERT_EQ(decode_variant(bytes, &other, nullptr, with_objects()), Error::OK);
        const testing::ReceivedValue received = {bytes, value, other};
        operation.run(received);  // what is made once for the process
        const std::uint64_t before = heap_use().allocations;
        const auto start = processor_time();
        operation.run(received);
        if (heap_use_is_counted()) {
          EXPECT_LE(processor_time() - start, 4 * kTimeBound);
        }
        allocations[large ? 1 : 0] = heap_use().allocations - before;
      }
      EXPECT_LE(allocations[1], kMaxAllocations * allocations[0] + kSteps);
    }
  }
}

TEST(Hostile, AWalkVisitsEachValueOnce) {
  for (const HostileShape& shape : testing::hostile_shapes()) {
    PacketView view;
    if (view.parse(shape.bytes, with_objects()) != Error::OK) continue;
    SCOPED_TRACE(shape.name);
    std::size_t values = 0;
    const std::uint8_t* last = nullptr;
    for (ViewWalk walk(view.value()); walk.next(); ++values) {
      ASSERT_GT(walk.value().at(), last);
      last = walk.value().at();
    }
    // As many as decoding counts: one less is too few.
    Variant value;
    const DecodeOptions enough = {.allow_objects = true, .limits = {.nodes = values}};
    const DecodeOptions too_few = {.allow_objects = true, .limits = {.nodes = values - 1}};
    EXPECT_EQ(decode_variant(shape.bytes, &value, nullptr, enough), Error::OK);
    EXPECT_EQ(decode_variant(shape.bytes, &value, nullptr, too_few), Error::ERR_OUT_OF_MEMORY);
  }
}

// Whether an object has a script is looked for once, not again for each object that it is in.
TEST(Hostile, AWalkLooksThroughNestedObjectsOnce) {
  constexpr std::size_t kStreamPacket = std::size_t{1} << 20;
  for (const std::size_t size : {std::size_t{64000}, kStreamPacket}) {
    const Bytes bytes = testing::scripts_in_scripts(size);
    const DecodeOptions options = {.allow_objects = true, .limits = DecodeLimits::for_size(size)};
    PacketView view;
    ASSERT_EQ(view.parse(bytes, options), Error::OK);
    std::size_t objects = 0;
    const auto start = processor_time();
    for (ViewWalk walk(view.value()); walk.next();) {
      if (walk.value().type() == VariantType::OBJECT) ++objects;
    }
    if (heap_use_is_counted()) {
      EXPECT_LE(processor_time() - start, 4 * kTimeBound);
    }
    EXPECT_EQ(objects, std::min(kMaximumDepth / 2 - 1, size / 76 / 2));
  }
}

// A key goes from level to level as it is.
TEST(Hostile, ATextOfTypedKeysInTypedKeysIsReadInTime) {
  constexpr std::size_t kLevels = 800;
  std::string text;
  for (std::size_t i = 0; i < kLevels; ++i) text += "Dictionary[Dictionary, int]({";
  text += "{1: [";
  for (int i = 0; i < 16000; ++i) text += "1,";
  text += "]}";
  for (std::size_t i = 0; i < kLevels; ++i) text += ": 1})";
  Variant value;
  const auto start = processor_time();
  ASSERT_EQ(str_to_var(text, &value), Error::OK);
  if (heap_use_is_counted()) {
    EXPECT_LE(processor_time() - start, 4 * kTimeBound);
  }
  EXPECT_EQ(value.get<Dictionary>().begin()->value, Variant(1));
}

// Each name is looked for once, not compared with all before it.
TEST(Hostile, ATextOfManyPropertiesIsReadInTime) {
  constexpr int kProperties = 60000;
  constexpr std::chrono::seconds kBound{3};  // comparing with all takes minutes here
  std::string text = "Object(A,";
  for (int i = 0; i < kProperties; ++i)
    text += '"' + std::to_string(i) +
            "\":"
            "1,";
  text += "\"7\":2)";
  Variant value;
  const auto start = processor_time();
  ASSERT_EQ(str_to_var(text, &value), Error::OK);
  EXPECT_LE(processor_time() - start, kBound);
  const auto& properties = value.ref<Object>().properties();
  ASSERT_EQ(properties.size(), static_cast<std::size_t>(kProperties));
  EXPECT_EQ(properties[7].value, Variant(2));
}

// --- The stack ---

// What a container of each kind looks like around another value.
std::string nested_text(std::string_view before, std::string_view after, std::size_t levels) {
  std::string text;
  for (std::size_t i = 0; i < levels; ++i) text += before;
  text += "1";
  for (std::size_t i = 0; i < levels; ++i) text += after;
  return text;
}

std::vector<Variant> deep_texts_read() {
  std::vector<Variant> values;
  for (const auto& [before, after] :
       {std::pair("[", "]"), std::pair("{1: ", "}"), std::pair("{", ": 1}"),
        std::pair("Object(A,\"b\":", ")"), std::pair("Array[Array]([", "])")}) {
    if (str_to_var(nested_text(before, after, kMaximumDepth), &values.emplace_back()) !=
        Error::OK) {
      values.clear();
      return values;
    }
  }
  return values;
}

bool everything_works_with(const Variant& value) {
  const Variant copy = value;
  if (!(copy == value)) return false;
  Dictionary as_key;
  as_key[Variant(Array{value})] = 1;
  if (hash_key(value) != hash_key(copy)) return false;
  const Variant converted = Array(ContainerType::builtin(VariantType::ARRAY), {value});
  return testing::encoded(copy) == testing::encoded(value) && !var_to_str(value).empty();
}

bool everything_works_with(const testing::Bytes& bytes) {
  Variant value;
  if (decode_variant(bytes, &value, nullptr, with_objects()) != Error::OK) return true;
  VariantArena arena;
  const Variant* in_arena = nullptr;
  PacketView view;
  return everything_works_with(value) &&
         arena.decode(bytes, &in_arena, nullptr, with_objects()) == Error::OK &&
         *in_arena == value && view.parse(bytes, with_objects()) == Error::OK &&
         view.value().to_variant() == value;
}

// Everything a peer can nest must fit a small thread's stack.
bool use_deep_values() {
  for (const HostileShape& shape : testing::hostile_shapes()) {
    if (!everything_works_with(shape.bytes)) return false;
  }
  const std::vector<Variant> texts = deep_texts_read();
  return !texts.empty() && std::all_of(texts.begin(), texts.end(), [](const Variant& value) {
    return everything_works_with(value);
  });
}

TEST(Hostile, DepthFitsASmallStack) {
  testing::on_small_stack([] { EXPECT_TRUE(use_deep_values()); });
}

}  // namespace
}  // namespace ringpeer
