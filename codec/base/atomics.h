#ifndef RINGPEER_CODEC_BASE_ATOMICS_H_
#define RINGPEER_CODEC_BASE_ATOMICS_H_

// Which atomics the lock-free structures are made of: the standard library's, unless a test that
// tries every interleaving brings a header with its own.
#ifdef RINGPEER_ATOMICS_HEADER
#include RINGPEER_ATOMICS_HEADER
#else

#include <atomic>

namespace ringpeer {

template <typename T>
using Atomic = std::atomic<T>;

// Not by its standard name, which argument-dependent lookup would find a second time.
inline void thread_fence(std::memory_order order) { std::atomic_thread_fence(order); }

}  // namespace ringpeer

#endif  // RINGPEER_ATOMICS_HEADER

#endif  // RINGPEER_CODEC_BASE_ATOMICS_H_
