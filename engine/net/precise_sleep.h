#ifndef RINGPEER_ENGINE_NET_PRECISE_SLEEP_H_
#define RINGPEER_ENGINE_NET_PRECISE_SLEEP_H_

#include <chrono>

namespace ringpeer::net {

// Sleeps for less than a second, whatever signals come meanwhile. The thread's timer slack
// (PR_SET_TIMERSLACK) says how precisely. Every sleep of the engine is here.
//
// Threads: any.
void sleep_precisely(std::chrono::microseconds duration);

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_PRECISE_SLEEP_H_
