// Datagrams in and out by a clock of the test's own: order, rate, queue, bounds, and that each is
// accounted for.

#include "ringpeer/tools/impairment/impairer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace ringpeer::tools {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Clock = Impairer::Clock;
using Bytes = std::vector<std::uint8_t>;

constexpr Clock::time_point kStart{std::chrono::seconds(1000)};

Bytes numbered(std::uint32_t number, std::size_t size = 100) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < 4 && i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return bytes;
}

std::uint32_t number_of(const Bytes& bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number |= static_cast<std::uint32_t>(bytes[i]) << (8 * i);
  return number;
}

struct Bench {
  explicit Bench(const Impairment& impairment, std::uint64_t seed = 1)
      : impairments{impairment, impairment},
        impairer(impairments),
        flow(impairments[0], seed, 1, Direction::kToServer) {}

  // The numbers of those that leave until then, each at the time when it is due.
  std::vector<std::uint32_t> leave_until(Clock::time_point end) {
    std::vector<std::uint32_t> numbers;
    while (!impairer.is_empty() && impairer.next_due() <= end) {
      const Clock::time_point now = impairer.next_due();
      const auto traveller = impairer.take_due(now);
      numbers.push_back(number_of(traveller->payload));
      impairer.left(*traveller, true, now);
    }
    return numbers;
  }

  ImpairCounts counts() const { return impairer.counts(Direction::kToServer); }

  Impairer::Impairments impairments;
  Impairer impairer;
  Flow flow;
};

std::vector<std::uint32_t> first(std::uint32_t count) {
  std::vector<std::uint32_t> numbers(count);
  for (std::uint32_t i = 0; i < count; ++i) numbers[i] = i;
  return numbers;
}

TEST(ImpairerTest, WithoutJitterTheOrderStays) {
  for (const int delay : {0, 1, 50}) {
    Impairment impairment;
    impairment.delay = milliseconds(delay);
    Bench bench(impairment);
    // Many of one instant among them.
    for (std::uint32_t i = 0; i < 1000; ++i) {
      bench.impairer.arrive(bench.flow, numbered(i), kStart + milliseconds(i / 10));
    }
    EXPECT_EQ(bench.leave_until(Clock::time_point::max()), first(1000)) << delay;
    EXPECT_EQ(bench.counts().reordered, 0U);
    EXPECT_EQ(bench.counts().added_delay.max(), milliseconds(delay));
    EXPECT_EQ(bench.counts().added_delay.min(), milliseconds(delay));
  }
}

TEST(ImpairerTest, JitterReordersUnlessToldNotTo) {
  Impairment impairment;
  impairment.delay = milliseconds(50);
  impairment.jitter = milliseconds(20);
  for (const bool keep_order : {false, true}) {
    impairment.keep_order = keep_order;
    Bench bench(impairment);
    for (std::uint32_t i = 0; i < 1000; ++i) {
      bench.impairer.arrive(bench.flow, numbered(i), kStart + milliseconds(i));
    }
    const auto numbers = bench.leave_until(Clock::time_point::max());
    EXPECT_EQ(numbers == first(1000), keep_order);
    EXPECT_EQ(bench.counts().reordered == 0, keep_order);
    EXPECT_GE(bench.counts().added_delay.min(), milliseconds(30));
  }
}

TEST(ImpairerTest, OneThatIsHeldBackLeavesAfterTheNext) {
  Impairment impairment;
  impairment.reorder = 1;
  Bench bench(impairment);
  for (std::uint32_t i = 0; i < 6; ++i) {
    bench.impairer.arrive(bench.flow, numbered(i), kStart + milliseconds(i));
  }
  EXPECT_EQ(bench.leave_until(kStart + milliseconds(10)),
            (std::vector<std::uint32_t>{1, 0, 3, 2, 5, 4}));
  EXPECT_EQ(bench.counts().reordered, 3U);
}

TEST(ImpairerTest, OneThatIsHeldBackAndNotFollowedLeavesNevertheless) {
  Impairment impairment;
  impairment.reorder = 1;
  impairment.delay = milliseconds(5);
  Bench bench(impairment);
  bench.impairer.arrive(bench.flow, numbered(0), kStart);
  const Clock::time_point due = kStart + milliseconds(5) + Impairer::kMaxHeldBack;
  EXPECT_TRUE(bench.leave_until(due - microseconds(1)).empty());
  EXPECT_EQ(bench.leave_until(due), first(1));
  EXPECT_EQ(bench.counts().reordered, 0U);
  // It is gone: the next one is held back for itself.
  bench.impairer.arrive(bench.flow, numbered(1), due);
  EXPECT_TRUE(bench.leave_until(due + milliseconds(50)).empty());
  EXPECT_EQ(bench.leave_until(due + std::chrono::seconds(1)).size(), 1U);
}

