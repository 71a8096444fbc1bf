// SpscRing in every interleaving: the producer, the consumer, and a third thread that asks for
// the size.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "ringpeer/engine/ring/spsc_ring.h"
#include "ringpeer/tests/interleaving/explorer.h"
#include "ringpeer/tests/interleaving/trials.h"

namespace ringpeer::ring {
namespace {

using interleaving::expect;
using interleaving::Scenario;
using interleaving::Trial;
using interleaving::Trials;

// The producer's and the consumer's end of a ring through which 1, 2, 3 and so on go.
template <std::size_t kWarmSlots>
class Ends {
 public:
  explicit Ends(std::size_t capacity, std::size_t first_index = 0) : ring_(capacity, first_index) {}

  // ---- The producer's.
  bool push() {
    if (!ring_.push(pushed_ + 1)) return false;
    ++pushed_;
    return true;
  }
  void stage_up_to(std::size_t wanted) {
    while (wanted > 0 && !ring_.has_free_slots(wanted)) --wanted;
    while (wanted > 0) {
      const std::span<int> slots = ring_.next_slots(wanted);
      for (int& slot : slots) slot = ++pushed_;
      ring_.stage_written(slots.size());
      wanted -= slots.size();
    }
  }
  void publish() { ring_.publish(); }
  void push_and_publish(int count) {
    for (int i = 0; i < count; ++i) {
      push();
      publish();
    }
  }
  // Goes back when it may, and then has something to push: a ring that is empty is not full.
  void rewind_and_push() {
    ring_.rewind_if_empty();
    push();
    publish();
  }

  // ---- The consumer's.
  bool pop() {
    const int* const value = ring_.front();
    if (value == nullptr) return false;
    expect(*value == popped_ + 1, "what comes next");
    ++popped_;
    ring_.pop();
    return true;
  }
  void pop_run() {
    const std::span<int> run = ring_.front_run(ring_.capacity());
    for (const int value : run) expect(value == ++popped_, "what comes next");
    if (!run.empty()) ring_.pop(run.size());
  }
  void pop_up_to(int count) {
    for (int i = 0; i < count; ++i) pop();
  }

  // ---- Any thread's.
  std::size_t size() const { return ring_.size(); }

  // ---- At the end.
  void expect_all_to_arrive() {
    expect(ring_.size() == static_cast<std::size_t>(pushed_ - popped_), "the size");
    while (pop()) {
    }
    expect(popped_ == pushed_, "all have come");
    expect(ring_.size() == 0, "no size");
    expect(ring_.has_free_slots(ring_.capacity()), "all slots are free");
  }

 private:
  SpscRing<int, kWarmSlots> ring_;
  int pushed_ = 0;  // the producer's
  int popped_ = 0;  // the consumer's
};

constexpr std::size_t kNever = 512;  // warm slots that no ring here goes beyond

template <std::size_t kWarmSlots = kNever, typename Producer, typename Consumer>
Ends<kWarmSlots>& two_threads(Scenario& test, std::size_t capacity, Producer producer,
                              Consumer consumer) {
  auto& ends = test.make<Ends<kWarmSlots>>(capacity);
  test.thread([&ends, producer] { producer(ends); });
  test.thread([&ends, consumer] { consumer(ends); });
  test.at_end([&ends] { ends.expect_all_to_arrive(); });
  return ends;
}

Trials plain_trials() {
  return {
      {"one slot, two pushes, two pops",
       [](Scenario& test) {
         two_threads(
             test, 1, [](auto& ends) { ends.push_and_publish(2); },
             [](auto& ends) { ends.pop_up_to(2); });
       }},
      {"one of one, and its size",
       [](Scenario& test) {
         auto& ends = two_threads(
             test, 2, [](auto& e) { e.push_and_publish(1); }, [](auto& e) { e.pop_up_to(1); });
         test.thread([&ends] { expect(ends.size() <= 1, "no more than was ever there"); });
       }},
      {"one of one after going back, and its size",
       [](Scenario& test) {
         constexpr std::size_t kBeyondTheFirstSlots = 1;
         auto& ends = test.make<Ends<1>>(std::size_t{2}, kBeyondTheFirstSlots);
         test.thread([&ends] { ends.rewind_and_push(); });
         test.thread([&ends] { ends.pop_up_to(1); });
         test.thread([&ends] { expect(ends.size() <= 1, "no more than was ever there"); });
         test.at_end([&ends] { ends.expect_all_to_arrive(); });
       }},
      {"one slot, four pushes, four pops",
       [](Scenario& test) {
         two_threads(
             test, 1, [](auto& ends) { ends.push_and_publish(4); },
             [](auto& ends) { ends.pop_up_to(4); });
       }},
      {"two slots, five pushes, five pops",
       [](Scenario& test) {
         two_threads(
             test, 2, [](auto& ends) { ends.push_and_publish(5); },
             [](auto& ends) { ends.pop_up_to(5); });
       }},
      {"two slots, runs",
       [](Scenario& test) {
         two_threads(
             test, 2,
             [](auto& ends) {
               for (int i = 0; i < 3; ++i) {
                 ends.stage_up_to(2);
                 ends.publish();
               }
             },
             [](auto& ends) {
               for (int i = 0; i < 4; ++i) ends.pop_run();
             });
       }},
      {"two slots, pushes, pops and the size",
       [](Scenario& test) {
         auto& ends = two_threads(
             test, 2, [](auto& e) { e.push_and_publish(3); }, [](auto& e) { e.pop_up_to(3); });
         test.thread([&ends] { expect(ends.size() <= 2, "no more than fits"); });
       }},
  };
}

Trials rewinding_trials() {
  return {
      {"back to the first slots",
       [](Scenario& test) {
         two_threads<1>(
             test, 2,
             [](auto& ends) {
               for (int i = 0; i < 4; ++i) ends.rewind_and_push();
             },
             [](auto& ends) { ends.pop_up_to(4); });
       }},
      {"back to the first slots, in runs",
       [](Scenario& test) {
         two_threads<1>(
             test, 2,
             [](auto& ends) {
               for (int i = 0; i < 3; ++i) {
                 ends.rewind_and_push();
                 ends.push();
                 ends.publish();
               }
             },
             [](auto& ends) {
               for (int i = 0; i < 4; ++i) ends.pop_run();
             });
       }},
      {"back to the first slots, and the size",
       [](Scenario& test) {
         auto& ends = two_threads<1>(
             test, 2,
             [](auto& e) {
               for (int i = 0; i < 3; ++i) e.rewind_and_push();
             },
             [](auto& e) { e.pop_up_to(3); });
         test.thread([&ends] { expect(ends.size() <= 2, "no more than fits"); });
       }},
  };
}

const Trials& trials() {
  static const Trials trials = [] {
    Trials all = plain_trials();
    for (const Trial& trial : rewinding_trials()) all.push_back(trial);
    return all;
  }();
  return trials;
}

TEST(SpscRingInterleavings, AreAllRightAndNeedEveryOrder) {
  interleaving::expect_right_and_tight(trials(), {"spsc_ring.h"});
}

}  // namespace
}  // namespace ringpeer::ring
