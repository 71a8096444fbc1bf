#include "ringpeer/engine/admission/token_bucket.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>

namespace ringpeer::admission {
namespace {

__extension__ using Wide = __int128;

constexpr std::uint64_t kSecond = 1'000'000;
// Shortly before the bucket's time wraps, and with the upper half of the clock in use.
constexpr std::uint64_t kStart = (std::uint64_t{5} << 28) - 2 * kSecond;

// A token bucket by the book, in fractions that are exact: tokens are millionths of a packet or a
// byte, the rate is a whole number a second, the time in microseconds.
class ExactBucket {
 public:
  ExactBucket(std::uint64_t rate, std::uint64_t burst_us)
      : rate_(rate), capacity_(Wide{rate} * burst_us), tokens_(capacity_) {}

  void pass(std::uint64_t elapsed_us) {
    tokens_ = std::min(capacity_, tokens_ + Wide{rate_} * elapsed_us);
  }
  bool has(std::uint32_t count) const { return Wide{count} * kSecond <= tokens_; }
  void take(std::uint32_t count) { tokens_ -= Wide{count} * kSecond; }

 private:
  std::uint64_t rate_;
  Wide capacity_;
  Wide tokens_;
};

RateLimit limit_of(double packets, double bytes, double burst_seconds) {
  return {packets, bytes, burst_seconds};
}

// A bucket, and when it was last asked.
struct Source {
  Bucket bucket;
  std::uint64_t heard_us = 0;