// Its copy is not "the next one".
TEST(ImpairerTest, ACopyDoesNotLetGoWhatIsHeldBack) {
  Impairment impairment;
  impairment.reorder = 1;
  impairment.duplicate = 1;
  Bench bench(impairment);
  bench.impairer.arrive(bench.flow, numbered(0), kStart);
  EXPECT_EQ(bench.leave_until(kStart), (std::vector<std::uint32_t>{0}));
  bench.impairer.arrive(bench.flow, numbered(1), kStart);
  EXPECT_EQ(bench.leave_until(kStart), (std::vector<std::uint32_t>{1, 0, 1}));
  EXPECT_EQ(bench.counts().duplicated, 2U);
  EXPECT_EQ(bench.counts().unaccounted(), 0);
}

TEST(ImpairerTest, ALinkCarriesItsRateAndNoMore) {
  Impairment impairment;
  // A millisecond for each of 100 bytes and the headers.
  impairment.bits_per_second = (100 + Link::kHeaderBytes) * 8 * 1000;
  impairment.queue = 10;
  Bench bench(impairment);
  for (std::uint32_t i = 0; i < 30; ++i) {
    bench.impairer.arrive(bench.flow, numbered(i), kStart);
  }
  // One is on the link and ten wait.
  EXPECT_EQ(bench.counts().queue_full, 19U);
  for (int i = 1; i <= 11; ++i) {
    EXPECT_EQ(bench.leave_until(kStart + milliseconds(i) - microseconds(1)).size(), 0U) << i;
    EXPECT_EQ(bench.leave_until(kStart + milliseconds(i)).size(), 1U) << i;
  }
  EXPECT_TRUE(bench.impairer.is_empty());
  // At its rate, everything goes through for as long as it comes.
  const Clock::time_point later = kStart + std::chrono::seconds(1);
  std::size_t left = 0;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    bench.impairer.arrive(bench.flow, numbered(i), later + milliseconds(i));
    left += bench.leave_until(later + milliseconds(i)).size();
  }
  EXPECT_EQ(left, 1999U);
  EXPECT_EQ(bench.counts().queue_full, 19U);
  EXPECT_EQ(bench.counts().unaccounted(), 0);
}

TEST(ImpairerTest, EachClientHasALinkOfItsOwn) {
  Impairment impairment;
  impairment.bits_per_second = 1000;
  impairment.queue = 1;
  Bench bench(impairment);
  Flow other(bench.impairments[0], 1, 2, Direction::kToServer);
  for (std::uint32_t i = 0; i < 5; ++i) bench.impairer.arrive(bench.flow, numbered(i), kStart);
  EXPECT_EQ(bench.counts().queue_full, 3U);
  bench.impairer.arrive(other, numbered(0), kStart);
  EXPECT_EQ(bench.counts().queue_full, 3U);
}

