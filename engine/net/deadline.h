#ifndef RINGPEER_ENGINE_NET_DEADLINE_H_
#define RINGPEER_ENGINE_NET_DEADLINE_H_

#include <chrono>

#include "ringpeer/codec/base/clock.h"

namespace ringpeer::net {

// The end of a wait. Any duration may be asked for: one that the clock cannot count to
// never ends. A value type.
class Deadline {
 public:
  using Clock = base::Clock;

  static Deadline never() { return Deadline(Clock::time_point::max()); }
  template <typename Rep, typename Period>
  static Deadline after(std::chrono::duration<Rep, Period> time) {
    using Duration = std::chrono::duration<Rep, Period>;
    const Clock::time_point now = Clock::now();
    const auto most = std::chrono::duration_cast<Duration>(Clock::time_point::max() - now);
    return time >= most ? never() : Deadline(now + time);
  }

  bool is_never() const { return end_ == Clock::time_point::max(); }
  bool has_passed() const { return !is_never() && Clock::now() >= end_; }
  Clock::time_point end() const { return end_; }

  // What is left, rounded up, at least zero and at most `most`.
  template <typename Duration>
  Duration left(Duration most) const {
    if (is_never()) return most;
    const auto now = Clock::now();
    if (now >= end_) return Duration::zero();
    return end_ - now >= most ? most : std::chrono::ceil<Duration>(end_ - now);
  }

 private:
  explicit Deadline(Clock::time_point end) : end_(end) {}

  Clock::time_point end_;
};

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_DEADLINE_H_
