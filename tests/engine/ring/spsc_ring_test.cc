#include "ringpeer/engine/ring/spsc_ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>

namespace ringpeer::ring {
namespace {

using Clock = std::chrono::steady_clock;

// A torture run ends after this, whatever the machine's speed.
constexpr std::chrono::milliseconds kTortureTime{250};

TEST(SpscRing, RoundsTheCapacityUpToAPowerOfTwo) {
  EXPECT_EQ(SpscRing<int>(1).capacity(), 1u);
  EXPECT_EQ(SpscRing<int>(2).capacity(), 2u);
  EXPECT_EQ(SpscRing<int>(3).capacity(), 4u);
  EXPECT_EQ(SpscRing<int>(64).capacity(), 64u);
  EXPECT_EQ(SpscRing<int>(65).capacity(), 128u);
}

TEST(SpscRing, SaysBeforehandWhetherPushesWillSucceed) {
  SpscRing<int> ring(4);
  EXPECT_TRUE(ring.has_free_slots(4));
  EXPECT_FALSE(ring.has_free_slots(5));
  ring.push(1);
  EXPECT_TRUE(ring.has_free_slots(3));
  EXPECT_FALSE(ring.has_free_slots(4));
}

// The indices wrap with their type, so a ring that is about to wrap must behave like
// a fresh one.
class SpscRingFrom : public testing::TestWithParam<std::size_t> {};

TEST_P(SpscRingFrom, HandsOverInOrder) {
  SpscRing<int> ring(4, GetParam());
  int next_in = 0;
  int next_out = 0;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 1 + round % 4; ++i) ASSERT_TRUE(ring.push(next_in++));
    ring.publish();
    ASSERT_EQ(ring.size(), static_cast<std::size_t>(next_in - next_out));
    while (const int* value = ring.front()) {
      ASSERT_EQ(*value, next_out++);
      ring.pop();
    }
    ASSERT_EQ(next_out, next_in);
    ASSERT_EQ(ring.size(), 0u);
  }
}

TEST_P(SpscRingFrom, ShowsNothingBeforeItIsPublished) {
  SpscRing<int> ring(4, GetParam());
  ASSERT_TRUE(ring.push(7));
  EXPECT_EQ(ring.front(), nullptr);
  EXPECT_EQ(ring.size(), 0u);
  ring.publish();
  ASSERT_NE(ring.front(), nullptr);
  EXPECT_EQ(*ring.front(), 7);
  EXPECT_EQ(ring.size(), 1u);
}

TEST_P(SpscRingFrom, RefusesWhatDoesNotFitAndLosesNothing) {
  SpscRing<int> ring(4, GetParam());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(ring.push(i));
  EXPECT_FALSE(ring.push(4));
  EXPECT_FALSE(ring.has_free_slots());
  ring.publish();
  EXPECT_FALSE(ring.push(4));
  ASSERT_EQ(*ring.front(), 0);
  ring.pop();
  EXPECT_TRUE(ring.push(4));
  EXPECT_FALSE(ring.push(5));
  ring.publish();
  for (int expected = 1; expected <= 4; ++expected) {
    ASSERT_NE(ring.front(), nullptr);
    EXPECT_EQ(*ring.front(), expected);
    ring.pop();
  }
  EXPECT_EQ(ring.front(), nullptr);
}

// Past the first slots, an empty ring may start again at its beginning.
TEST_P(SpscRingFrom, GoesOnInOrderAfterARewind) {
  constexpr std::size_t kCapacity = 2048;
  SpscRing<std::size_t> ring(kCapacity, GetParam());
  std::size_t pushed = 0;
  std::size_t popped = 0;
  const auto push = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(ring.push(pushed++));
    ring.publish();
  };
  const auto pop = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_NE(ring.front(), nullptr);
      ASSERT_EQ(*ring.front(), popped++);
      ring.pop();
    }
  };
  std::size_t* lowest = nullptr;
  for (const std::size_t count : {std::size_t{600}, std::size_t{1}, kCapacity, std::size_t{900}}) {
    ring.rewind_if_empty();
    EXPECT_EQ(ring.size(), 0u);
    EXPECT_TRUE(ring.has_free_slots(kCapacity));
    push(count);
    EXPECT_EQ(ring.size(), count);
    EXPECT_EQ(ring.has_free_slots(), count < kCapacity);
    EXPECT_FALSE(ring.has_free_slots(kCapacity - count + 1));
    if (count == 1) lowest = ring.front();
    pop(count - 1);
    ring.rewind_if_empty();  // it is not: nothing changes
    EXPECT_EQ(ring.size(), 1u);
    pop(1);
    EXPECT_EQ(ring.front(), nullptr);
  }
  ASSERT_NE(lowest, nullptr);
  // Few at a time, for longer than the ring has slots, stay near its beginning.
  for (std::size_t i = 0; i < 10 * kCapacity; ++i) {
    ring.rewind_if_empty();
    push(1);
    ASSERT_LT(ring.front() - lowest, 600) << i;
    pop(1);
  }
}

