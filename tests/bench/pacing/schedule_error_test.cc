#include "ringpeer/bench/pacing/schedule_error.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <vector>

namespace ringpeer::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr double kRate = 1000;

// `count` packets a millisecond apart, from `start` on.
std::vector<nanoseconds> even(std::size_t count, nanoseconds start) {
  std::vector<nanoseconds> times;
  for (std::size_t i = 0; i < count; ++i) times.push_back(start + i * microseconds(1000));
  return times;
}

TEST(ScheduleErrorTest, AnEvenStreamHasNoErrorWheneverItBegins) {
  const ScheduleError error = schedule_error(even(3500, seconds(7)), kRate);
  EXPECT_EQ(error.packets, 3500u);
  EXPECT_NEAR(error.packets_per_second, kRate, 1e-6);
  EXPECT_EQ(error.max.count(), 0);
}

// Ten at once each 10 ms: the median of -0.., the others up to 5 ms off.
TEST(ScheduleErrorTest, BurstsAreErrors) {
  std::vector<nanoseconds> times;
  for (std::size_t i = 0; i < 3000; ++i) times.push_back((i / 10) * microseconds(10'000));
  const ScheduleError error = schedule_error(times, kRate);
  EXPECT_GE(error.p50, microseconds(2000));
  EXPECT_LE(error.p50, microseconds(3000));
  EXPECT_GE(error.p99, microseconds(4000));
  EXPECT_LE(error.max, microseconds(5000));
}

// One packet in a hundred comes late by 300 us.
TEST(ScheduleErrorTest, PercentilesTellRareErrorsFromCommonOnes) {
  std::vector<nanoseconds> times = even(5000, seconds(0));
  for (std::size_t i = 50; i < times.size(); i += 50) times[i] += microseconds(300);
  const ScheduleError error = schedule_error(times, kRate);
  EXPECT_EQ(error.p50.count(), 0);
  EXPECT_EQ(error.p99, microseconds(300));
  EXPECT_EQ(error.max, microseconds(300));
}

// A pause is an error of all that come after it in that second, and of none in the next.
TEST(ScheduleErrorTest, APauseDoesNotCountForEver) {
  std::vector<nanoseconds> times = even(10'000, seconds(0));
  for (std::size_t i = 900; i < times.size(); ++i) times[i] += microseconds(20'000);
  const ScheduleError error = schedule_error(times, kRate);
  EXPECT_EQ(error.max, microseconds(20'000));
  EXPECT_EQ(error.p50.count(), 0);
  EXPECT_EQ(error.p99, microseconds(20'000));
}

// A rate that is off by 0.1 % drifts by 1 ms in a second: half of it either way.
TEST(ScheduleErrorTest, AWrongRateIsAnErrorOfItsSecondOnly) {
  std::vector<nanoseconds> times;
  for (std::size_t i = 0; i < 10'000; ++i) times.push_back(i * nanoseconds(1'001'000));
  const ScheduleError error = schedule_error(times, kRate);
  EXPECT_NEAR(error.packets_per_second, 999.001, 0.001);
  EXPECT_LE(error.max, microseconds(500));
  EXPECT_GE(error.p99, microseconds(480));
}

TEST(ScheduleErrorTest, NoPacketsHaveNoError) {
  EXPECT_EQ(schedule_error({}, kRate).packets, 0u);
  const std::vector<nanoseconds> one = {seconds(1)};
  EXPECT_EQ(schedule_error(one, kRate).max.count(), 0);
}

}  // namespace
}  // namespace ringpeer::bench
