#include "ringpeer/tools/command/hangup_signal.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "ringpeer/tools/command/stop_signal.h"

namespace ringpeer::tools {
namespace {

TEST(HangupSignalTest, IsTakenOnceForAllThatCame) {
  HangupSignal hangup;
  EXPECT_FALSE(hangup.take());
  for (int i = 0; i < 3; ++i) raise(SIGHUP);
  EXPECT_TRUE(hangup.take());
  EXPECT_FALSE(hangup.take());
  raise(SIGHUP);
  EXPECT_TRUE(hangup.take());
}

TEST(HangupSignalTest, ANewOneStartsAfresh) {
  {
    const HangupSignal hangup;
    raise(SIGHUP);
  }
  HangupSignal hangup;
  EXPECT_FALSE(hangup.take());
}

TEST(HangupSignalTest, TakesItFromAStopSignalAndGivesItBack) {
  const StopSignal stop;
  {
    HangupSignal hangup;
    for (int i = 0; i < 3; ++i) raise(SIGHUP);
    EXPECT_TRUE(hangup.take());
    EXPECT_FALSE(stop.requested());
    raise(SIGTERM);
    EXPECT_EQ(stop.number(), SIGTERM);
  }
  raise(SIGHUP);
  EXPECT_EQ(stop.number(), SIGHUP);
}

TEST(HangupSignalTest, OneThatWasIgnoredAsksToo) {
  const auto before = signal(SIGHUP, SIG_IGN);
  {
    HangupSignal hangup;
    raise(SIGHUP);
    EXPECT_TRUE(hangup.take());
  }
  EXPECT_EQ(SIG_IGN, signal(SIGHUP, before));
}

TEST(HangupSignalTest, TheFormerBehaviourReturns) {
  struct sigaction before = {}, after = {};
  sigaction(SIGHUP, nullptr, &before);
  { const HangupSignal hangup; }
  sigaction(SIGHUP, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
}

}  // namespace
}  // namespace ringpeer::tools
