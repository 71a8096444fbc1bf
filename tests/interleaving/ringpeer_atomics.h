#ifndef RINGPEER_TESTS_INTERLEAVING_RINGPEER_ATOMICS_H_
#define RINGPEER_TESTS_INTERLEAVING_RINGPEER_ATOMICS_H_

// What ringpeer/codec/base/atomics.h is in code that is explored; and the futex of
// ringpeer/engine/net/futex.h for such atomics.

#include <atomic>
#include <cstdint>

#include "ringpeer/tests/interleaving/checked_atomics.h"

namespace ringpeer {

using interleaving::Atomic;
using interleaving::thread_fence;

}  // namespace ringpeer

namespace ringpeer::net {

// Without an end to the time. Makes nothing visible, although the real one acquires: who sleeps
// must look for itself.
template <typename Deadline>
bool wait_while_equal(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                      const Deadline& /*deadline*/) {
  while (word.load(std::memory_order_relaxed) == expected) {
    interleaving::futex_sleep_while_equal(word.object(), expected, interleaving::Site::current());
  }
  return true;
}

inline void wake_all(const Atomic<std::uint32_t>& word) {
  interleaving::futex_wake_all(word.object(), interleaving::Site::current());
}

}  // namespace ringpeer::net

#endif  // RINGPEER_TESTS_INTERLEAVING_RINGPEER_ATOMICS_H_
