#include "ringpeer/worker/consumer_signal.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "ringpeer/ring/spsc_ring.h"

namespace ringpeer::worker {
namespace {

// A wait that takes this long has missed its signal.
constexpr int kMissedMs = 5000;

TEST(ConsumerSignal, NotifiesOnlyAWaitingConsumer) {
  ConsumerSignal signal;
  signal.notify_if_waiting();
  EXPECT_FALSE(signal.wait(0)) << "nobody was waiting: no system call was made";
  signal.prepare_wait();
  signal.notify_if_waiting();
  EXPECT_TRUE(signal.wait(0));
  signal.finish_wait();
  signal.prepare_wait();
  EXPECT_FALSE(signal.wait(0)) << "an old notification must not end a new wait";
  signal.finish_wait();
  signal.notify_if_waiting();
  signal.prepare_wait();
  EXPECT_FALSE(signal.wait(0));
}

TEST(ConsumerSignal, AnInterruptEndsTheNextWaitToo) {
  ConsumerSignal signal;
  signal.interrupt();
  signal.prepare_wait();
  EXPECT_TRUE(signal.wait(0));
  signal.finish_wait();
  EXPECT_TRUE(signal.was_interrupted());
  EXPECT_FALSE(signal.was_interrupted());
  signal.prepare_wait();
  EXPECT_FALSE(signal.wait(0)) << "one interrupt ends one wait";
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
      if (ring.front() == nullptr && !signal.wait(kMissedMs)) ++missed;
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
      if (!signal.wait(kMissedMs)) ++missed;
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
