#include "ringpeer/engine/wait/rhythm.h"

#include <algorithm>
#include <cstdlib>

namespace ringpeer::wait {
namespace {

// Of what a new tick says, what the averages take over.
constexpr std::int64_t kShareOfNew = 4;

std::uint64_t distance(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

}  // namespace

bool Rhythm::agrees(std::uint64_t period_us) const {
  return distance(period_us, period_us_) <= std::max(period_us_ / kToleranceShare, kMinToleranceUs);
}

// A frame that was left out, or two: the next tick is where it would have been.
bool Rhythm::is_skip(std::uint64_t period_us) const {
  if (!is_steady_ || has_skipped_) return false;
  const std::uint64_t periods = (period_us + period_us_ / 2) / period_us_;
  return periods > 1 && periods <= kMaxMissed && agrees(period_us / periods);
}

void Rhythm::learn(std::uint64_t period_us) {
  const auto off = static_cast<std::int64_t>(period_us) - static_cast<std::int64_t>(period_us_);
  const auto more = std::abs(off) - static_cast<std::int64_t>(deviation_us_);
  period_us_ =
      static_cast<std::uint64_t>(static_cast<std::int64_t>(period_us_) + off / kShareOfNew);
  deviation_us_ =
      static_cast<std::uint64_t>(static_cast<std::int64_t>(deviation_us_) + more / kShareOfNew);
}

void Rhythm::observe(const ConsumerPace::Tick& tick) {
  if (tick.number == last_.number) return;
  const auto ticks = static_cast<std::uint16_t>(tick.number - last_.number);
  // Several at once where the worker has slept: what they took on the average.
  const std::uint64_t period_us = (tick.at_us - last_.at_us) / ticks;
  last_ = tick;
  if (period_us_ != 0 && agrees(period_us)) {
    learn(period_us);
    is_steady_ = period_us_ >= kMinPeriodUs;
    has_skipped_ = false;
  } else if (is_skip(period_us)) {
    has_skipped_ = true;
  } else {
    is_steady_ = false;
    deviation_us_ = 0;
    const bool is_possible = period_us >= kMinPeriodUs && period_us <= kMaxPeriodUs;
    period_us_ = is_possible ? period_us : 0;
  }
}

}  // namespace ringpeer::wait
