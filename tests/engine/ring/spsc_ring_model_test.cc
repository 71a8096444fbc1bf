// Random sequences of every call of a ring, beside a queue that cannot be wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <span>

#include "ringpeer/engine/ring/spsc_ring.h"

namespace ringpeer::ring {
namespace {

constexpr int kSteps = 2000;

// One thread in both roles: every order of whole calls, publishing nothing and refusals
// included. What two threads may see in the middle of one is for the torture runs.
class Model {
 public:
  Model(std::size_t capacity, std::size_t first_index, unsigned seed)
      : ring_(capacity, first_index), random_(seed) {}

  void step() {
    switch (random_() % 12) {
      case 0:
        return ring_.rewind_if_empty();
      case 1:
      case 2:
        return publish();
      case 3:
        return push_one_by_one(up_to(3));
      case 4:
        return push_one_by_one(up_to(ring_.capacity() + 1));
      case 5:
        return write_slots(up_to(3));
      case 6:
        return write_slots(up_to(ring_.capacity()));
      case 7:
        return pop_one_by_one(up_to(3));
      case 8:
        return pop_one_by_one(ring_.capacity());
      case 9:
        return pop_run(up_to(ring_.capacity()));
      case 10:
        return pop_run(up_to(4));
      default:
        return ask_for_room();
    }
  }

  void check() {
    ASSERT_EQ(ring_.size(), published_.size());
    const std::uint64_t* const front = ring_.front();
    ASSERT_EQ(front == nullptr, published_.empty());
    if (front != nullptr) {
      ASSERT_EQ(*front, published_.front());
    }
  }

 private:
  std::size_t up_to(std::size_t most) { return random_() % most + 1; }
  std::size_t room() const { return ring_.capacity() - published_.size() - staged_.size(); }

  void push_one_by_one(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const bool has_room = room() > 0;
      ASSERT_EQ(ring_.push(next_), has_room);
      if (!has_room) return;
      staged_.push_back(next_++);
    }
  }
  void write_slots(std::size_t count) {
    ASSERT_EQ(ring_.has_free_slots(count), count <= room());
    if (count > room()) return;
    while (count > 0) {
      const std::span<std::uint64_t> slots = ring_.next_slots(count);
      ASSERT_GE(slots.size(), 1u);
      ASSERT_LE(slots.size(), count);
      for (std::uint64_t& slot : slots) {
        slot = next_;
        staged_.push_back(next_++);
      }
      ring_.stage_written(slots.size());
      count -= slots.size();
    }
  }
  void publish() {
    ring_.publish();
    published_.insert(published_.end(), staged_.begin(), staged_.end());
    staged_.clear();
  }
  void pop_one_by_one(std::size_t count) {
    for (std::size_t i = 0; i < count && !published_.empty(); ++i) {
      check();
      ASSERT_NE(ring_.front(), nullptr);
      ring_.pop();
      published_.pop_front();
    }
  }
  void pop_run(std::size_t most) {
    const std::span<std::uint64_t> run = ring_.front_run(most);
    ASSERT_LE(run.size(), std::min(most, published_.size()));
    ASSERT_EQ(run.empty(), published_.empty());
    for (std::size_t i = 0; i < run.size(); ++i) ASSERT_EQ(run[i], published_[i]);
    const std::size_t taken = random_() % (run.size() + 1);
    if (taken > 0) ring_.pop(taken);
    published_.erase(published_.begin(), published_.begin() + static_cast<std::ptrdiff_t>(taken));
  }
  void ask_for_room() {
    const std::size_t wanted = up_to(ring_.capacity() + 1);
    ASSERT_EQ(ring_.has_free_slots(wanted), wanted <= room());
  }

  SpscRing<std::uint64_t> ring_;
  std::minstd_rand random_;
  std::uint64_t next_ = 0;
  std::deque<std::uint64_t> staged_;
  std::deque<std::uint64_t> published_;
};

class SpscRingModel : public testing::TestWithParam<std::size_t> {};

TEST_P(SpscRingModel, HoldsWhatWasPublishedAndNothingElse) {
  for (const std::size_t capacity : {1u, 4u, 64u, 1024u, 4096u}) {
    for (unsigned seed = 1; seed <= 4; ++seed) {
      SCOPED_TRACE(testing::Message() << "capacity " << capacity << ", seed " << seed);
      Model model(capacity, GetParam(), seed);
      for (int step = 0; step < kSteps; ++step) {
        model.step();
        model.check();
        if (HasFatalFailure()) return;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(StartIndices, SpscRingModel,
                         testing::Values(std::size_t{0}, SIZE_MAX / 2, SIZE_MAX - 5000, SIZE_MAX));

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
