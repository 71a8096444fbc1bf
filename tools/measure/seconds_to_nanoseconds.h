#ifndef RINGPEER_TOOLS_MEASURE_SECONDS_TO_NANOSECONDS_H_
#define RINGPEER_TOOLS_MEASURE_SECONDS_TO_NANOSECONDS_H_

#include <chrono>
#include <cstdint>

namespace ringpeer::tools {

// Longer than any run. Times of this clock have room for it several times over.
inline constexpr std::chrono::hours kMaxWait{50 * 365 * 24};

// A computed time as the clock has it: at most kMaxWait either way, where a plain cast would
// give any number at all. What is no number is kMaxWait.
// Threads: any. Failure: none.
inline std::chrono::nanoseconds nanoseconds_of(double seconds) {
  constexpr std::chrono::nanoseconds kMost = kMaxWait;
  const double nanoseconds = seconds * 1e9;
  if (!(nanoseconds < static_cast<double>(kMost.count()))) return kMost;
  if (nanoseconds <= -static_cast<double>(kMost.count())) return -kMost;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(nanoseconds));
}

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_MEASURE_SECONDS_TO_NANOSECONDS_H_