TEST_P(SpscRingFrom, FrontIsTheSameUntilPopped) {
  SpscRing<int> ring(2, GetParam());
  ring.push(1);
  ring.push(2);
  ring.publish();
  EXPECT_EQ(ring.front(), ring.front());
  EXPECT_EQ(*ring.front(), 1);
  ring.pop();
  EXPECT_EQ(*ring.front(), 2);
}

INSTANTIATE_TEST_SUITE_P(StartIndices, SpscRingFrom,
                         testing::Values(std::size_t{0}, std::size_t{1}, SIZE_MAX / 2, SIZE_MAX - 5,
                                         SIZE_MAX - 1, SIZE_MAX));

// Makes a side slow now and then: a yield, a busy moment, a nap.
class Stalls {
 public:
  explicit Stalls(unsigned seed) : random_(seed) {}
  void maybe() {
    const unsigned die = random_() % 256;
    if (die == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
    if (die < 32) std::this_thread::yield();
    if (die >= 32 && die < 48) {
      for (int i = 0; i < 200; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  }
  unsigned up_to(unsigned most) { return random_() % most + 1; }

 private:
  std::minstd_rand random_;
};

struct Item {
  std::uint64_t sequence;
  std::uint64_t check;  // a torn or stale slot does not match
};

class SpscRingTorture : public testing::TestWithParam<std::size_t> {};

TEST_P(SpscRingTorture, KeepsEveryElementInOrderBetweenTwoThreads) {
  const std::size_t capacity = GetParam();
  // Starts so that the indices wrap early in the run.
  SpscRing<Item> ring(capacity, SIZE_MAX - 37);
  std::atomic<bool> producer_done{false};
  std::atomic<bool> all_done{false};
  std::uint64_t produced = 0;

  std::thread producer([&] {
    Stalls stalls(1);
    const auto deadline = Clock::now() + kTortureTime;
    while (Clock::now() < deadline) {
      ring.rewind_if_empty();
      // Now and then nothing at all, as when every datagram of a run is refused.
      const unsigned most = static_cast<unsigned>(capacity);
      for (unsigned left = stalls.up_to(4) == 1 ? 0 : stalls.up_to(most); left > 0; --left) {
        if (!ring.push({produced, ~produced * 31})) break;
        ++produced;
      }
      ring.publish();
      stalls.maybe();
    }
    producer_done.store(true, std::memory_order_release);
  });
  std::uint64_t impossible_sizes = 0;
  std::thread observer([&] {
    while (!all_done.load(std::memory_order_acquire)) {
      if (ring.size() > ring.capacity()) ++impossible_sizes;
      std::this_thread::yield();
    }
  });

  Stalls stalls(2);
  std::uint64_t expected = 0;
  std::uint64_t wrong = 0;
  std::uint64_t too_large_promises = 0;
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (Clock::now() < deadline) {
    const bool was_done = producer_done.load(std::memory_order_acquire);
    const std::size_t promised = ring.size();
    if (promised > capacity) ++too_large_promises;
    const bool takes_all = stalls.up_to(2) == 1;  // and not only what was promised
    for (std::size_t i = 0; takes_all || i < promised; ++i) {
      const Item* item = ring.front();
      if (item == nullptr) {
        if (i < promised) ++too_large_promises;
        break;
      }
      if (item->sequence != expected || item->check != ~expected * 31) ++wrong;
      ++expected;
      ring.pop();
    }
    if (was_done && promised == 0) break;
    stalls.maybe();
  }
  all_done.store(true, std::memory_order_release);
  producer.join();
  observer.join();
  EXPECT_GT(produced, 0u);
  EXPECT_EQ(expected, produced);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(too_large_promises, 0u);
  EXPECT_EQ(impossible_sizes, 0u) << "to a third thread";
  EXPECT_EQ(ring.size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Capacities, SpscRingTorture, testing::Values(1, 2, 4, 64, 1024, 4096));

}  // namespace
}  // namespace ringpeer::ring
