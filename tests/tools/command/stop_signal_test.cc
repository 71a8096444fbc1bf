#include "ringpeer/tools/command/stop_signal.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace ringpeer::tools {
namespace {

TEST(StopSignalTest, RemembersTheSignal) {
  const StopSignal stop;
  EXPECT_FALSE(stop.requested());
  raise(SIGTERM);
  EXPECT_TRUE(stop.requested());
  EXPECT_EQ(stop.number(), SIGTERM);
}

TEST(StopSignalTest, ANewOneStartsAfresh) {
  {
    const StopSignal stop;
    raise(SIGINT);
    EXPECT_EQ(stop.number(), SIGINT);
  }
  const StopSignal stop;
  EXPECT_FALSE(stop.requested());
}

TEST(StopSignalTest, ASecondSignalOfTheKindKills) {
  EXPECT_EXIT(
      {
        const StopSignal stop;
        raise(SIGINT);
        raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "");
}

TEST(StopSignalTest, AnIgnoredSignalStaysIgnored) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const auto before = signal(number, SIG_IGN);
    {
      const StopSignal stop;
      raise(number);
      EXPECT_FALSE(stop.requested()) << number;
    }
    EXPECT_EQ(SIG_IGN, signal(number, before)) << number;
  }
}

TEST(StopSignalTest, AHangUpStopsToo) {
  const StopSignal stop;
  raise(SIGHUP);
  EXPECT_EQ(stop.number(), SIGHUP);
}

TEST(StopSignalTest, TheFormerBehaviourReturns) {
  struct sigaction before = {}, after = {};
  sigaction(SIGTERM, nullptr, &before);
  { const StopSignal stop; }
  sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

}  // namespace
}  // namespace ringpeer::tools
