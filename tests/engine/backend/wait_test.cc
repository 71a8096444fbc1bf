#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "ringpeer/tests/engine/backend/backend_fixture.h"

namespace ringpeer::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

// Far beyond the time of anything that ends a wait early.
constexpr seconds kForEver{300};

class WaitTest : public BackendTest {};
RINGPEER_TEST_ON_EVERY_BACKEND(WaitTest);

TEST_P(WaitTest, PollReturnsAtOnce) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const auto start = Clock::now();
  for (int i = 0; i < 100; ++i) step({.budget = kForEver, .idle = kForEver, .poll = true});
  EXPECT_LT(Clock::now() - start, kPatience);
}

TEST_P(WaitTest, EndsWhenNothingComes) {
  const net::Socket socket = open_receiver();
  attach(socket);
  step_a_while();
  for (const microseconds budget : {microseconds(0), microseconds(200)}) {
    const auto start = Clock::now();
    for (int i = 0; i < 10; ++i) step({.budget = budget, .idle = milliseconds(10)});
    const auto elapsed = Clock::now() - start;
    EXPECT_LT(elapsed, kPatience);
    EXPECT_GT(elapsed, milliseconds(50)) << "it does not spin";
  }
}

TEST_P(WaitTest, ADatagramEndsIt) {
  const net::Socket socket = open_receiver();
  attach(socket);
  for (const microseconds budget : {microseconds(0), microseconds(200), microseconds(20000)}) {
    step_a_while();
    received().clear();
    std::thread other([&] {
      const Sender sender(port_of(socket));
      std::this_thread::sleep_for(milliseconds(5));  // most probably inside the wait
      sender.send_numbered(1, 10);
    });
    const auto start = Clock::now();
    while (received().empty()) step({.budget = budget, .idle = kForEver});
    EXPECT_LT(Clock::now() - start, kPatience);
    other.join();
  }
}

// What is queued when the wait begins counts too, and so does what comes in the
// middle of a run of waits.
TEST_P(WaitTest, NoDatagramIsSleptOver) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const Sender sender(port_of(socket));
  for (std::uint32_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(sender.send_numbered(i, 10));
    const auto start = Clock::now();
    while (received().size() <= i) step({.budget = microseconds(100), .idle = kForEver});
    ASSERT_LT(Clock::now() - start, kPatience);
  }
}

TEST_P(WaitTest, AWakeOfAnotherThreadEndsIt) {
  const net::Socket socket = open_receiver();
  attach(socket);
  for (int round = 0; round < 50; ++round) {
    const microseconds budget(round % 2 == 0 ? 0 : 200);
    std::atomic<bool> waiting{false};
    std::thread other([&] {
      while (!waiting.load()) std::this_thread::yield();
      if (round % 5 == 0) std::this_thread::sleep_for(milliseconds(3));
      backend().wake();
    });
    const auto start = Clock::now();
    waiting.store(true);
    step({.budget = budget, .idle = kForEver});
    EXPECT_LT(Clock::now() - start, kPatience);
    other.join();
    step_a_while();  // uses up the wake-up whenever it came
  }
}

TEST_P(WaitTest, AWakeBeforeTheWaitCounts) {
  backend().wake();
  const auto start = Clock::now();
  step({.idle = kForEver});
  EXPECT_LT(Clock::now() - start, kPatience);
}

TEST_P(WaitTest, CountsItsWakeups) {
  const std::uint64_t before = backend().events().wakeups;
  step();
  step();
  EXPECT_EQ(backend().events().wakeups, before + 2);
}

// ---- Sleeps.

// Longer than any that a worker asks for, so that what must end it is told from its end.
constexpr milliseconds kSleep{50};
constexpr milliseconds kAtOnce{40};

class SleepTest : public WaitTest {
 protected:
  // A wait after one that has brought something: nothing else is slept after.
  Clock::duration sleep_after_one(const net::Socket& socket, const backend::WaitPolicy& policy) {
    const Sender sender(port_of(socket));
    receive_one(sender);
    const auto start = Clock::now();
    step(policy);
    return Clock::now() - start;
  }
  void receive_one(const Sender& sender) {
    received().clear();
    EXPECT_TRUE(sender.send_numbered(0, 10));
    EXPECT_TRUE(receive_until(1));
    received().clear();
  }
};
RINGPEER_TEST_ON_EVERY_BACKEND(SleepTest);

