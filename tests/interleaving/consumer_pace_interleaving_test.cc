// ConsumerPace in every interleaving, and what WaitPlanner makes of it: workers that sleep for the
// sake of a consumer's rhythm, and that consumer, which looks and begins to wait. Such a sleep has
// no end here but a wake-up: a worker that sleeps on while the consumer waits is a deadlock.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

#include "ringpeer/engine/net/deadline.h"
#include "ringpeer/engine/ring/spsc_ring.h"
#include "ringpeer/engine/wait/consumer_pace.h"
#include "ringpeer/engine/wait/inflow.h"
#include "ringpeer/engine/wait/wait_planner.h"
#include "ringpeer/engine/worker/consumer_signal.h"
#include "ringpeer/latency_budget.h"
#include "ringpeer/tests/interleaving/explorer.h"
#include "ringpeer/tests/interleaving/runtime.h"
#include "ringpeer/tests/interleaving/site.h"
#include "ringpeer/tests/interleaving/trials.h"

namespace ringpeer::wait {
namespace {

using interleaving::expect;
using interleaving::Scenario;
using interleaving::Site;
using interleaving::Trials;

constexpr std::size_t kWorkers = 2;
constexpr std::uint64_t kFrameUs = 16'667;

// The eventfd of each worker, by its number; the first one is that of a ConsumerSignal.
int wakeup_of(std::size_t worker) { return 4 + static_cast<int>(worker); }
void wake(std::size_t worker) { interleaving::eventfd_notify(wakeup_of(worker), Site::current()); }
void sleep(std::size_t worker) {
  interleaving::eventfd_await_readable(wakeup_of(worker), Site::current());
  interleaving::eventfd_clear(wakeup_of(worker), Site::current());
}

// A consumer, and the workers that receive for it.
class Inbox {
 public:
  ConsumerPace& pace() { return pace_; }

  // ---- A worker's.

  // As it sleeps, if it may, `times` times one after the other.
  void lull(std::size_t worker, int times = 1) {
    for (int i = 0; i < times; ++i) {
      if (!pace_.begin_lull()) continue;
      sleep(worker);
      pace_.end_lull();
    }
  }
  // A packet waits in its socket: it is there for the consumer after the sleep.
  void lull_and_publish() {
    lull(0);
    ring_.push(1);
    ring_.publish();
    signal_.notify_if_waiting();
  }
  // Ticks come in order, each whole.
  void follow(int looks) {
    ConsumerPace::Tick last;
    for (int i = 0; i < looks; ++i) {
      const ConsumerPace::Tick tick = pace_.last_tick();
      expect(tick.at_us == tick.number * kFrameUs, "the tick's time is that of its number");
      expect(tick.number >= last.number, "no tick is newer than the next");
      last = tick;
    }
  }

  // ---- The consumer's.

  // A frame's, which finds nothing: each is a tick.
  void look() { pace_.record_look(++frames_ * kFrameUs, false); }
  void begin_wait() {
    if (!pace_.begin_wait()) return;
    wake_all();
  }
  void begin_watch() {
    if (pace_.begin_watch()) wake_all();
  }
  // As the engine waits: until there is a packet.
  void wait_for_packet() {
    for (;;) {
      begin_wait();
      signal_.prepare_wait();
      const bool is_over = ring_.front() != nullptr;
      if (!is_over) signal_.wait(net::Deadline::never());
      signal_.finish_wait();
      if (is_over) break;
    }
    ring_.pop();
  }

  // ---- When all is over.

  // Each lull that began has ended, and ended once.
  void expect_no_lull() {
    // Two frames without a wait, or it is known to wait.
    look();
    look();
    expect(!pace_.waits(), "it only looks");
    expect(!pace_.begin_wait(), "nobody sleeps");
  }

 private:
  void wake_all() {
    for (std::size_t worker = 0; worker < kWorkers; ++worker) wake(worker);
  }

