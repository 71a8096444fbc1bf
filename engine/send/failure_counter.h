#ifndef RINGPEER_ENGINE_SEND_FAILURE_COUNTER_H_
#define RINGPEER_ENGINE_SEND_FAILURE_COUNTER_H_

#include <cerrno>

#include "ringpeer/engine/stats/counters.h"

namespace ringpeer::worker {

// To a remote that must show first that it receives. No call of the kernel for UDP says this.
inline constexpr int kNotVerified = EDQUOT;

// Which counter a packet counts in that was put and not sent, by the errno that kept it: the same
// whether a call or a worker has tried. Threads: any.
constexpr Counter failure_counter(int error) {
  switch (error) {
    case EAGAIN:
    case ENOBUFS:
      return Counter::kSendFailedQueueFull;
    case ECONNREFUSED:
      return Counter::kSendFailedRefused;
    case kNotVerified:
      return Counter::kSendFailedUnverified;
    default:
      return Counter::kSendFailedOther;
  }
}

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_FAILURE_COUNTER_H_
