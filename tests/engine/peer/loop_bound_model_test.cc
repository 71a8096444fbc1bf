// Random looks, gets, counts and ticks beside a plain list of what was given since the bound has
// begun; and applications that take until nothing waits, while more comes than they take.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <vector>

#include "ringpeer/engine/peer/loop_bound.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::internal {
namespace {

using test::Draws;

constexpr std::uint64_t kMost = 1000;
constexpr std::uint64_t kSlowUs = 4000;

class LoopModel final : public test::Model {
 public:
  enum Kind { kGet, kLook, kCount, kNothing, kTick, kPause, kFlood };

  void step(std::size_t kind, Draws& draws) override {
    switch (kind) {
      case kGet:
        now_us_ += draws.one_in(4) ? draws.below(3 * kSlowUs) : draws.below(10);
        get(draws.one_in(8) ? kMost + draws.below(3) : 1 + draws.below(400));
        break;
      case kLook:
        look();
        break;
      case kCount:
        promised_ = draws.below(4);
        bound_.promise(promised_);
        if (promised_ == 0) begin();
        break;
      case kNothing:
        bound_.begin_again();
        begin();
        break;
      case kTick:
        ++ticks_;
        break;
      case kPause:
        now_us_ += draws.below(10 * kSlowUs);
        break;
      default:
        flood(1 + draws.below(100));
    }
    ASSERT_EQ(bound_.is_promised(), promised_ > 0);
  }

 private:
  struct Given {
    std::uint64_t charge;
    std::uint64_t arrival_us;
  };

  // A get: it is given, or the answer is that nothing waits. True when given.
  bool get(std::uint64_t charge) {
    look();
    if (promised_ == 0) {
      const bool ends = must_end(charge);
      EXPECT_EQ(bound_.ends_loop(charge, kMost), ends);
      if (ends) {
        const std::uint64_t last_us = given_.back().arrival_us;
        begin();
        before_us_ = last_us;
        return false;
      }
    }
    bound_.count_given(charge, now_us_);
    given_.push_back({charge, now_us_});
    promised_ -= promised_ > 0 ? 1 : 0;
    took_ = true;
    return true;
  }
  // Asks for more when it is the first of a tick, or when nothing was taken since the one before.
  void look() {
    const bool is_first = ticks_ != seen_ticks_;
    if (is_first) begin();
    seen_ticks_ = ticks_;
    ASSERT_EQ(bound_.begin_look(ticks_), is_first || !took_);
    took_ = false;
  }

  // As much as fits was given, and faster than a loop is slow.
  bool must_end(std::uint64_t charge) {
    const std::uint64_t sum = std::accumulate(
        given_.begin(), given_.end(), std::uint64_t{0},
        [](std::uint64_t so_far, const Given& each) { return so_far + each.charge; });
    if (given_.empty() || sum + charge <= kMost) return false;
    const std::uint64_t from_us = before_us_.value_or(given_.front().arrival_us);
    const bool came_slowly = given_.back().arrival_us - from_us >= given_.size() * kSlowUs;
    if (came_slowly) {  // begins again, and this one is given
      before_us_ = given_.back().arrival_us;
      given_.clear();
      promised_ = 0;
    }
    return !came_slowly;
  }
  // A loop that never finds the queue empty: ends all the same, with what the queue holds.
  void flood(std::uint64_t charge) {
    ++ticks_;
    promised_ = 0;
    std::uint64_t given = 0;
    do {
      now_us_ += 1;
      ASSERT_LE(given, kMost);
      given += charge;
    } while (get(charge));
    given -= charge;
    ASSERT_GT(given + charge, kMost);
  }
  void begin() {
    given_.clear();
    before_us_.reset();
    promised_ = 0;
  }

  LoopBound bound_;
  std::vector<Given> given_;
  std::optional<std::uint64_t> before_us_;  // when the last one before those had come
  std::uint64_t promised_ = 0;
  std::uint64_t ticks_ = 0;
  std::uint64_t seen_ticks_ = 0;
  std::uint64_t now_us_ = 1;
  bool took_ = false;
};

TEST(LoopBoundModelTest, EndsTheLoopsThatItMustAndNoOthers) {
  test::ModelPlan plan;
  plan.kinds = {{"get", 8},  {"look", 2},  {"count", 2}, {"nothing", 1},
                {"tick", 1}, {"pause", 1}, {"flood", 1}};
  plan.make = [](Draws&) { return std::make_unique<LoopModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::internal
