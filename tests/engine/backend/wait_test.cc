#include <gtest/gtest.h>

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

}  // namespace
}  // namespace ringpeer::test
