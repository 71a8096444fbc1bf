#ifndef RINGPEER_CODEC_BASE_CLOCK_H_
#define RINGPEER_CODEC_BASE_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace ringpeer::base {

// The time, for all of engine and codec: nothing else there reads a clock of the machine, which
// tests/house enforces. A simulation that has a time of its own links other definitions of what
// stands here, and of the waits below.
//
// Who asks for the time:
//   engine/core      when an engine begins, and the end of a drain's budget
//   engine/worker    the look at each batch, the patience of commands, the steps without a thread
//   engine/send      since when a socket takes nothing, and until when trains are off
//   engine/backend   breaks of sockets that report errors
//   engine/server    when a remote was heard of, and whether it is idle
//   engine/net       Deadline, for every wait of an application; a port that is released
//   engine/stream    the patience of a stream
//   engine/worker    the wall clock: what the kernel's receive timestamps are compared with
//   codec/base/secret.h         the key of a hash, where the machine has no random bytes
//   codec/base/thread_cpu.h     what the wake-ups of a worker's thread cost, for engine/wait
//   engine/peer, engine/server   the looks of a consumer, from which workers learn its rhythm
//
// What waits until a time:
//   engine/net/precise_sleep.h   every sleep of a thread
//   engine/net/futex.h           a consumer that waits for packets
//   engine/backend, Backend::wait, and engine/net/wakeup.h: threads that the kernel wakes
//
// Threads: any. Nothing here fails.

// Counts as std::chrono::steady_clock does, whose time_point the public API has.
class Clock {
 public:
  using rep = std::chrono::steady_clock::rep;
  using period = std::chrono::steady_clock::period;
  using duration = std::chrono::steady_clock::duration;
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr bool is_steady = true;

  static time_point now() noexcept;
};
static_assert(std::chrono::is_clock_v<Clock>);

// Nanoseconds since 1970. Somebody may set it at any time.
std::int64_t wall_clock_ns();

}  // namespace ringpeer::base

#endif  // RINGPEER_CODEC_BASE_CLOCK_H_
