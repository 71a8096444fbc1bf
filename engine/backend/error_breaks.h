#ifndef RINGPEER_ENGINE_BACKEND_ERROR_BREAKS_H_
#define RINGPEER_ENGINE_BACKEND_ERROR_BREAKS_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/backend/slot_queue.h"

namespace ringpeer::backend {

// A socket that reports an error is read again at once, for an ICMP message says nothing about
// what comes next. But one that is broken for good, or a kernel without memory, answers every
// attempt with the next error: a socket with so many in so short a time is left alone for a
// while. That bounds what a flood of ICMP messages costs, too.
//
// Threads: the worker's.
class ErrorBreaks {
 public:
  // 1,600 in a second: more than the machines of a hundred players who have left answer, less
  // than a percent of a core. The time that they must come in is that of the break.
  static constexpr std::uint16_t kErrorsPerBreak = 16;
  static constexpr std::chrono::milliseconds kBreak{10};

  // The socket has reported an error: whether it has a break now.
  bool record_error(SocketSlot slot) {
    Recent& recent = recent_[slot];
    if (recent.errors++ == 0) recent.since = Clock::now();
    if (recent.errors < kErrorsPerBreak) return false;
    recent.errors = 0;
    const Clock::time_point now = Clock::now();
    if (now - recent.since > kBreak) return false;
    ends_[slot] = now + kBreak;
    waiting_.push(slot);
    return true;
  }

  // Calls end(slot) for each whose break is over, or for each that has one; the slot may have
  // another socket by then.
  template <typename End>
  void end_breaks(bool all, End end) {
    if (waiting_.empty()) return;
    const Clock::time_point now = all ? Clock::time_point::max() : Clock::now();
    // All breaks are of the same length: the first to begin is the first to end.
    while (!waiting_.empty() && ends_[waiting_.front()] <= now) end(waiting_.pop());
  }

  // `idle`, or less until the next break ends.
  std::chrono::microseconds shorten(std::chrono::microseconds idle) const {
    if (waiting_.empty()) return idle;
    const auto left =
        std::chrono::ceil<std::chrono::microseconds>(ends_[waiting_.front()] - Clock::now());
    return std::clamp(left, std::chrono::microseconds(0), idle);
  }

 private:
  using Clock = base::Clock;

  struct Recent {
    std::uint16_t errors = 0;
    Clock::time_point since;  // the first of them
  };
  std::vector<Recent> recent_ = std::vector<Recent>(kMaxSockets);
  std::vector<Clock::time_point> ends_ = std::vector<Clock::time_point>(kMaxSockets);
  SlotQueue waiting_{kMaxSockets};
};

}  // namespace ringpeer::backend

#endif  // RINGPEER_ENGINE_BACKEND_ERROR_BREAKS_H_
