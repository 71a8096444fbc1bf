#include "ringpeer/tools/measure/seconds_to_nanoseconds.h"

#include <gtest/gtest.h>

#include <limits>

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Limits = std::numeric_limits<double>;

TEST(SecondsToNanosecondsTest, WhatTheClockHasRoomForIsCastAsEver) {
  EXPECT_EQ(nanoseconds_of(0), nanoseconds(0));
  EXPECT_EQ(nanoseconds_of(0.25), milliseconds(250));
  EXPECT_EQ(nanoseconds_of(-1.5), milliseconds(-1500));
  EXPECT_EQ(nanoseconds_of(604'800), std::chrono::hours(168));
}

TEST(SecondsToNanosecondsTest, WhatItHasNoRoomForIsTheLongestWait) {
  constexpr nanoseconds kMost = kMaxWait;
  for (const double seconds : {1.6e9, 1e10, 1e18, 1e300, Limits::max(), Limits::infinity()}) {
    EXPECT_EQ(nanoseconds_of(seconds), kMost) << seconds;
    EXPECT_EQ(nanoseconds_of(-seconds), -kMost) << seconds;
  }
  EXPECT_EQ(nanoseconds_of(Limits::quiet_NaN()), kMost);
  // A start that is put off twice is still a time.
  const auto now = std::chrono::steady_clock::now();
  EXPECT_GT(now + kMost + kMost, now);
}

}  // namespace
}  // namespace ringpeer::tools
