// SendNotice in every interleaving: threads that put, and the worker that sleeps while nothing is
// put. A put that nobody sends is a deadlock.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

#include "ringpeer/engine/ring/spsc_ring.h"
#include "ringpeer/engine/send/send_notice.h"
#include "ringpeer/tests/interleaving/explorer.h"
#include "ringpeer/tests/interleaving/runtime.h"
#include "ringpeer/tests/interleaving/site.h"
#include "ringpeer/tests/interleaving/trials.h"

namespace ringpeer::worker {
namespace {

using interleaving::Scenario;
using interleaving::Site;
using interleaving::Trials;

// The send queue of a worker, with a ring for each thread that puts, and the eventfd that wakes it.
class Sends {
 public:
  static constexpr std::size_t kThreads = 3;

  // As SendHalf does it.
  void put(std::size_t thread, int count = 1) {
    for (int i = 0; i < count; ++i) {
      rings_[thread].push(1);
      rings_[thread].publish();
      if (notice_.leave() != SendNotice::kAwake)
        interleaving::eventfd_notify(kWakeup, Site::current());
    }
  }

  // The worker's loop, until so many have been put.
  void send(int count) {
    for (;;) {
      if (notice_.is_there()) {
        notice_.take();
        send_what_is_there();
      }
      if (sent_ == count) return;
      if (notice_.begin_sleep(SendNotice::kUntilWoken)) {
        interleaving::eventfd_await_readable(kWakeup, Site::current());
        interleaving::eventfd_clear(kWakeup, Site::current());
      }
      notice_.end_sleep();
    }
  }

 private:
  static constexpr int kWakeup = 3;

  void send_what_is_there() {
    for (auto& ring : rings_) {
      while (ring.front() != nullptr) {
        ring.pop();
        ++sent_;
      }
    }
  }

  std::array<ring::SpscRing<int>, kThreads> rings_{ring::SpscRing<int>(4), ring::SpscRing<int>(4),
                                                   ring::SpscRing<int>(4)};
  SendNotice notice_;
  int sent_ = 0;
};

Trials trials() {
  return {
      {"one put",
       [](Scenario& test) {
         auto& sends = test.make<Sends>();
         test.thread([&] { sends.put(0); });
         test.thread([&] { sends.send(1); });
       }},
      {"two puts",
       [](Scenario& test) {
         auto& sends = test.make<Sends>();
         test.thread([&] { sends.put(0, 2); });
         test.thread([&] { sends.send(2); });
       }},
      {"two threads",
       [](Scenario& test) {
         auto& sends = test.make<Sends>();
         for (std::size_t i = 0; i < 2; ++i) test.thread([&, i] { sends.put(i); });
         test.thread([&] { sends.send(2); });
       }},
      {"two threads, one of them twice",
       [](Scenario& test) {
         auto& sends = test.make<Sends>();
         test.thread([&] { sends.put(0, 2); });
         test.thread([&] { sends.put(1); });
         test.thread([&] { sends.send(3); });
       }},
  };
}

TEST(SendNoticeInterleavings, AreAllRightAndNeedEveryOrder) {
  interleaving::expect_right_and_tight(trials(), {"send_notice.h"});
}

}  // namespace
}  // namespace ringpeer::worker
