#ifndef RINGPEER_BENCH_MICRO_QUEUE_BOUND_H_
#define RINGPEER_BENCH_MICRO_QUEUE_BOUND_H_

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "ringpeer/engine/ring/spsc_ring.h"

namespace ringpeer::bench {

// moodycamel's queue has no bound of its own: the producer counts what is under way.
//
// Threads: room and did_put: the producer. did_take: the consumer.
class QueueBound {
 public:
  explicit QueueBound(std::size_t capacity) : capacity_(capacity) {}

  std::size_t room(std::size_t wanted) const {
    const std::size_t used = put_ - taken_.load(std::memory_order_acquire);
    return std::min(wanted, capacity_ - used);
  }
  void did_put(std::size_t count) { put_ += count; }
  void did_take(std::size_t count) {
    taken_.store(taken_.load(std::memory_order_relaxed) + count, std::memory_order_release);
  }

 private:
  const std::size_t capacity_;
  std::size_t put_ = 0;
  alignas(ring::kInterferenceSize) std::atomic<std::size_t> taken_{0};
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_MICRO_QUEUE_BOUND_H_
