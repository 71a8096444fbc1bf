#ifndef RINGPEER_NET_FUTEX_H_
#define RINGPEER_NET_FUTEX_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace ringpeer::net {

// std::atomic::wait knows no timeout. One system call for a sleep, one for a wake-up:
// an eventfd takes three.

// Sleeps while `word` is `expected`. False when the time is over; a negative time waits
// for ever.
inline bool wait_while_equal(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                             int timeout_ms) {
  static_assert(sizeof(word) == sizeof(std::uint32_t));
  timespec deadline{};
  if (timeout_ms >= 0) {
    ::clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (deadline.tv_nsec >= 1000000000L) {
      ++deadline.tv_sec;
      deadline.tv_nsec -= 1000000000L;
    }
  }
  while (word.load(std::memory_order_acquire) == expected) {
    // The bitset form takes an absolute time, so that a signal costs no patience.
    const long result =
        ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                  timeout_ms < 0 ? nullptr : &deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
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

#endif  // RINGPEER_NET_FUTEX_H_
