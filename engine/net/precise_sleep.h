#ifndef RINGPEER_ENGINE_NET_PRECISE_SLEEP_H_
#define RINGPEER_ENGINE_NET_PRECISE_SLEEP_H_

#include <time.h>

#include <chrono>

namespace ringpeer::net {

// Sleeps for less than a second. The thread's timer slack (PR_SET_TIMERSLACK) says
// how precisely. A signal ends it early.
//
// Threads: any.
inline void sleep_precisely(std::chrono::microseconds duration) {
  const timespec request{0, static_cast<long>(duration.count() * 1000)};
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &request, nullptr);
}

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_PRECISE_SLEEP_H_
