#ifndef RINGPEER_BENCH_PACING_SCHEDULE_ERROR_H_
#define RINGPEER_BENCH_PACING_SCHEDULE_ERROR_H_

#include <chrono>
#include <cstddef>
#include <span>

namespace ringpeer::bench {

// How far packets left from an even schedule.
struct ScheduleError {
  std::size_t packets = 0;
  double packets_per_second = 0;  // from the first to the last
  std::chrono::nanoseconds p50{0};
  std::chrono::nanoseconds p99{0};
  std::chrono::nanoseconds max{0};
};

// Of packets that left at `times`, ascending, and were to leave evenly, `rate` a second. In each
// second the schedule lies where it fits best (the median of the differences is 0): neither a late
// start nor a rate that is a little off counts as an error, bursts and pauses do.
ScheduleError schedule_error(std::span<const std::chrono::nanoseconds> times, double rate);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_PACING_SCHEDULE_ERROR_H_
