#ifndef RINGPEER_ENGINE_NET_FUTEX_H_
#define RINGPEER_ENGINE_NET_FUTEX_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include "ringpeer/engine/net/deadline.h"

namespace ringpeer::net {

// std::atomic::wait knows no timeout. One system call for a sleep, one for a wake-up:
// an eventfd takes three. The word outlives both; they do not fail.
//
// Threads: any.

// Sleeps while `word` is `expected`. False when the time is over.
inline bool wait_while_equal(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                             const Deadline& deadline) {
  static_assert(sizeof(word) == sizeof(std::uint32_t));
  using std::chrono::duration_cast;
  const auto since_boot = deadline.end().time_since_epoch();  // of CLOCK_MONOTONIC
  const auto seconds = duration_cast<std::chrono::seconds>(since_boot);
  timespec end{};
  end.tv_sec = static_cast<time_t>(seconds.count());
  end.tv_nsec =
      static_cast<long>(duration_cast<std::chrono::nanoseconds>(since_boot - seconds).count());
  while (word.load(std::memory_order_acquire) == expected) {
    // The bitset form takes an absolute time, so that a signal costs no patience.
    const long result =
        ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                  deadline.is_never() ? nullptr : &end, nullptr, FUTEX_BITSET_MATCH_ANY);
    if (result != 0 && errno == ETIMEDOUT) {
      return word.load(std::memory_order_acquire) != expected;
    }
  }
  return true;
}

inline void wake_all(const std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT32_MAX);
}

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_FUTEX_H_
