#ifndef RINGPEER_TOOLS_COMMAND_RUN_DURATION_H_
#define RINGPEER_TOOLS_COMMAND_RUN_DURATION_H_

namespace ringpeer::tools {

// How long a command may be asked to run, in seconds: --duration. Threads: any.

// A week. More is a slip.
inline constexpr double kMaxDuration = 7 * 24 * 3600.0;
// Shorter runs end before anything is sent.
inline constexpr double kMinDuration = 0.001;

inline bool is_duration(double seconds) {  // NaN is none
  return seconds >= kMinDuration && seconds <= kMaxDuration;
}

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_RUN_DURATION_H_
