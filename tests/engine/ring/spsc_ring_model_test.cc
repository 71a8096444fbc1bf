// Random sequences of every call of a ring, beside a queue that cannot be wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>

#include "ringpeer/engine/ring/spsc_ring.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::ring {
namespace {

using test::Draws;

// One thread in both roles: every order of whole calls, publishing nothing and refusals
// included. What two threads may see in the middle of one is for the explorer.
class RingModel final : public test::Model {
 public:
  enum Kind { kRewind, kPublish, kPush, kFill, kWrite, kPop, kPopAll, kPopRun, kLook, kAskForRoom };

  RingModel(std::size_t capacity, std::size_t first_index)
      : capacity_(std::bit_ceil(capacity)), ring_(capacity, first_index) {}

  void step(std::size_t kind, Draws& draws) override {
    do_it(static_cast<Kind>(kind), draws);
    check();
  }
  // Nothing is lost or left over.
  void end() override {
    publish();
    check();
    pop_one_by_one(published_.size());
    check();
    ASSERT_TRUE(ring_.has_free_slots(capacity_));
    ASSERT_FALSE(ring_.has_free_slots(capacity_ + 1));
  }

 private:
  void do_it(Kind kind, Draws& draws) {
    switch (kind) {
      case kRewind:
        return ring_.rewind_if_empty();
      case kPublish:
        return publish();
      case kPush:
        return push_one_by_one(1 + draws.below(3));
      case kFill:
        return push_one_by_one(1 + draws.below(capacity_ + 1));
      case kWrite:
        return write_slots(1 + draws.below(capacity_ + 1), draws);
      case kPop:
        return pop_one_by_one(1 + draws.below(3));
      case kPopAll:
        return pop_one_by_one(capacity_);
      case kPopRun:
        return pop_run(1 + draws.below(capacity_), draws);
      case kLook:
        return look();
      case kAskForRoom:
        return ask_for_room(1 + draws.below(capacity_ + 1));
    }
  }

  void check() {
    ASSERT_EQ(ring_.capacity(), capacity_);
    ASSERT_EQ(ring_.size(), published_.size());
  }
  std::size_t room() const { return capacity_ - published_.size() - staged_.size(); }

  void push_one_by_one(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const bool has_room = room() > 0;
      if (i % 2 == 0) {
        ASSERT_EQ(ring_.push(next_), has_room);
      } else {
        ASSERT_EQ(ring_.has_free_slots(), has_room);
        if (has_room) ring_.stage(next_);
      }
      if (!has_room) return;
      staged_.push_back(next_++);
    }
  }
  // Some of the room that is asked for, in pieces.
  void write_slots(std::size_t count, Draws& draws) {
    ASSERT_EQ(ring_.has_free_slots(count), count <= room());
    if (count > room()) return;
    while (count > 0) {
      const std::span<std::uint64_t> slots = ring_.next_slots(count);
      ASSERT_GE(slots.size(), 1u);
      ASSERT_LE(slots.size(), count);
      const std::size_t written = slots.size() - draws.below(slots.size());
      for (std::uint64_t& slot : slots.first(written)) {
        slot = next_;
        staged_.push_back(next_++);
      }
      ring_.stage_written(written);
      count -= slots.size();
    }
  }
  void publish() {
    ring_.publish();
    published_.insert(published_.end(), staged_.begin(), staged_.end());
    staged_.clear();
  }
  void pop_one_by_one(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t* const front = ring_.front();
      ASSERT_EQ(front == nullptr, published_.empty());
      if (front == nullptr) return;
      ASSERT_EQ(*front, published_.front());
      ring_.pop();
      published_.pop_front();
    }
  }
  void pop_run(std::size_t most, Draws& draws) {
    const std::span<std::uint64_t> run = ring_.front_run(most);
    ASSERT_LE(run.size(), std::min(most, published_.size()));
    ASSERT_EQ(run.empty(), published_.empty());
    for (std::size_t i = 0; i < run.size(); ++i) ASSERT_EQ(run[i], published_[i]);
    const std::size_t taken = draws.up_to(run.size());
    if (taken > 0) ring_.pop(taken);
    published_.erase(published_.begin(), published_.begin() + static_cast<std::ptrdiff_t>(taken));
  }
  // What it knows of is there without a look, and a look finds what there is.
  void look() {
    if (ring_.knows_more()) {
      ASSERT_FALSE(published_.empty());
      return;
    }
    ASSERT_EQ(ring_.look(), !published_.empty());
    ASSERT_EQ(ring_.knows_more(), !published_.empty());
  }
  void ask_for_room(std::size_t wanted) {
    ASSERT_EQ(ring_.has_free_slots(wanted), wanted <= room());
  }

  const std::size_t capacity_;
  SpscRing<std::uint64_t> ring_;
  std::uint64_t next_ = 0;
  std::deque<std::uint64_t> staged_;
  std::deque<std::uint64_t> published_;
};