  bool take(const BucketRate& rate, std::uint64_t now_us, std::uint32_t bytes,
            std::uint32_t packets = 1) {
    return admission::take(bucket, rate, now_us, std::exchange(heard_us, now_us), bytes, packets);
  }
  std::uint32_t owed(std::uint64_t now_us) const { return owed_ticks(bucket, now_us, heard_us); }
};

std::uint32_t size_in(std::mt19937_64& random) {
  return static_cast<std::uint32_t>(random() % 4 == 0 ? random() % 65508 : random() % 1400);
}

// Whoever an exact bucket takes, in a stream of no others, is taken.
TEST(TokenBucketTest, RefusesNobodyWhoKeepsWithinTheLimit) {
  std::mt19937_64 random(1);
  std::uint64_t taken = 0;
  for (int run = 0; run < 2000; ++run) {
    const std::uint64_t packets_rate = 1 + random() % (run % 2 == 0 ? 100 : 20'000'000);
    const std::uint64_t bytes_rate = 1200 + random() % (run % 3 == 0 ? 100'000 : 3'000'000'000);
    const std::uint64_t burst_us = random() % (run % 5 == 0 ? 60 * kSecond : 2 * kSecond);
    const BucketRate rate(limit_of(static_cast<double>(packets_rate),
                                   static_cast<double>(bytes_rate),
                                   static_cast<double>(burst_us) / kSecond));
    ExactBucket packets(packets_rate, burst_us);
    ExactBucket bytes(bytes_rate, burst_us);
    // About as fast as the limit, so that both buckets are mostly near empty.
    const std::uint64_t gap_us = 1 + 2 * kSecond / packets_rate;
    Source source;
    std::uint64_t now_us = kStart;
    for (int i = 0; i < 500; ++i) {
      const std::uint64_t elapsed = random() % 50 == 0  ? random() % (400 * kSecond)
                                    : random() % 3 == 0 ? 0
                                                        : random() % gap_us;
      now_us += elapsed;
      packets.pass(elapsed);
      bytes.pass(elapsed);
      const std::uint32_t count = random() % 20 == 0 ? 1 + random() % 64 : 1;
      const std::uint32_t size = size_in(random);
      if (!packets.has(count) || !bytes.has(size)) continue;
      packets.take(count);
      bytes.take(size);
      ++taken;
      ASSERT_TRUE(source.take(rate, now_us, size, count))
          << "run " << run << ", packet " << i << ": " << packets_rate << " packets/s, "
          << bytes_rate << " bytes/s, burst " << burst_us << " us";
    }
  }
  EXPECT_GT(taken, 100'000u);
}

// Who sends without a pause, through several wraps: gets what the limit says, to a thousandth.
TEST(TokenBucketTest, GivesWhoFloodsTheLimitAndNoMore) {
  struct Case {
    double packets;
    double bytes;
    double burst;
    std::uint32_t size;
  };
  const Case cases[] = {{100, 0, 1, 50},        {8000, 0, 1, 50},     {1000, 0, 0.01, 50},
                        {7, 0, 30, 50},         {0, 20'000, 1, 1400}, {0, 2e6, 1, 1200},
                        {1000, 20'000, 2, 700}, {10, 1e9, 1, 1400}};
  constexpr double kSeconds = 600;
  for (const Case& c : cases) {
    const BucketRate rate(limit_of(c.packets, c.bytes, c.burst));
    const double packets = c.packets > 0 ? c.packets : HUGE_VAL;
    const double bytes = c.bytes > 0 ? c.bytes / c.size : HUGE_VAL;
    const double expected = std::min(packets, bytes) * (kSeconds + c.burst);
    const auto gap_us = static_cast<std::uint64_t>(kSecond / std::min(packets, bytes) / 3);
    Source source;
    double taken = 0;
    for (std::uint64_t t = 0; t <= kSeconds * kSecond; t += gap_us) {
      if (source.take(rate, kStart + t, c.size)) ++taken;
    }
    EXPECT_LE(taken, expected * 1.001 + 1) << c.packets << " packets/s, " << c.bytes << " bytes/s";
    EXPECT_GE(taken, expected * 0.999 - 1) << c.packets << " packets/s, " << c.bytes << " bytes/s";
  }
}

TEST(TokenBucketTest, GivesTheWholeBurstAtOnceAndNoMore) {
  const BucketRate rate(limit_of(100, 0, 0.5));
  Source source;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(source.take(rate, kStart, 10)) << i;
  EXPECT_FALSE(source.take(rate, kStart, 10));
  EXPECT_EQ(source.owed(kStart), 8'000'000u);  // half a second
  EXPECT_FALSE(source.take(rate, kStart + 9'999, 10));
  EXPECT_TRUE(source.take(rate, kStart + 10'000, 10));
}

TEST(TokenBucketTest, TakesFromBothOrFromNeither) {
  const BucketRate rate(limit_of(10, 10'000, 1));
  Source source;
  EXPECT_TRUE(source.take(rate, kStart, 9'999));
  const std::uint64_t before = source.bucket.full_at;
  EXPECT_FALSE(source.take(rate, kStart, 2)) << "packets has room, bytes has not";
  EXPECT_EQ(source.bucket.full_at, before);
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(source.take(rate, kStart, 0)) << i;
  const std::uint64_t after = source.bucket.full_at;
  EXPECT_FALSE(source.take(rate, kStart, 1)) << "bytes has room, packets has not";
  EXPECT_EQ(source.bucket.full_at, after);
}

// A bucket that holds less than a packet would refuse all of them for good.
TEST(TokenBucketTest, WhatIsLargerThanTheBucketPassesWhenItIsFull) {
  const BucketRate rate(limit_of(0, 10'000, 0.1));
  Source source;
  EXPECT_TRUE(source.take(rate, kStart, 50'000));
  EXPECT_FALSE(source.take(rate, kStart + 4'999'999, 50'000)) << "5 s of the rate";
  EXPECT_TRUE(source.take(rate, kStart + 5'000'000, 50'000));

  const BucketRate none_at_once(limit_of(50, 0, 0));
  Source other;
  EXPECT_TRUE(other.take(none_at_once, kStart, 1));
  EXPECT_FALSE(other.take(none_at_once, kStart + 19'999, 1));
  EXPECT_TRUE(other.take(none_at_once, kStart + 20'000, 1));
}

// Whatever the silence, it is not taken for debt: time in the bucket wraps every 268.4 s.
TEST(TokenBucketTest, SilenceOfAnyLengthIsPaidOff) {
  const BucketRate rate(limit_of(10, 100'000, 5));
  std::mt19937_64 random(2);
  for (int run = 0; run < 20'000; ++run) {
    Source source;
    const std::uint64_t begin = random() % (std::uint64_t{1} << 45);
    while (source.take(rate, begin, 100)) continue;
    // Hours; and close to all multiples of a quarter of the wrap.
    const std::uint64_t silence =
        run % 2 == 0 ? 5 * kSecond + random() % (20'000 * kSecond)
                     : (1 + random() % 80) * kSilentUs + random() % (12 * kSecond) - 6 * kSecond;
    const std::uint64_t now_us = begin + silence;
    ASSERT_EQ(source.owed(now_us), 0u) << silence << " us";
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(source.take(rate, now_us, 100))
          << "packet " << i << " after " << silence << " us";
    }
    ASSERT_FALSE(source.take(rate, now_us, 100)) << silence << " us";
  }
}

// As a server does with who is not limited yet, and is heard of all the while.
TEST(TokenBucketTest, AFullBucketIsFullAtAnyTime) {
  const BucketRate rate(limit_of(10, 0, 1));
  std::mt19937_64 random(5);
  for (int run = 0; run < 10'000; ++run) {
    const std::uint64_t now_us = random() % (std::uint64_t{1} << 45);
    Source source{full_bucket(now_us), now_us};
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(source.take(rate, now_us, 1)) << now_us;
    ASSERT_FALSE(source.take(rate, now_us, 1)) << now_us;
  }
}

// heard_us is that of what was refused, too: nobody owes nothing by being refused for long.
TEST(TokenBucketTest, WhoIsRefusedForMinutesStillOwes) {
  const BucketRate rate(limit_of(BucketRate::kMinPacketsPerSecond, 0, 0));
  Source source;
  int taken = 0;
  for (std::uint64_t t = 0; t < 600 * kSecond; t += 100'000) {
    if (source.take(rate, kStart + t, 1)) ++taken;
  }
  EXPECT_EQ(taken, 10);
}

TEST(TokenBucketTest, AClockThatStepsBackChangesNothing) {
  const BucketRate rate(limit_of(1000, 0, 0.01));
  Source source;
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    if (source.take(rate, kStart + (i % 2 == 0 ? 500 : 0), 1)) ++taken;
  }
  EXPECT_EQ(taken, 10);
}

TEST(TokenBucketTest, WithoutALimitAllIsTaken) {
  const BucketRate rates[] = {BucketRate(), BucketRate(limit_of(0, 0, 1)),
                              BucketRate(limit_of(20e6, 1e15, 0))};
  for (const BucketRate& rate : rates) {
    Source source;
    std::uint64_t now_us = kStart;
    std::mt19937_64 random(3);
    for (int i = 0; i < 100'000; ++i) {
      ASSERT_TRUE(source.take(rate, now_us, 65'507, 1 + i % 64)) << i;
      now_us += random() % 3 == 0 ? random() % (10 * kSecond) : 0;
    }
    EXPECT_EQ(source.owed(now_us), 0u);
  }
}

// A limit may change while somebody owes by the old one.
TEST(TokenBucketTest, ANewRateHoldsFromTheNextPacketOn) {
  Source source;
  EXPECT_TRUE(source.take(BucketRate(limit_of(0, 1200, 1)), kStart, 65'000));
  EXPECT_TRUE(source.take(BucketRate(), kStart, 65'000));
  EXPECT_FALSE(source.take(BucketRate(limit_of(0, 1e6, 1)), kStart, 1)) << "owes 54 s";
  EXPECT_TRUE(source.take(BucketRate(limit_of(0, 1e6, 1)), kStart + 54 * kSecond, 1));
}

// No more than the rate says, by less than the least that can be counted.
TEST(TokenBucketTest, CostsAreRoundedDown) {
  constexpr Wide kTicks = 16'000'000;  // a second
  for (std::uint64_t rate = 1; rate < 100'000; rate += rate < 20'000 ? 1 : 997) {
    const auto limit = static_cast<double>(rate);
    const BucketRate costs(limit_of(limit, rate < 1200 ? 0 : limit, 1));
    const Wide packet = costs.ticks_per_packet();
    ASSERT_LE(packet * rate, kTicks) << rate << " packets/s";
    ASSERT_GT((packet + 1) * rate, kTicks) << rate << " packets/s";
    if (rate < 1200) continue;
    const Wide byte = costs.fine_ticks_of(1);
    ASSERT_LE(byte * rate, kTicks << 32) << rate << " bytes/s";
    ASSERT_GT((byte + 1) * rate, kTicks << 32) << rate << " bytes/s";
  }
}

TEST(TokenBucketTest, KnowsWhatItCanKeep) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(BucketRate::is_valid({}));
  EXPECT_TRUE(BucketRate::is_valid(limit_of(8000, 12e6, 1)));
  EXPECT_TRUE(BucketRate::is_valid(limit_of(1.0 / 60, 1200, 60)));
  EXPECT_TRUE(BucketRate::is_valid(limit_of(1e300, 1e300, 0)));
  for (const double bad : {-1.0, 1e-3, nan, infinite, -infinite}) {
    EXPECT_FALSE(BucketRate::is_valid(limit_of(bad, 0, 1))) << bad;
    EXPECT_FALSE(BucketRate::is_valid(limit_of(0, bad, 1))) << bad;
  }
  EXPECT_FALSE(BucketRate::is_valid(limit_of(0, 1199, 1)));
  for (const double bad : {-0.1, 60.1, nan, infinite}) {
    EXPECT_FALSE(BucketRate::is_valid(limit_of(10, 10'000, bad))) << bad;
  }
}

}  // namespace
}  // namespace ringpeer::admission