  ConsumerPace pace_;
  ring::SpscRing<int> ring_{4};
  worker::ConsumerSignal signal_;
  std::uint64_t frames_ = 0;
};

Trials waiting_trials() {
  return {
      {"a wait, one lull",
       [](Scenario& test) {
         auto& inbox = test.make<Inbox>();
         test.thread([&] { inbox.lull(0); });
         test.thread([&] { inbox.begin_wait(); });
         test.at_end([&] { inbox.expect_no_lull(); });
       }},
      {"a watch, one lull",
       [](Scenario& test) {
         auto& inbox = test.make<Inbox>();
         test.thread([&] { inbox.lull(0); });
         test.thread([&] { inbox.begin_watch(); });
       }},
      {"a wait, lull after lull",
       [](Scenario& test) {
         auto& inbox = test.make<Inbox>();
         test.thread([&] { inbox.lull(0, 3); });
         test.thread([&] { inbox.begin_wait(); });
         test.at_end([&] { inbox.expect_no_lull(); });
       }},
      {"a wait, two workers",
       [](Scenario& test) {
         auto& inbox = test.make<Inbox>();
         for (std::size_t i = 0; i < 2; ++i) test.thread([&, i] { inbox.lull(i); });
         test.thread([&] { inbox.begin_wait(); });
         test.at_end([&] { inbox.expect_no_lull(); });
       }},
      {"two waits, lull after lull",
       [](Scenario& test) {
         auto& inbox = test.make<Inbox>();
         test.thread([&] { inbox.lull(0, 2); });
         test.thread([&] {
           inbox.begin_wait();
           inbox.begin_wait();
         });
         test.at_end([&] { inbox.expect_no_lull(); });
       }},
      {"a wait for a packet",
       [](Scenario& test) {
         auto& inbox = test.make<Inbox>();
         test.thread([&] { inbox.lull_and_publish(); });
         test.thread([&] { inbox.wait_for_packet(); });
         test.at_end([&] { inbox.expect_no_lull(); });
       }},
  };
}

Trials looking_trials() {
  return {
      {"looks, and a worker that follows them",
       [](Scenario& test) {
         auto& inbox = test.make<Inbox>();
         test.thread([&] {
           for (int i = 0; i < 3; ++i) inbox.look();
         });
         test.thread([&] { inbox.follow(3); });
       }},
      {"a look, then a wait, lull after lull",
       [](Scenario& test) {
         auto& inbox = test.make<Inbox>();
         test.thread([&] {
           inbox.follow(1);
           inbox.lull(0, 2);
         });
         test.thread([&] {
           inbox.look();
           inbox.begin_wait();
         });
         test.at_end([&] { inbox.expect_no_lull(); });
       }},
      {"a wait, a look and a wait, lull after lull",
       [](Scenario& test) {
         auto& inbox = test.make<Inbox>();
         test.thread([&] { inbox.lull(0, 2); });
         test.thread([&] {
           inbox.begin_wait();
           inbox.look();
           inbox.begin_wait();
         });
         test.at_end([&] { inbox.expect_no_lull(); });
       }},
      {"a wait, a look and a wait, two workers",
       [](Scenario& test) {
         auto& inbox = test.make<Inbox>();
         for (std::size_t i = 0; i < 2; ++i) test.thread([&, i] { inbox.lull(i); });
         test.thread([&] {
           inbox.begin_wait();
           inbox.look();
           inbox.begin_wait();
         });
         test.at_end([&] { inbox.expect_no_lull(); });
       }},
  };
}

// A worker that receives for both consumers and knows their rhythm: whichever waits ends its sleep.
class SharedWorker {
 public:
  SharedWorker(Inbox& first, Inbox& second)
      : inboxes_{&first, &second},
        inflows_{Inflow(&first.pace()), Inflow(&second.pace())},
        planner_(*new (memory_.data()) WaitPlanner(LatencyBudget(), 2)) {
    for (Inflow& inflow : inflows_) {
      inflow.set_buffer(1 << 20);
      planner_.attach(inflow);
    }
    for (int i = 0; i < kFrames; ++i) frame();
  }

  ~SharedWorker() { planner_.~WaitPlanner(); }
  SharedWorker(const SharedWorker&) = delete;
  SharedWorker& operator=(const SharedWorker&) = delete;

  // As its loop does it.
  void wait() {
    const WaitPlan plan = planner_.begin_wait(now_us_);
    if (plan.sleep.count() > 0) sleep(0);
    planner_.end_wait();
    planner_.end_step(now_us_, 0, 0);
  }

 private:
  static constexpr int kFrames = 4;  // until a rhythm is known

  void frame() {
    for (Inbox* inbox : inboxes_) inbox->look();
    now_us_ += kFrameUs;
    for (Inflow& inflow : inflows_) planner_.record(inflow, 1, 64);
    planner_.end_step(now_us_, 2, 0);
  }

  std::array<Inbox*, 2> inboxes_;
  std::array<Inflow, 2> inflows_;
  // All written: a plan is copied with the padding in it.
  alignas(WaitPlanner) std::array<std::byte, sizeof(WaitPlanner)> memory_{};
  WaitPlanner& planner_;
  std::uint64_t now_us_ = 0;
};

Trials planned_trials() {
  return {
      {"two sockets, the first is waited for",
       [](Scenario& test) {
         auto& first = test.make<Inbox>();
         auto& second = test.make<Inbox>();
         auto& worker = test.make<SharedWorker>(first, second);
         test.thread([&] { worker.wait(); });
         test.thread([&] { first.begin_wait(); });
         test.at_end([&] {
           first.expect_no_lull();
           second.expect_no_lull();
         });
       }},
      {"two sockets, the second is waited for",
       [](Scenario& test) {
         auto& first = test.make<Inbox>();
         auto& second = test.make<Inbox>();
         auto& worker = test.make<SharedWorker>(first, second);
         test.thread([&] { worker.wait(); });
         test.thread([&] { second.begin_wait(); });
         test.at_end([&] {
           first.expect_no_lull();
           second.expect_no_lull();
         });
       }},
      {"two sockets, both are waited for, wait after wait",
       [](Scenario& test) {
         auto& first = test.make<Inbox>();
         auto& second = test.make<Inbox>();
         auto& worker = test.make<SharedWorker>(first, second);
         test.thread([&] {
           worker.wait();
           worker.wait();
         });
         test.thread([&] { first.begin_wait(); });
         test.thread([&] { second.begin_wait(); });
         test.at_end([&] {
           first.expect_no_lull();
           second.expect_no_lull();
         });
       }},
  };
}

TEST(ConsumerPaceInterleavings, AreAllRightAndNeedEveryOrder) {
  Trials trials = waiting_trials();
  for (const Trials& more : {looking_trials(), planned_trials()})
    trials.insert(trials.end(), more.begin(), more.end());
  interleaving::expect_right_and_tight(trials, {"consumer_pace.h"});
}

}  // namespace
}  // namespace ringpeer::wait