TEST_P(SleepTest, LastsWhateverComesAndThenTakesIt) {
  constexpr std::uint32_t kCount = 20;
  const net::Socket socket = open_receiver();
  attach(socket);
  std::atomic<bool> ready{false};
  std::thread other([&] {
    const Sender sender(port_of(socket));
    while (!ready.load()) std::this_thread::yield();
    for (std::uint32_t i = 0; i < kCount; ++i) {
      sender.send_numbered(i, 10);
      std::this_thread::sleep_for(milliseconds(1));
    }
  });
  receive_one(Sender(port_of(socket)));
  ready.store(true);
  const auto start = Clock::now();
  step({.sleep = kSleep, .idle = kForEver});
  EXPECT_GE(Clock::now() - start, kSleep);
  EXPECT_LT(Clock::now() - start, kPatience);
  EXPECT_GT(received().size(), 1u) << "what came while it slept";
  other.join();
  EXPECT_TRUE(receive_until(kCount));
}

TEST_P(SleepTest, AWakeOfAnotherThreadEndsItAtOnce) {
  const net::Socket socket = open_receiver();
  attach(socket);
  int at_once = 0;
  constexpr int kRounds = 10;
  const Sender sender(port_of(socket));
  for (int round = 0; round < kRounds; ++round) {
    receive_one(sender);
    // Not before what receives is done: that would use the wake-up, and nothing ends the sleep.
    std::thread other([&] {
      std::this_thread::sleep_for(milliseconds(5));  // most probably inside the sleep
      backend().wake();
    });
    const auto start = Clock::now();
    step({.sleep = kForEver, .idle = kForEver});
    if (Clock::now() - start < kAtOnce) ++at_once;
    other.join();
    step_a_while();  // uses up the wake-up whenever it came
  }
  EXPECT_GT(at_once, kRounds / 2) << "unless the machine is very busy";
}

TEST_P(SleepTest, AWakeBeforeItEndsItAtOnce) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const Sender sender(port_of(socket));
  for (int round = 0; round < 50; ++round) {
    receive_one(sender);
    backend().wake();
    const auto start = Clock::now();
    step({.sleep = kForEver, .idle = kForEver});
    ASSERT_LT(Clock::now() - start, kPatience);
  }
}

// What a wake-up has ended begins again with the next wait, although nothing was received.
TEST_P(SleepTest, AWakeEndsOneSleep) {
  const net::Socket socket = open_receiver();
  attach(socket);
  receive_one(Sender(port_of(socket)));
  backend().wake();
  step({.sleep = kForEver, .idle = kForEver});
  std::thread other([&] {
    const Sender sender(port_of(socket));
    std::this_thread::sleep_for(milliseconds(5));
    sender.send_numbered(1, 10);
  });
  const auto start = Clock::now();
  step({.sleep = kSleep, .idle = kForEver});
  EXPECT_GE(Clock::now() - start, kSleep);
  other.join();
}

// One that ended a wait of another kind is over.
TEST_P(SleepTest, FollowsWakeUpsOfOtherWaits) {
  const net::Socket socket = open_receiver();
  attach(socket);
  for (int round = 0; round < 3; ++round) {
    backend().wake();
    step({.idle = kForEver});
    step({.sleep = kSleep, .idle = milliseconds(1)});  // the first may end at once
    EXPECT_GE(sleep_after_one(socket, {.sleep = kSleep, .idle = kSleep}), kSleep);
  }
}

TEST_P(SleepTest, WhereNothingComesTheFirstDatagramEndsTheWait) {
  const net::Socket socket = open_receiver();
  attach(socket);
  // The end of an earlier ring may interrupt a wait of its thread.
  Clock::duration longest{0};
  for (int i = 0; i < 3; ++i) {
    longest =
        std::max(longest, sleep_after_one(socket, {.sleep = milliseconds(1), .idle = kSleep}));
  }
  EXPECT_GE(longest, kSleep - milliseconds(1)) << "one wait, as long as may be";
  EXPECT_LT(longest, kPatience);
  EXPECT_TRUE(received().empty());
  std::thread other([&] {
    const Sender sender(port_of(socket));
    std::this_thread::sleep_for(milliseconds(5));
    sender.send_numbered(1, 10);
  });
  step({.sleep = milliseconds(1), .idle = kForEver});
  EXPECT_EQ(received().size(), 1u);
  other.join();
}

TEST_P(SleepTest, IsNotLongerThanTheWaitMayBe) {
  const net::Socket socket = open_receiver();
  attach(socket);
  EXPECT_LT(sleep_after_one(socket, {.sleep = kForEver, .idle = milliseconds(5)}), kPatience);
}

TEST_P(SleepTest, APollDoesNotSleep) {
  const net::Socket socket = open_receiver();
  attach(socket);
  EXPECT_LT(sleep_after_one(socket, {.sleep = kForEver, .idle = kForEver, .poll = true}),
            kPatience);
}

}  // namespace
}  // namespace ringpeer::test
