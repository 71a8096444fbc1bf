#include "ringpeer/bench/rivals/series.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ringpeer::bench {
namespace {

const Series::Key kFlood{"flood", "", 64, 64};

Measurement measured(const char* peer, int round, double cpu) {
  Measurement m;
  m.test_case = "flood";
  m.peer = peer;
  m.round = round;
  m.size = 64;
  m.remotes = 64;
  m.cpu_ns_per_packet = cpu;
  return m;
}

TEST(Median, OfNothingIsNothing) {
  EXPECT_TRUE(std::isnan(median({})));
  EXPECT_TRUE(std::isnan(median({Measurement::kNone})));
}

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(median({5, 1, 3}), 3);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({Measurement::kNone, 7, 9, Measurement::kNone, 8}), 8);
}

TEST(Series, WidestRatioIsWithinAKey) {
  Series series;
  EXPECT_TRUE(std::isnan(series.widest_ratio(&Measurement::receive_buffer)));
  const auto granted = [&](const char* test_case, const char* peer, double bytes) {
    Measurement m = measured(peer, 1, 10);
    m.test_case = test_case;
    m.receive_buffer = bytes;
    series.add(m);
  };
  granted("flood", "a", 100);
  granted("flood", "b", 100);
  granted("frame_100k", "a", 10);
  EXPECT_EQ(series.widest_ratio(&Measurement::receive_buffer), 1);
  granted("frame_100k", "b", 20);
  EXPECT_EQ(series.widest_ratio(&Measurement::receive_buffer), 2);
}

TEST(Series, KnowsWhetherTheMachineHadOtherWork) {
  Series series;
  Measurement m = measured("a", 1, 10);
  series.add(m);
  EXPECT_FALSE(series.busy());
  m.busy = true;
  series.add(m);
  EXPECT_TRUE(series.busy());
}

TEST(Series, LeavesTheWarmUpRoundOut) {
  Series series;
  series.add(measured("a", 0, 1000));
  EXPECT_TRUE(series.by_key().empty());
  series.add(measured("a", 1, 10));
  EXPECT_EQ(series.median_of(kFlood, "a", &Measurement::cpu_ns_per_packet), 10);
}

TEST(Series, RatioIsOfMedians) {
  Series series;
  for (const double cpu : {10.0, 20.0, 90.0}) series.add(measured("a", 1, cpu));
  for (const double cpu : {40.0, 30.0, 50.0}) series.add(measured("b", 1, cpu));
  EXPECT_DOUBLE_EQ(series.ratio(kFlood, "a", "b", &Measurement::cpu_ns_per_packet), 0.5);
}

TEST(Series, PairedRatioComparesTheSameRoundsOnly) {
  Series series;
  // The machine became slower from round to round; a always costs half of b.
  for (int round = 1; round <= 3; ++round) {
    series.add(measured("a", round, 10.0 * round * round));
    series.add(measured("b", round, 20.0 * round * round));
  }
  series.add(measured("a", 4, 5000));  // b's round 4 was given up
  EXPECT_DOUBLE_EQ(series.paired_ratio(kFlood, "a", "b", &Measurement::cpu_ns_per_packet), 0.5);
  EXPECT_DOUBLE_EQ(series.paired_difference(kFlood, "a", "b", &Measurement::cpu_ns_per_packet),
                   -40);
}

TEST(Series, WhatWasNotMeasuredIsNotANumber) {
  Series series;
  series.add(measured("a", 1, 10));
  EXPECT_TRUE(std::isnan(series.ratio(kFlood, "a", "absent", &Measurement::cpu_ns_per_packet)));
  EXPECT_TRUE(
      std::isnan(series.median_of({"gso", "", 64, 64}, "a", &Measurement::cpu_ns_per_packet)));
}

TEST(Series, WorstIsTheLargestOfAllRoundsWhateverItsSign) {
  Series series;
  Measurement m = measured("ringpeer/inline", 1, 1);
  m.unaccounted = -3;
  series.add(m);
  m.round = 2;
  m.unaccounted = 2;
  series.add(m);
  m.test_case = "overload";
  m.unaccounted = 100;
  series.add(m);
  m.test_case = "flood";
  m.peer = "asio";
  series.add(m);
  EXPECT_EQ(series.worst("ringpeer/", {"overload"}, &Measurement::unaccounted), 3);
  EXPECT_EQ(series.worst("ringpeer/", {}, &Measurement::unaccounted), 100);
  EXPECT_TRUE(std::isnan(series.worst("nobody", {}, &Measurement::unaccounted)));
}

}  // namespace
}  // namespace ringpeer::bench
