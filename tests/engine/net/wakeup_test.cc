#include "ringpeer/engine/net/wakeup.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <thread>

namespace ringpeer::net {
namespace {

TEST(Wakeup, IsReadableFromNotifyUntilClear) {
  Wakeup wakeup;
  ASSERT_TRUE(wakeup.is_valid());
  EXPECT_FALSE(wakeup.wait(0));
  wakeup.notify();
  EXPECT_TRUE(wakeup.wait(0));
  EXPECT_TRUE(wakeup.wait(0)) << "waiting does not use it up";
  wakeup.notify();
  wakeup.clear();
  EXPECT_FALSE(wakeup.wait(0)) << "several notifications are one";
  wakeup.clear();
}

TEST(Wakeup, EndsAWaitOfAnotherThread) {
  Wakeup wakeup;
  std::thread other([&] { wakeup.notify(); });
  EXPECT_TRUE(wakeup.wait(10000));
  other.join();
}

TEST(Wakeup, WaitsForMicrosecondsOrUntilItIsNotified) {
  using Clock = std::chrono::steady_clock;
  Wakeup wakeup;
  for (const int microseconds : {300, 2'500, 1'200'000}) {
    const std::chrono::microseconds time(microseconds);
    const auto start = Clock::now();
    EXPECT_FALSE(wakeup.wait_precisely(time));
    EXPECT_GE(Clock::now() - start, time);
  }
  std::thread other([&] { wakeup.notify(); });
  EXPECT_TRUE(wakeup.wait_precisely(std::chrono::seconds(10)));
  other.join();
  EXPECT_TRUE(wakeup.wait_precisely(std::chrono::seconds(10))) << "waiting does not use it up";
}

TEST(Wakeup, SaysWhenTheProcessIsOutOfDescriptors) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  {
    const Wakeup wakeup;
    EXPECT_FALSE(wakeup.is_valid());
    wakeup.notify();
    wakeup.clear();
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace ringpeer::net
