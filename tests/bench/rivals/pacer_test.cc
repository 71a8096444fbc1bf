#include "ringpeer/bench/rivals/pacer.h"

#include <gtest/gtest.h>

namespace ringpeer::bench {
namespace {

constexpr std::uint64_t kStart = 1'000'000'000;
constexpr std::uint64_t kMillisecond = 1'000'000;

TEST(Pacer, NothingIsDueBeforeTheStartAndOnePacketAtIt) {
  const Pacer pacer(1000, kStart);
  EXPECT_EQ(pacer.due(kStart - 1, 0, 64), 0U);
  EXPECT_EQ(pacer.due(kStart, 0, 64), 1U);
  EXPECT_EQ(pacer.due(kStart, 1, 64), 0U);
}

TEST(Pacer, DeadlinesAreAbsolute) {
  const Pacer pacer(1000, kStart);
  // Ten milliseconds late: eleven packets are due, and no time is lost.
  EXPECT_EQ(pacer.due(kStart + 10 * kMillisecond + 1, 0, 64), 11U);
  EXPECT_EQ(pacer.due(kStart + 10 * kMillisecond + 1, 11, 64), 0U);
  EXPECT_EQ(pacer.due(kStart + 11 * kMillisecond + 1, 11, 64), 1U);
}

TEST(Pacer, CatchesUpInBoundedBursts) {
  const Pacer pacer(100'000, kStart);
  EXPECT_EQ(pacer.due(kStart + 10 * kMillisecond, 0, 64), 64U);
  EXPECT_EQ(pacer.due(kStart + 10 * kMillisecond, 64, 64), 64U);
}

TEST(Pacer, WithoutARateEverythingIsDue) {
  const Pacer pacer(0, kStart);
  EXPECT_EQ(pacer.due(kStart, 1'000'000, 64), 64U);
}

TEST(Pacer, HoldsTheRateOverAMinute) {
  constexpr std::uint64_t kMinute = 60'000 * kMillisecond;
  const Pacer pacer(199'999, kStart);
  std::uint64_t sent = 0;
  for (std::uint64_t now = kStart; now < kStart + kMinute; now += kMillisecond / 7) {
    sent += pacer.due(now, sent, 64);
  }
  EXPECT_NEAR(static_cast<double>(sent), 60.0 * 199'999, 40);
}

}  // namespace
}  // namespace ringpeer::bench
