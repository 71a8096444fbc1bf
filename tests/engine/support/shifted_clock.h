#ifndef RINGPEER_TESTS_ENGINE_SUPPORT_SHIFTED_CLOCK_H_
#define RINGPEER_TESTS_ENGINE_SUPPORT_SHIFTED_CLOCK_H_

#include <chrono>

namespace ringpeer::test {

// Clocks that a test can set. A program that links this has its own clock_gettime(), by which
// all of its code reads the time, the C++ library's clocks included; what the kernel does by
// itself (timeouts, time stamps) goes by the true clocks.
void shift_monotonic_clock(std::chrono::nanoseconds by);
void shift_wall_clock(std::chrono::nanoseconds by);
// Both are true again.
void reset_clocks();

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_ENGINE_SUPPORT_SHIFTED_CLOCK_H_
