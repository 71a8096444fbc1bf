// Random looks, gets, counts and ticks beside a plain list of what was given since the bound has
// begun; and applications that take until nothing waits, while more comes than they take.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
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
        late_ = draws.one_in(4);
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
  // A get: it is given, or the answer is that nothing waits. True when given.
  bool get(std::uint64_t charge) {
    look();
    if (promised_ == 0) {
      const bool ends = must_end(charge);
      EXPECT_EQ(bound_.ends_loop(charge, kMost), ends);
      if (ends) {
        begin();
        return false;
      }
    }
    // Now and then from a sender whose packets are taken later than others.
    const std::uint64_t arrival_us = now_us_ - (late_ ? std::min(now_us_, kSlowUs / 2) : 0);
    bound_.count_given(charge, arrival_us);
    leak(charge, arrival_us);
    given_.push_back(charge);
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

  // As much as fits was given.
  bool must_end(std::uint64_t charge) const { return !given_.empty() && sum() + charge > kMost; }
  std::uint64_t sum() const {
    return std::accumulate(given_.begin(), given_.end(), std::uint64_t{0});
  }
  // One like the last for each kSlowUs that has passed, the oldest first.
  void leak(std::uint64_t charge, std::uint64_t arrival_us) {
    for (; arrival_us >= leaked_us_ + kSlowUs; leaked_us_ += kSlowUs) {
      for (std::uint64_t bytes = charge; bytes > 0 && !given_.empty();) {
        const std::uint64_t part = std::min(bytes, given_.front());
        bytes -= part;
        given_.front() -= part;
        if (given_.front() == 0) given_.erase(given_.begin());
      }
      if (given_.empty()) leaked_us_ = arrival_us - kSlowUs;
    }
  }
  // A loop that never finds the queue empty: ends all the same, with what the queue holds.
  void flood(std::uint64_t charge) {
    ++ticks_;
    promised_ = 0;
    late_ = false;
    std::uint64_t given = 0;
    do {
      now_us_ += 1;
      ASSERT_LE(given, kMost + charge);  // 4 ms may pass once
      given += charge;
    } while (get(charge));
    given -= charge;
    ASSERT_GT(given + charge, kMost);
  }
  void begin() {
    given_.clear();
    promised_ = 0;
  }

  LoopBound bound_;
  std::vector<std::uint64_t> given_;
  std::uint64_t leaked_us_ = 0;
  bool late_ = false;
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
