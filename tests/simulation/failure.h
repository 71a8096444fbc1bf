#ifndef RINGPEER_TESTS_SIMULATION_FAILURE_H_
#define RINGPEER_TESTS_SIMULATION_FAILURE_H_

#include <string_view>

namespace ringpeer::simulation {

// The exit status of a process in which a run has failed.
inline constexpr int kFailedStatus = 3;

// A run has failed: says so on stderr, and ends the process, whatever thread it is on. Whoever
// started the process knows the seed.
[[noreturn]] void fail(std::string_view what);

inline void check(bool condition, std::string_view what) {
  if (!condition) [[unlikely]]
    fail(what);
}

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_FAILURE_H_