TEST(ImpairerTest, MemoryIsBounded) {
  Impairment impairment;
  impairment.delay = std::chrono::seconds(60);
  Bench bench(impairment);
  const Bytes large = numbered(0, 65'000);
  const std::size_t fit = Impairer::kMaxWaitingBytes / (large.size() + Impairer::kTravellerBytes);
  for (std::size_t i = 0; i < fit + 100; ++i) {
    bench.impairer.arrive(bench.flow, large, kStart);
  }
  EXPECT_EQ(bench.counts().waiting, fit + 1);
  EXPECT_EQ(bench.counts().relay_full, 99U);
  EXPECT_EQ(bench.counts().unaccounted(), 0);
  // What has left makes room.
  EXPECT_EQ(bench.leave_until(kStart + std::chrono::seconds(60)).size(), fit + 1);
  bench.impairer.arrive(bench.flow, large, kStart + std::chrono::seconds(61));
  EXPECT_EQ(bench.counts().relay_full, 99U);
}

TEST(ImpairerTest, WhatIsCutAndTurnedIsWhatTheFatesSay) {
  Impairment impairment;
  impairment.truncate = 0.5;
  impairment.corrupt = 0.5;
  Bench bench(impairment, 3);
  Fates fates(impairment, 3, 1, Direction::kToServer);
  std::uint64_t truncated = 0;
  std::uint64_t corrupted = 0;
  const Bytes sent(100, 0x55);
  for (int i = 0; i < 1000; ++i) {
    bench.impairer.arrive(bench.flow, sent, kStart);
    const auto traveller = bench.impairer.take_due(kStart);
    bench.impairer.left(*traveller, true, kStart);
    const Fate fate = fates.next(sent.size());
    Bytes expected(sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(fate.size));
    if (fate.turned_bit) expected[*fate.turned_bit / 8] ^= 1 << (*fate.turned_bit % 8);
    ASSERT_EQ(traveller->payload, expected);
    truncated += fate.size < sent.size() ? 1 : 0;
    corrupted += fate.turned_bit ? 1 : 0;
  }
  EXPECT_EQ(bench.counts().truncated, truncated);
  EXPECT_EQ(bench.counts().corrupted, corrupted);
  EXPECT_GT(truncated, 400U);
  EXPECT_GT(corrupted, 400U);
}

// When they come, and how many clients there are beside, decides nothing.
TEST(ImpairerTest, TheTimingDecidesNothing) {
  Impairment impairment;
  impairment.loss = 0.3;
  impairment.burst = 2;
  impairment.duplicate = 0.2;
  impairment.truncate = 0.1;
  const auto arrivals = [&](std::uint64_t pace) {
    Bench bench(impairment, 9);
    Flow other(bench.impairments[0], 9, 2, Direction::kToServer);
    std::mt19937_64 random(pace);
    std::vector<std::pair<std::uint32_t, std::size_t>> all;
    Clock::time_point now = kStart;
    for (std::uint32_t i = 0; i < 2000; ++i) {
      now += microseconds(random() % (pace * 1000));
      bench.impairer.arrive(bench.flow, numbered(i), now);
      for (std::uint64_t j = random() % pace; j > 0; --j) {
        bench.impairer.arrive(other, numbered(0), now);
      }
      while (const auto traveller = bench.impairer.take_due(now)) {
        if (traveller->flow == &bench.flow) {
          all.emplace_back(static_cast<std::uint32_t>(traveller->index), traveller->payload.size());
        }
        bench.impairer.left(*traveller, true, now);
      }
    }
    return all;
  };
  EXPECT_EQ(arrivals(1), arrivals(7));
}

// Random settings, traffic, refusals and ends: everything is somewhere.
TEST(ImpairerTest, EachDatagramIsAccountedFor) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    std::mt19937_64 random(seed);
    const auto share = [&] {
      return random() % 3 == 0 ? 0.0 : static_cast<double>(random() % 100) / 100;
    };
    Impairment impairment;
    impairment.loss = share();
    impairment.duplicate = share();
    impairment.reorder = share();
    impairment.truncate = share();
    impairment.corrupt = share();
    impairment.delay = milliseconds(random() % 20);
    impairment.jitter = milliseconds(random() % 20);
    impairment.keep_order = random() % 2 == 0;
    if (random() % 2 == 0)
      impairment.bits_per_second = static_cast<double>(1000 * (1 + random() % 3000));
    impairment.queue = 1 + random() % 20;
    Bench bench(impairment, seed);
    std::uint64_t left = 0;
    std::uint64_t failed = 0;
    Clock::time_point now = kStart;
    const std::uint64_t datagrams = 500;
    for (std::uint32_t i = 0; i < datagrams; ++i) {
      now += microseconds(random() % 2000);
      bench.impairer.arrive(bench.flow, numbered(i, random() % 1400), now);
      while (const auto traveller = bench.impairer.take_due(now)) {
        const bool was_sent = random() % 8 != 0;
        (was_sent ? left : failed) += 1;
        bench.impairer.left(*traveller, was_sent, now);
      }
    }
    bench.impairer.refuse(Direction::kToServer);
    const ImpairCounts counts = bench.counts();
    EXPECT_EQ(counts.arrived, datagrams + 1) << seed;
    EXPECT_EQ(counts.no_client, 1U) << seed;
    EXPECT_EQ(counts.forwarded, left) << seed;
    EXPECT_EQ(counts.send_failed, failed) << seed;
    EXPECT_EQ(counts.added_delay.count(), left) << seed;
    EXPECT_EQ(counts.waiting, bench.flow.waiting) << seed;
    EXPECT_EQ(counts.unaccounted(), 0) << seed;
    EXPECT_EQ(bench.impairer.counts(Direction::kToClient).arrived, 0U) << seed;
  }
}

}  // namespace
}  // namespace ringpeer::tools
