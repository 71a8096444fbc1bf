#include "ringpeer/tools/command/status_signal.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace ringpeer::tools {
namespace {

TEST(StatusSignalTest, IsTakenOnceForAllThatCame) {
  StatusSignal status;
  EXPECT_FALSE(status.take());
  for (int i = 0; i < 3; ++i) raise(SIGUSR1);
  EXPECT_TRUE(status.take());
  EXPECT_FALSE(status.take());
  raise(SIGUSR1);
  EXPECT_TRUE(status.take());
}

TEST(StatusSignalTest, ANewOneStartsAfresh) {
  {
    const StatusSignal status;
    raise(SIGUSR1);
  }
  StatusSignal status;
  EXPECT_FALSE(status.take());
}

TEST(StatusSignalTest, AnIgnoredSignalStaysIgnored) {
  const auto before = signal(SIGUSR1, SIG_IGN);
  {
    StatusSignal status;
    raise(SIGUSR1);
    EXPECT_FALSE(status.take());
  }
  EXPECT_EQ(SIG_IGN, signal(SIGUSR1, before));
}

TEST(StatusSignalTest, TheFormerBehaviourReturns) {
  struct sigaction before = {}, after = {};
  sigaction(SIGUSR1, nullptr, &before);
  { const StatusSignal status; }
  sigaction(SIGUSR1, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
}

}  // namespace
}  // namespace ringpeer::tools
