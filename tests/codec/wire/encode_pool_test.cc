#include "ringpeer/codec/wire/encode_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/pooled_encoding.h"

namespace ringpeer {
namespace {

TEST(EncodePool, GivesTheSmallestClassThatHoldsTheSize) {
  EncodePool pool;
  EXPECT_EQ(pool.lease(0).size(), 1024u);
  EXPECT_EQ(pool.lease(1024).size(), 1024u);
  EXPECT_EQ(pool.lease(1025).size(), 2048u);
  EXPECT_EQ(pool.lease(32768).size(), 32768u);
  EXPECT_EQ(pool.lease(32769).size(), 65536u);
  EXPECT_EQ(pool.lease(65536).size(), 65536u);
}

TEST(PooledEncoding, IsEmptyAndUsableAfterAMove) {
  EncodePool pool;
  for (const std::size_t size : {10u, 100'000u}) {
    const Variant value = PackedByteArray(std::vector<std::uint8_t>(size, 7));
    PooledEncoding first;
    ASSERT_EQ(first.encode(&pool, value, 1u << 20, {}, 1u << 20), Error::OK);
    const std::vector<std::uint8_t> bytes(first.bytes().begin(), first.bytes().end());
    PooledEncoding second = std::move(first);
    PooledEncoding third;
    third = std::move(second);
    EXPECT_TRUE(std::ranges::equal(third.bytes(), bytes));
    // NOLINTBEGIN(bugprone-use-after-move): that is what this looks at
    for (PooledEncoding* moved_from : {&first, &second}) {
      EXPECT_TRUE(moved_from->bytes().empty());
      EXPECT_EQ(moved_from->capacity(), 0u);
      moved_from->shrink();
      ASSERT_EQ(moved_from->encode(&pool, value, 1u << 20, {}, 1u << 20), Error::OK);
      EXPECT_TRUE(std::ranges::equal(moved_from->bytes(), bytes));
    }
    // NOLINTEND(bugprone-use-after-move)
  }
}

TEST(EncodePool, BeyondTheLargestClassTheLeaseIsEmpty) {
  EncodePool pool;
  const EncodePool::Lease lease = pool.lease(65537);
  EXPECT_FALSE(lease);
  EXPECT_EQ(lease.data(), nullptr);
  EXPECT_EQ(lease.size(), 0u);
}

TEST(EncodePool, AThreadFindsTheBufferItHadLast) {
  EncodePool pool;
  const std::uint8_t* const first = pool.lease(100).data();
  EXPECT_EQ(pool.lease(100).data(), first);
  // Another thread begins elsewhere.
  const std::uint8_t* other = nullptr;
  std::thread([&] { other = pool.lease(100).data(); }).join();
  EXPECT_NE(other, nullptr);
  EXPECT_NE(other, first);
  EXPECT_EQ(pool.lease(100).data(), first);
}

TEST(EncodePool, PrefilledBuffersAreTakenBeforeAnyIsMade) {
  EncodePool pool({.prefilled_per_class = 3, .kept_per_class = 5});
  std::vector<EncodePool::Lease> leases;
  for (int i = 0; i < 3; ++i) leases.push_back(pool.lease(1));
  EXPECT_EQ(pool.statistics()[0].grown, 0u);
  EXPECT_EQ(pool.statistics()[0].leases, 3u);
  EXPECT_EQ(pool.statistics()[0].prefilled, 3u);
  EXPECT_EQ(pool.statistics()[1].leases, 0u);
}

TEST(EncodePool, GrowthIsCountedAndKeptUpToTheLimit) {
  EncodePool pool({.prefilled_per_class = 1, .kept_per_class = 3});
  std::vector<EncodePool::Lease> leases;
  std::set<const std::uint8_t*> distinct;
  for (int i = 0; i < 5; ++i) {
    leases.push_back(pool.lease(1));
    distinct.insert(leases.back().data());
  }
  EXPECT_EQ(distinct.size(), 5u);
  EXPECT_EQ(pool.statistics()[0].grown, 2u);
  EXPECT_EQ(pool.statistics()[0].unkept, 2u);
  EXPECT_EQ(pool.statistics()[0].leases, 5u);
  leases.clear();
  // Three were kept, so three leases at once need no new buffer.
  for (int i = 0; i < 3; ++i) leases.push_back(pool.lease(1));
  EXPECT_EQ(pool.statistics()[0].unkept, 2u);
  leases.push_back(pool.lease(1));
  EXPECT_EQ(pool.statistics()[0].unkept, 3u);
  EXPECT_EQ(pool.statistics()[0].leases, 9u);
}

TEST(EncodePool, APoolWithoutAnyKeptBufferStillServes) {
  EncodePool pool({.prefilled_per_class = 0, .kept_per_class = 0});
  const EncodePool::Lease lease = pool.lease(10);
  ASSERT_TRUE(lease);
  std::memset(lease.data(), 1, lease.size());
  EXPECT_EQ(pool.statistics()[0].unkept, 1u);
}

TEST(EncodePool, MovingALeaseMovesTheBuffer) {
  EncodePool pool({.prefilled_per_class = 1, .kept_per_class = 1});
  EncodePool::Lease first = pool.lease(1);
  std::uint8_t* const data = first.data();
  EncodePool::Lease second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): the moved-from state is promised.
  EXPECT_EQ(second.data(), data);
  second = EncodePool::Lease();
  EXPECT_EQ(pool.lease(1).data(), data);
  EXPECT_EQ(pool.statistics()[0].unkept, 0u);
}

// Every thread writes its mark all over its buffers and finds it untouched: no
// buffer is ever held twice, and nothing is lost (no growth beyond what is held).
TEST(EncodePool, NoBufferIsHeldByTwoThreads) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20000;
  constexpr std::size_t kHeld = 3;
  EncodePool pool({.prefilled_per_class = 2, .kept_per_class = kThreads * kHeld});
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&pool, &wrong, thread] {
      const auto mark = static_cast<std::uint8_t>(thread + 1);
      std::vector<EncodePool::Lease> held(kHeld);
      for (int round = 0; round < kRounds; ++round) {
        EncodePool::Lease& lease = held[static_cast<std::size_t>(round) % kHeld];
        if (lease) {
          if (lease.data()[0] != mark || lease.data()[1023] != mark) ++wrong;
          lease.reset();
        }
        lease = pool.lease(1024);
        lease.data()[0] = mark;
        lease.data()[1023] = mark;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  const EncodePool::ClassStatistics statistics = pool.statistics()[0];
  EXPECT_EQ(statistics.leases, std::uint64_t{kThreads} * kRounds);
  // A search may pass a buffer just before it comes back, and grow; never beyond what
  // may be kept, as long as no more are held.
  EXPECT_LE(statistics.prefilled + statistics.grown, kThreads * kHeld);
}

// Buffers leased on one thread and given back on another (a send queue does that).
TEST(EncodePool, ABufferMayBeGivenBackByAnotherThread) {
  EncodePool pool({.prefilled_per_class = 1, .kept_per_class = 4});
  for (int round = 0; round < 200; ++round) {
    EncodePool::Lease lease = pool.lease(1);
    lease.data()[0] = static_cast<std::uint8_t>(round);
    std::thread([moved = std::move(lease)]() mutable { moved.reset(); }).join();
  }
  EXPECT_EQ(pool.statistics()[0].grown, 0u);
}

// Sizes around Godot's: exactly encode_buffer_max_size passes, one word more does not.
TEST(PooledEncoding, ErrorsAreGodots) {
  constexpr std::size_t kDefaultMaximum = std::size_t{8} << 20;
  EncodePool pool;
  PooledEncoding encoding;
  // A String takes eight bytes and its padded text.
  EXPECT_EQ(encoding.encode(&pool, std::string(1016, '*'), 1024), Error::OK);
  EXPECT_EQ(encoding.bytes().size(), 1024u);
  EXPECT_EQ(encoding.encode(&pool, std::string(1017, '*'), 1024), Error::ERR_OUT_OF_MEMORY);
  EXPECT_TRUE(encoding.bytes().empty());
  EXPECT_EQ(encoding.encode(&pool, std::string(65496, '*'), kDefaultMaximum), Error::OK);
  EXPECT_EQ(encoding.bytes().size(), 65504u);
  // Fits the buffer, but no datagram.
  EXPECT_EQ(encoding.encode(&pool, std::string(65500, '*'), kDefaultMaximum), Error::FAILED);
  EXPECT_EQ(encoding.encode(&pool, std::string(kDefaultMaximum - 8, '*'), kDefaultMaximum),
            Error::FAILED);
  EXPECT_EQ(encoding.encode(&pool, std::string(kDefaultMaximum - 7, '*'), kDefaultMaximum),
            Error::ERR_OUT_OF_MEMORY);
}

TEST(PooledEncoding, NestedTooDeeplyIsOutOfMemory) {
  EncodePool pool;
  PooledEncoding encoding;
  Variant value = Array();
  for (int depth = 0; depth < 1024; ++depth) {
    Array outer;
    outer.push_back(std::move(value));
    value = std::move(outer);
  }
  EXPECT_EQ(encoding.encode(&pool, value, std::size_t{8} << 20), Error::OK);
  Array outer;
  outer.push_back(std::move(value));
  EXPECT_EQ(encoding.encode(&pool, outer, std::size_t{8} << 20), Error::ERR_OUT_OF_MEMORY);
}

TEST(PooledEncoding, ShrinkingMovesTheBytesIntoTheSmallestBuffer) {
  EncodePool pool;
  PooledEncoding encoding;
  ASSERT_EQ(encoding.encode(&pool, "hello", 65536), Error::OK);
  EXPECT_EQ(encoding.capacity(), 65536u);
  const std::vector<std::uint8_t> bytes(encoding.bytes().begin(), encoding.bytes().end());
  encoding.shrink();
  EXPECT_EQ(encoding.capacity(), 1024u);
  EXPECT_TRUE(
      std::equal(bytes.begin(), bytes.end(), encoding.bytes().begin(), encoding.bytes().end()));
  // The next encoding needs a large one again.
  ASSERT_EQ(encoding.encode(&pool, std::string(5000, '*'), 65536), Error::OK);
  EXPECT_EQ(encoding.bytes().size(), 5008u);
}

}  // namespace
}  // namespace ringpeer
