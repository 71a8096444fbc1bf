#ifndef RINGPEER_ENGINE_WAIT_LATENCY_BUDGET_H_
#define RINGPEER_ENGINE_WAIT_LATENCY_BUDGET_H_

#include "ringpeer/codec/base/language.h"

#include <chrono>

namespace ringpeer {

// The longest that a packet may wait for others to arrive before a worker is woken for it. Fixed
// when it is made from a time, 0: each packet wakes at once. Automatic, the default: the engine
// measures what a packet costs, and chooses a budget up to its bound; for a consumer that only
// polls, at its own rhythm, a longer one, which ends just before it looks.
//
// Threads: a value.
class LatencyBudget {
 public:
  // A quarter of a millisecond is felt by no player, and lets 20 packets of 100,000 a second come
  // together, which divides the price of a wake-up by 20.
  static constexpr std::chrono::microseconds kDefaultBound{200};

  constexpr LatencyBudget() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a time is a fixed budget.
  template <typename Rep, typename Period>
  constexpr LatencyBudget(std::chrono::duration<Rep, Period> fixed)
      : bound_(std::chrono::ceil<std::chrono::microseconds>(fixed)), is_automatic_(false) {}
  static constexpr LatencyBudget automatic(std::chrono::microseconds bound = kDefaultBound) {
    LatencyBudget budget(bound);
    budget.is_automatic_ = true;
    return budget;
  }

  constexpr bool is_automatic() const { return is_automatic_; }
  // The budget itself, where it is fixed.
  constexpr std::chrono::microseconds bound() const { return bound_; }

 private:
  std::chrono::microseconds bound_ = kDefaultBound;
  bool is_automatic_ = true;
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_WAIT_LATENCY_BUDGET_H_