test::ModelPlan plan_of(std::array<std::size_t, 5> capacities) {
  test::ModelPlan plan;
  plan.kinds = {{"rewind_if_empty", 2},
                {"publish", 3},
                {"push", 2},
                {"fill", 1},
                {"write_slots", 2},
                {"pop", 2},
                {"pop_all", 1},
                {"pop_run", 2},
                {"look", 1},
                {"ask_for_room", 1}};
  plan.make = [capacities](Draws& draws) {
    constexpr std::array<std::size_t, 4> kFirstIndices{0, SIZE_MAX / 2, SIZE_MAX - 500, SIZE_MAX};
    const std::size_t capacity = draws.one_of(capacities);
    return std::make_unique<RingModel>(capacity, draws.one_of(kFirstIndices));
  };
  return plan;
}

TEST(SpscRingModelTest, HoldsWhatWasPublishedAndNothingElse) {
  test::ModelPlan plan = plan_of({1, 2, 3, 4, 60});
  plan.sequences = 10000;
  run_model(plan);
}

// Large enough that a rewind has something to do.
TEST(SpscRingModelTest, HoldsWhenItIsRewoundToo) {
  test::ModelPlan plan = plan_of({1024, 1000, 600, 2048, 4096});
  plan.sequences = 1000;
  plan.max_operations = 200;
  run_model(plan);
}

// The shortest way to a phantom: the ring is rewound, and then nothing is published.
TEST(SpscRing, IsEmptyWhenNothingIsPublishedAfterARewind) {
  SpscRing<int> ring(1024);
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(ring.push(i));
  ring.publish();
  while (ring.front() != nullptr) ring.pop();
  ring.rewind_if_empty();
  ring.publish();
  EXPECT_EQ(ring.front(), nullptr);
  EXPECT_TRUE(ring.front_run(10).empty());
  EXPECT_EQ(ring.size(), 0u);
  EXPECT_TRUE(ring.has_free_slots(1024));
  ASSERT_TRUE(ring.push(7));
  ring.publish();
  ASSERT_NE(ring.front(), nullptr);
  EXPECT_EQ(*ring.front(), 7);
}

#ifndef NDEBUG
TEST(SpscRingDeathTest, PopTakesOnlyWhatWasShown) {
  SpscRing<int> ring(4);
  EXPECT_DEATH(ring.pop(), "");
  ring.push(1);
  ring.push(2);
  ring.publish();
  EXPECT_DEATH(ring.pop(), "");  // nobody has looked
  ASSERT_EQ(ring.front_run(1).size(), 1u);
  EXPECT_DEATH(ring.pop(3), "");
}

TEST(SpscRingDeathTest, StagesOnlyWhereItWasToldOfRoom) {
  SpscRing<int> ring(2);
  ring.push(1);
  ring.push(2);
  EXPECT_DEATH(ring.stage(3), "");
  EXPECT_DEATH(ring.next_slots(1), "");
  EXPECT_DEATH(ring.stage_written(1), "");
}
#endif

}  // namespace
}  // namespace ringpeer::ring
