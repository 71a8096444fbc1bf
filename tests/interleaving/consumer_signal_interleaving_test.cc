// ConsumerSignal in every interleaving: workers that publish, a consumer that sleeps here or in an
// event loop, and threads that interrupt it. A wake-up that is lost is a deadlock.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>

#include "ringpeer/engine/net/deadline.h"
#include "ringpeer/engine/ring/spsc_ring.h"
#include "ringpeer/engine/worker/consumer_signal.h"
#include "ringpeer/tests/interleaving/explorer.h"
#include "ringpeer/tests/interleaving/runtime.h"
#include "ringpeer/tests/interleaving/site.h"
#include "ringpeer/tests/interleaving/trials.h"

namespace ringpeer::worker {
namespace {

using interleaving::expect;
using interleaving::Scenario;
using interleaving::Site;
using interleaving::Trial;
using interleaving::Trials;

// A consumer with the rings of two workers, and two threads that may tell it something else.
class Consumer {
 public:
  static constexpr std::size_t kRings = 2;

  // ---- The workers'.
  void publish(std::size_t ring, int count = 1) {
    for (int i = 0; i < count; ++i) {
      rings_[ring].push(1);
      rings_[ring].publish();
      signal_.notify_if_waiting();
    }
  }

  // ---- Any thread's.
  void tell(std::size_t who) {
    is_told_[who].store(true, std::memory_order_relaxed);
    signal_.interrupt();
  }

  // ---- The consumer's.
  // Sleeps until so many packets have come and so many threads have told it.
  void sleep_for(int packets, std::size_t told) {
    while (!has_all(packets, told)) {
      wait();
      take_all();
    }
  }
  // The same in an event loop. It may be told a moment before it can see why, and then looks in
  // vain. What does so again and again is left out: every value is seen at some time.
  void watch_for(int packets, std::size_t told) {
    const int descriptor = signal_.watch();
    const int most_looks = packets + static_cast<int>(told) + 3;
    for (int looks = 0; !has_all(packets, told); ++looks) {
      interleaving::assume(looks < most_looks);
      interleaving::eventfd_await_readable(descriptor, Site::current());
      look();
    }
  }
  // As the engine does when the application asks for the next packet.
  void look() {
    take_all();
    signal_.mark_empty();
    if (has_packets()) signal_.mark_missed();
  }
  void expect_quiet() {
    look();
    expect(!interleaving::eventfd_is_readable(signal_.watch(), Site::current()), "it is quiet");
  }
  void look_and_be_reminded() {
    signal_.watch();
    look();
    signal_.remind();
  }

 private:
  // As the engine waits: until there is a packet or an interrupt.
  void wait() {
    for (;;) {
      signal_.prepare_wait();
      const bool is_over = has_packets() || signal_.was_interrupted();
      if (!is_over) signal_.wait(net::Deadline::never());
      signal_.finish_wait();
      if (is_over) return;
    }
  }
  bool has_packets() { return rings_[0].front() != nullptr || rings_[1].front() != nullptr; }
  void take_all() {
    for (auto& ring : rings_) {
      while (ring.front() != nullptr) {
        ring.pop();
        ++taken_;
      }
    }
  }
  bool has_all(int packets, std::size_t told) const {
    if (taken_ < packets) return false;
    for (std::size_t i = 0; i < told; ++i) {
      if (!is_told_[i].load(std::memory_order_relaxed)) return false;
    }
    return true;
  }

  std::array<ring::SpscRing<int>, kRings> rings_{ring::SpscRing<int>(4), ring::SpscRing<int>(4)};
  std::array<Atomic<bool>, 2> is_told_{};
  ConsumerSignal signal_;
  int taken_ = 0;
};

Trials sleeping_trials() {
  return {
      {"a sleep, one packet",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         test.thread([&] { consumer.publish(0); });
         test.thread([&] { consumer.sleep_for(1, 0); });
       }},
      {"a sleep, two packets",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         test.thread([&] { consumer.publish(0, 2); });
         test.thread([&] { consumer.sleep_for(2, 0); });
       }},
      {"a sleep, two workers",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         for (std::size_t i = 0; i < 2; ++i) test.thread([&, i] { consumer.publish(i); });
         test.thread([&] { consumer.sleep_for(2, 0); });
       }},
      {"a sleep, interrupted",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         test.thread([&] { consumer.tell(0); });
         test.thread([&] { consumer.sleep_for(0, 1); });
       }},
      {"a sleep, interrupted by two",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         for (std::size_t i = 0; i < 2; ++i) test.thread([&, i] { consumer.tell(i); });
         test.thread([&] { consumer.sleep_for(0, 2); });
       }},
      {"a sleep, a packet and an interrupt",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         test.thread([&] { consumer.publish(0); });
         test.thread([&] { consumer.tell(0); });
         test.thread([&] { consumer.sleep_for(1, 1); });
       }},
  };
}

Trials watching_trials() {
  return {
      {"an event loop, one packet",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         test.thread([&] { consumer.publish(0); });
         test.thread([&] { consumer.watch_for(1, 0); });
         test.at_end([&] { consumer.expect_quiet(); });
       }},
      {"an event loop, two packets",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         test.thread([&] { consumer.publish(0, 2); });
         test.thread([&] { consumer.watch_for(2, 0); });
         test.at_end([&] { consumer.expect_quiet(); });
       }},
      {"an event loop, two workers",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         for (std::size_t i = 0; i < 2; ++i) test.thread([&, i] { consumer.publish(i); });
         test.thread([&] { consumer.watch_for(2, 0); });
         test.at_end([&] { consumer.expect_quiet(); });
       }},
      {"an event loop, interrupted",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         test.thread([&] { consumer.tell(0); });
         test.thread([&] { consumer.watch_for(0, 1); });
         test.at_end([&] { consumer.expect_quiet(); });
       }},
      {"an event loop, interrupted by two",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         for (std::size_t i = 0; i < 2; ++i) test.thread([&, i] { consumer.tell(i); });
         test.thread([&] { consumer.watch_for(0, 2); });
         test.at_end([&] { consumer.expect_quiet(); });
       }},
      {"an event loop, a packet and an interrupt",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         test.thread([&] { consumer.publish(0); });
         test.thread([&] { consumer.tell(0); });
         test.thread([&] { consumer.watch_for(1, 1); });
         test.at_end([&] { consumer.expect_quiet(); });
       }},
      {"an event loop that is reminded, one packet",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         test.thread([&] { consumer.publish(0); });
         test.thread([&] {
           consumer.look_and_be_reminded();
           consumer.watch_for(1, 0);
         });
       }},
      {"an event loop, then a sleep",
       [](Scenario& test) {
         auto& consumer = test.make<Consumer>();
         test.thread([&] { consumer.publish(0, 2); });
         test.thread([&] {
           consumer.watch_for(1, 0);
           consumer.sleep_for(2, 0);
         });
       }},
  };
}

const Trials& trials() {
  static const Trials trials = [] {
    Trials all = sleeping_trials();
    for (const Trial& trial : watching_trials()) all.push_back(trial);
    return all;
  }();
  return trials;
}

TEST(ConsumerSignalInterleavings, AreAllRightAndNeedEveryOrder) {
  interleaving::expect_right_and_tight(trials(), {"consumer_signal.h"});
}

}  // namespace
}  // namespace ringpeer::worker
