#include "ringpeer/tools/measure/machine_load.h"

#include <gtest/gtest.h>

namespace ringpeer::tools {
namespace {

TEST(MachineLoadTest, ReadsTheFirstLineOfProcStat) {
  const auto ticks = parse_machine_ticks(
      "cpu  100 2 30 1000 5 0 7 44 9 0\n"
      "cpu0 50 1 15 500 2 0 3 22 4 0\n");
  ASSERT_TRUE(ticks.has_value());
  EXPECT_EQ(ticks->stolen, 44U);
  EXPECT_EQ(ticks->total, 100U + 2 + 30 + 1000 + 5 + 0 + 7 + 44);  // guest time is in user time
}

TEST(MachineLoadTest, RefusesWhatIsNotThatLine) {
  EXPECT_FALSE(parse_machine_ticks("").has_value());
  EXPECT_FALSE(parse_machine_ticks("cpu0 1 2 3 4 5 6 7 8\n").has_value());
  EXPECT_FALSE(parse_machine_ticks("cpu 1 2 3\n").has_value());
  EXPECT_FALSE(parse_machine_ticks("cpu 1 2 3 four 5 6 7 8\n").has_value());
}

TEST(MachineLoadTest, StealIsAShareOfAllTime) {
  const StealMeter meter;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  auto percent = meter.percent();  // nothing before the first tick of the kernel's clock
  while (!percent && std::chrono::steady_clock::now() < until) percent = meter.percent();
  ASSERT_TRUE(percent.has_value());
  EXPECT_GE(*percent, 0);
  EXPECT_LE(*percent, 100);
}

TEST(MachineLoadTest, ProcessorTimeAdvancesWithWork) {
  const auto process = process_cpu_time();
  const auto thread = thread_cpu_time();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (thread_cpu_time() - thread < std::chrono::milliseconds(5)) {
    ASSERT_LT(std::chrono::steady_clock::now(), until);
  }
  EXPECT_GE(process_cpu_time() - process, std::chrono::milliseconds(5));
}

}  // namespace
}  // namespace ringpeer::tools
