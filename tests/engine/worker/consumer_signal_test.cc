#include "ringpeer/engine/worker/consumer_signal.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "ringpeer/engine/net/deadline.h"
#include "ringpeer/engine/ring/spsc_ring.h"

namespace ringpeer::worker {
namespace {

net::Deadline now() { return net::Deadline::after(std::chrono::milliseconds(0)); }
// A wait that takes this long has missed its signal.
net::Deadline too_late() { return net::Deadline::after(std::chrono::seconds(5)); }

bool is_readable(int descriptor) {
  pollfd request{descriptor, POLLIN, 0};
  return ::poll(&request, 1, 0) == 1;
}

TEST(ConsumerSignal, NotifiesOnlyAWaitingConsumer) {
  ConsumerSignal signal;
  signal.notify_if_waiting();
  EXPECT_FALSE(signal.wait(now())) << "nobody was waiting: no system call was made";
  signal.prepare_wait();
  signal.notify_if_waiting();
  EXPECT_TRUE(signal.wait(now()));
  signal.finish_wait();
  signal.prepare_wait();
  EXPECT_FALSE(signal.wait(now())) << "an old notification must not end a new wait";
  signal.finish_wait();
  signal.notify_if_waiting();
  signal.prepare_wait();
  EXPECT_FALSE(signal.wait(now()));
}

TEST(ConsumerSignal, AnInterruptEndsTheNextWaitToo) {
  ConsumerSignal signal;
  signal.interrupt();
  signal.prepare_wait();
  EXPECT_TRUE(signal.wait(now()));
  signal.finish_wait();
  EXPECT_TRUE(signal.was_interrupted());
  EXPECT_FALSE(signal.was_interrupted());
  signal.prepare_wait();
  EXPECT_FALSE(signal.wait(now())) << "one interrupt ends one wait";
}

TEST(ConsumerSignal, ALookAtTheRingLeavesTheInterruptToTheWait) {
  ConsumerSignal signal;
  const int descriptor = signal.watch();
  EXPECT_TRUE(is_readable(descriptor)) << "nobody has looked yet";
  signal.mark_empty();
  EXPECT_FALSE(is_readable(descriptor));
  signal.interrupt();
  EXPECT_TRUE(is_readable(descriptor));
  signal.prepare_wait();
  signal.mark_empty();  // the look of the wait itself
  EXPECT_FALSE(is_readable(descriptor)) << "seen by one look";
  EXPECT_TRUE(signal.wait(now()));
  signal.finish_wait();
  EXPECT_TRUE(signal.was_interrupted());
  EXPECT_FALSE(signal.was_interrupted());
}

TEST(ConsumerSignal, AWaitLeavesTheDescriptorAsItIs) {
  ConsumerSignal signal;
  const int descriptor = signal.watch();
  for (const bool is_quiet : {false, true}) {
    if (is_quiet) signal.mark_empty();
    signal.prepare_wait();
    EXPECT_FALSE(signal.wait(now()));
    signal.finish_wait();
    EXPECT_EQ(is_readable(descriptor), !is_quiet);
  }
  signal.notify_if_waiting();
  EXPECT_TRUE(is_readable(descriptor)) << "it is told although nobody sleeps";
  signal.mark_empty();
  signal.mark_missed();
  EXPECT_TRUE(is_readable(descriptor));
}

TEST(ConsumerSignal, SleeperAndDescriptorAreToldAtOnce) {
  ConsumerSignal signal;
  const int descriptor = signal.watch();
  signal.mark_empty();
  signal.prepare_wait();
  signal.notify_if_waiting();
  EXPECT_TRUE(signal.wait(now()));
  signal.finish_wait();
  EXPECT_TRUE(is_readable(descriptor));
}

// Neither side may miss the other, whatever the moment.
TEST(ConsumerSignal, NoPublicationIsSleptOver) {
  constexpr std::uint32_t kRounds = 20000;
  ConsumerSignal signal;
  ring::SpscRing<std::uint32_t> ring(64);
  std::thread producer([&] {
    for (std::uint32_t i = 0; i < kRounds; ++i) {
      while (!ring.push(i)) std::this_thread::yield();
      ring.publish();
      signal.notify_if_waiting();
      if (i % 7 == 0) std::this_thread::yield();
    }
  });
  std::uint32_t taken = 0;
  int missed = 0;
  while (taken < kRounds) {
    if (missed == 0) {  // else only lets the producer end
      signal.prepare_wait();
      if (ring.front() == nullptr && !signal.wait(too_late())) ++missed;
      signal.finish_wait();
    }
    while (ring.front() != nullptr) {
      ring.pop();
      ++taken;
    }
  }
  EXPECT_EQ(missed, 0);
  producer.join();
}

// An interrupt that comes while the consumer prepares its wait must end that wait.
TEST(ConsumerSignal, NoInterruptIsLost) {
  constexpr int kRounds = 20000;
  ConsumerSignal signal;
  std::atomic<int> acknowledged{0};
  std::atomic<bool> given_up{false};
  std::thread other([&] {
    for (int i = 0; i < kRounds; ++i) {
      while (acknowledged.load() < i && !given_up.load()) std::this_thread::yield();
      signal.interrupt();
    }
  });
  int missed = 0;
  for (int i = 0; i < kRounds && missed == 0; ++i) {
    for (bool interrupted = false; !interrupted && missed == 0;) {
      signal.prepare_wait();
      if (!signal.wait(too_late())) ++missed;
      signal.finish_wait();
      interrupted = signal.was_interrupted();
    }
    acknowledged.store(i + 1);
  }
  given_up.store(true);
  other.join();
  EXPECT_EQ(missed, 0);
}

}  // namespace
}  // namespace ringpeer::worker
