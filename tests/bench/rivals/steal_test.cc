#include "ringpeer/bench/rivals/steal.h"

#include <gtest/gtest.h>

namespace ringpeer::bench {
namespace {

// user nice system idle iowait irq softirq steal guest guest_nice
constexpr const char* kBefore =
    "cpu  300 0 200 1000 0 0 0 100 0 0\n"
    "cpu0 100 0 100 500 0 0 0 50 0 0\n"
    "cpu1 200 0 100 500 0 0 0 50 0 0\n"
    "intr 12345\n";
constexpr const char* kAfter =
    "cpu  400 0 300 1090 0 0 0 110 0 0\n"
    "cpu0 150 0 140 500 0 0 0 60 0 0\n"
    "cpu1 250 0 160 590 0 0 0 50 9 9\n"
    "intr 23456\n";

TEST(Steal, ReadsOneEntryACpu) {
  const std::vector<CpuTicks> cpus = parse_cpu_ticks(kBefore);
  ASSERT_EQ(cpus.size(), 2U);
  EXPECT_EQ(cpus[0].total, 750U);
  EXPECT_EQ(cpus[0].steal, 50U);
  EXPECT_EQ(cpus[1].total, 850U);
}

TEST(Steal, IsThatOfTheCpuThatLostMost) {
  const auto before = parse_cpu_ticks(kBefore);
  const auto after = parse_cpu_ticks(kAfter);
  // CPU 0 lost 10 of 100 ticks, CPU 1 none.
  EXPECT_DOUBLE_EQ(steal_percent(before, after, 2), 10.0);
}

TEST(Steal, CpusBeyondThoseMeasuredDoNotCount) {
  const auto before = parse_cpu_ticks("cpu0 1 0 0 0 0 0 0 0\ncpu1 1 0 0 0 0 0 0 0\n");
  const auto after = parse_cpu_ticks("cpu0 101 0 0 0 0 0 0 0\ncpu1 1 0 0 0 0 0 0 90\n");
  EXPECT_DOUBLE_EQ(steal_percent(before, after, 1), 0.0);
  EXPECT_DOUBLE_EQ(steal_percent(before, after, 2), 100.0);
}

TEST(Busy, IsNeitherIdleNorStolen) {
  const auto before = parse_cpu_ticks(kBefore);
  const auto after = parse_cpu_ticks(kAfter);
  // CPU 0: 50 user and 40 system of 100 ticks. CPU 1: 50 and 60 of 200.
  EXPECT_DOUBLE_EQ(busy_percent(before, after, 0), 90.0);
  EXPECT_DOUBLE_EQ(busy_percent(before, after, 1), 55.0);
  EXPECT_DOUBLE_EQ(busy_percent(before, after, 7), 0.0);
}

TEST(Steal, NoTimePassedIsNoSteal) {
  const auto ticks = parse_cpu_ticks(kBefore);
  EXPECT_DOUBLE_EQ(steal_percent(ticks, ticks, 2), 0.0);
  EXPECT_DOUBLE_EQ(steal_percent({}, ticks, 2), 0.0);
}

}  // namespace
}  // namespace ringpeer::bench
