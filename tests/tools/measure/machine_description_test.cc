#include "ringpeer/tools/measure/machine_description.h"

#include <gtest/gtest.h>

namespace ringpeer::tools {
namespace {

TEST(MachineDescriptionTest, ReadsTheProcessorsName) {
  EXPECT_EQ(parse_processor_name("processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nflags\t: fpu\n"),
            "Some CPU @ 3 GHz");
  // Not every architecture tells.
  for (const char* text : {"", "processor\t: 0\n", "model name", "model name\t:\n"}) {
    EXPECT_EQ(parse_processor_name(text), "") << text;
  }
}

TEST(MachineDescriptionTest, ThisMachineHasAKernelAndAProcessor) {
  const MachineDescription machine = describe_machine();
  EXPECT_NE(machine.kernel, "");
  EXPECT_GE(machine.processors, 1);
}

TEST(MachineDescriptionTest, TimesAreOfIso8601) {
  using std::chrono::system_clock;
  EXPECT_EQ(utc_text(system_clock::from_time_t(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(system_clock::from_time_t(1'795'942'815)), "2026-11-29T09:00:15Z");
}

}  // namespace
}  // namespace ringpeer::tools
