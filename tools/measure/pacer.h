#ifndef RINGPEER_TOOLS_MEASURE_PACER_H_
#define RINGPEER_TOOLS_MEASURE_PACER_H_

#include <chrono>
#include <cstdint>

namespace ringpeer::tools {

// A schedule of events at a fixed rate. Event k is due at start + k / rate, always
// reckoned from the start, so that neither rounding nor a late caller makes it drift.
//
// Threads: one.
class Pacer {
 public:
  using Clock = std::chrono::steady_clock;

  // Events [first, first + count) are due.
  struct Due {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
  };

  // Events further apart than kMaxWait are that far apart: no caller lives to see the second.
  // A caller that comes so late that more than `most_at_once` events are due gets the
  // newest of them; the others are counted as missed.
  Pacer(double events_per_second, Clock::time_point start, std::uint64_t most_at_once);

  // The events that became due since the last call.
  Due take_due(Clock::time_point now);
  // When the next event is due.
  Clock::time_point next_due() const { return due_time(next_); }
  Clock::time_point due_time(std::uint64_t event) const;

  std::uint64_t missed() const { return missed_; }

 private:
  double nanoseconds_per_event_;
  Clock::time_point start_;
  std::uint64_t most_at_once_;
  std::uint64_t next_ = 0;
  std::uint64_t missed_ = 0;
};

// Sleeps until `when` on the monotonic clock; returns early when a signal arrives.
void sleep_until_or_signal(Pacer::Clock::time_point when);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_MEASURE_PACER_H_
