#ifndef RINGPEER_ENGINE_NET_FUTEX_H_
#define RINGPEER_ENGINE_NET_FUTEX_H_

#include <atomic>
#include <cstdint>

#include "ringpeer/engine/net/deadline.h"

namespace ringpeer::net {

// std::atomic::wait knows no timeout. One system call for a sleep, one for a wake-up:
// an eventfd takes three. The word outlives both; they do not fail.
//
// Threads: any.

// Sleeps while `word` is `expected`. False when the time is over.
bool wait_while_equal(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                      const Deadline& deadline);

void wake_all(const std::atomic<std::uint32_t>& word);

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_FUTEX_H_
