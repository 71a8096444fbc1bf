#ifndef RINGPEER_ENGINE_WAIT_RHYTHM_H_
#define RINGPEER_ENGINE_WAIT_RHYTHM_H_

#include <cstdint>

#include "ringpeer/engine/wait/consumer_pace.h"

namespace ringpeer::wait {

// The rhythm of a consumer that only looks, as its ticks show it to a worker: period and phase.
// Known from the third tick on, when the last two came after the same time each; lost with one that
// comes after another time, or not at all. A single frame that is left out changes nothing.
//
// Threads: the worker's.
class Rhythm {
 public:
  // As often as the worker is awake.
  void observe(const ConsumerPace::Tick& tick);

  // A tick that is this late may be a frame that took longer, one that is later is a stall.
  bool is_known(std::uint64_t now_us) const {
    return is_steady_ && now_us < last_.at_us + kMaxMissed * period_us_;
  }
  std::uint64_t period_us() const { return period_us_; }
  // By how much ticks are early or late, on the average.
  std::uint64_t deviation_us() const { return deviation_us_; }
  // When the last tick that is known of was.
  std::uint64_t last_us() const { return last_.at_us; }

 private:
  // Faster than this nothing is to be gained: a quarter of it is the default budget.
  static constexpr std::uint64_t kMinPeriodUs = 1000;
  static constexpr std::uint64_t kMaxPeriodUs = 1'000'000;
  // Ticks that differ by more are no rhythm: an eighth, or what a timer may be late by.
  static constexpr std::uint64_t kToleranceShare = 8;
  static constexpr std::uint64_t kMinToleranceUs = 500;
  static constexpr std::uint64_t kMaxMissed = 3;

  bool agrees(std::uint64_t period_us) const;
  void learn(std::uint64_t period_us);
  bool is_skip(std::uint64_t period_us) const;

  ConsumerPace::Tick last_;
  std::uint64_t period_us_ = 0;
  std::uint64_t deviation_us_ = 0;
  bool is_steady_ = false;
  bool has_skipped_ = false;
};

}  // namespace ringpeer::wait

#endif  // RINGPEER_ENGINE_WAIT_RHYTHM_H_
