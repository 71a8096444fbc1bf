#include "ringpeer/engine/net/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace ringpeer::net {

bool wait_while_equal(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
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

void wake_all(const std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT32_MAX);
}

}  // namespace ringpeer::net
