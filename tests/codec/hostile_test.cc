// What one hostile datagram can cost: heap, and time with a wide margin (the benchmark
// shows the real one).

#include <gtest/gtest.h>
#include <pthread.h>

#include <chrono>
#include <ctime>
#include <memory>

#include "ringpeer/codec/arena_decode.h"
#include "ringpeer/codec/decode.h"
#include "ringpeer/codec/encode.h"
#include "tests/codec/allocation_counter.h"
#include "tests/codec/hostile_shapes.h"

namespace ringpeer {
namespace {

using testing::HostileShape;

constexpr std::size_t kHeapBound = std::size_t{2} << 20;
// The promise is 2 ms; debug builds are an order slower.
constexpr std::chrono::milliseconds kTimeBound{50};

// This thread's; what others do on a busy machine is not counted.
std::chrono::nanoseconds processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

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

// Everything a peer can nest must fit a small thread's stack.
void* round_trip_at_depth(void*) {
  for (const HostileShape& shape : testing::hostile_shapes()) {
    Variant value;
    if (decode_variant(shape.bytes, &value, nullptr, with_objects()) != Error::OK) continue;
    const Variant copy = value;
    if (!(copy == value)) return nullptr;
    if (testing::encoded(copy) != testing::encoded(value)) return nullptr;
  }
  static int done = 0;
  return &done;
}

TEST(Hostile, DepthFitsASmallStack) {
#ifdef __OPTIMIZE__
  constexpr std::size_t kPlainStack = std::size_t{512} << 10;
#else
  constexpr std::size_t kPlainStack = std::size_t{1} << 20;
#endif
  constexpr std::size_t kInstrumentedStack = std::size_t{16} << 20;  // larger frames
  // The sanitizers that bring a heap bring larger frames as well.
  const std::size_t stack = heap_use_is_counted() ? kPlainStack : kInstrumentedStack;
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, stack), 0);
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &attributes, round_trip_at_depth, nullptr), 0);
  void* result = nullptr;
  ASSERT_EQ(pthread_join(thread, &result), 0);
  EXPECT_NE(result, nullptr);
  pthread_attr_destroy(&attributes);
}

}  // namespace
}  // namespace ringpeer
