// Random sequences of what sockets wait in for their turn, beside a list; and of the errors that
// they report, beside the rule: so many in so short a time are followed by a break.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/backend/error_breaks.h"
#include "ringpeer/engine/backend/slot_queue.h"
#include "ringpeer/tests/engine/support/shifted_clock.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::backend {
namespace {

using test::Draws;
using namespace std::chrono_literals;

class TurnsModel final : public test::Model {
 public:
  void step(std::size_t kind, Draws& draws) override {
    if (kind == 0) {
      const auto slot = static_cast<SocketSlot>(draws.below(kSlots));
      queue_.push(slot);
      if (std::find(expected_.begin(), expected_.end(), slot) == expected_.end())
        expected_.push_back(slot);
    } else if (!expected_.empty()) {
      ASSERT_EQ(queue_.front(), expected_.front());
      ASSERT_EQ(queue_.pop(), expected_.front());
      expected_.pop_front();
    }
    ASSERT_EQ(queue_.size(), expected_.size());
    ASSERT_EQ(queue_.empty(), expected_.empty());
  }
  void end() override {
    while (!expected_.empty()) {
      ASSERT_EQ(queue_.pop(), expected_.front());
      expected_.pop_front();
    }
  }

 private:
  static constexpr std::size_t kSlots = 5;

  SlotQueue queue_{kSlots};
  std::deque<SocketSlot> expected_;
};

TEST(TurnsModelTest, WhoWaitsLongestIsNextAndNobodyWaitsTwice) {
  test::ModelPlan plan;
  plan.kinds = {{"push", 4}, {"pop", 3}};
  plan.make = [](Draws&) { return std::make_unique<TurnsModel>(); };
  run_model(plan);
}

// The clock moves on by itself. Nothing here is nearer than a millisecond to what decides; what
// took longer than that shows nothing.
class BreaksModel final : public test::Model {
 public:
  ~BreaksModel() override { test::reset_clocks(); }

  void step(std::size_t kind, Draws& draws) override {
    if (is_late()) return;
    switch (kind) {
      case 0:
        for (std::size_t i = 1 + draws.below(20); i > 0; --i) report(draws.below(kSlots));
        break;
      case 1:
        pass(draws.one_in(3) ? 4 * kStep : kStep);
        break;
      case 2:
        end_breaks(false);
        break;
      default:
        if (draws.one_in(4)) end_breaks(true);
    }
    const auto idle = breaks_.shorten(1s);
    if (is_late()) return;
    const bool is_shorter =
        std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.has_break; });
    ASSERT_EQ(idle < 1s, is_shorter);
    ASSERT_LE(idle, is_shorter ? 10ms : 1s);
  }

 private:
  static constexpr std::size_t kSlots = 3;
  static constexpr std::size_t kErrors = 16;
  static constexpr std::chrono::milliseconds kStep{3};

  struct Slot {
    std::size_t errors = 0;
    std::chrono::milliseconds since{};
    std::chrono::milliseconds break_ends{};
    bool has_break = false;
  };

  bool is_late() { return base::Clock::now() - began_ - now_ > 900us; }
  void pass(std::chrono::milliseconds time) {
    now_ += time;
    test::shift_monotonic_clock(time);
  }
  // A socket on its break is not read: it reports nothing.
  void report(std::size_t which) {
    Slot& slot = slots_[which];
    if (slot.has_break) return;
    if (slot.errors++ == 0) slot.since = now_;
    const bool is_full = slot.errors == kErrors;
    if (is_full) slot.errors = 0;
    slot.has_break = is_full && now_ - slot.since <= 10ms;
    slot.break_ends = now_ + 10ms;
    const bool has_break = breaks_.record_error(static_cast<SocketSlot>(which));
    if (is_late()) return;
    ASSERT_EQ(has_break, slot.has_break);
  }
  void end_breaks(bool all) {
    std::vector<bool> ended(kSlots, false);
    breaks_.end_breaks(all, [&ended](SocketSlot slot) { ended[slot] = true; });
    if (is_late()) return;
    for (std::size_t i = 0; i < kSlots; ++i) {
      const bool ends = slots_[i].has_break && (all || slots_[i].break_ends <= now_);
      ASSERT_EQ(ended[i], ends) << "slot " << i;
      if (ends) slots_[i].has_break = false;
    }
  }

  ErrorBreaks breaks_;
  std::array<Slot, kSlots> slots_;
  const base::Clock::time_point began_ = base::Clock::now();
  std::chrono::milliseconds now_{};  // since then
};

TEST(ErrorBreaksModelTest, ManyErrorsInAShortTimeAreFollowedByABreak) {
  test::ModelPlan plan;
  plan.kinds = {{"report", 6}, {"pass", 4}, {"end_breaks", 3}, {"end_all", 1}};
  plan.sequences = 500;
  plan.make = [](Draws&) { return std::make_unique<BreaksModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::backend
