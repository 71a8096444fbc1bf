#ifndef RINGPEER_ENGINE_SEND_SEND_NOTICE_H_
#define RINGPEER_ENGINE_SEND_SEND_NOTICE_H_

#include <atomic>
#include <cstdint>
#include <limits>

#include "ringpeer/codec/base/atomics.h"

namespace ringpeer::worker {

// What tells a worker that something was put into its send queue: once for all puts until it has
// looked, and with a wake-up only while it sleeps.
//
// Two store-then-look handshakes. A put pushes, then looks at the notice; the worker takes that
// down, then looks into the queue. And a put leaves the notice, then looks whether the worker
// sleeps; the worker says that it will, and until when, then looks for a notice.
//
// Threads: leave: any. The rest: the worker.
class SendNotice {
 public:
  static constexpr std::uint64_t kAwake = 0;
  static constexpr std::uint64_t kUntilWoken = std::numeric_limits<std::uint64_t>::max();

  // After a push. Until when the worker sleeps, as it has said; kAwake when nobody has to care.
  // While the notice is up, threads that put only read it.
  std::uint64_t leave() {
    thread_fence(std::memory_order_seq_cst);
    if (noticed_.load(std::memory_order_relaxed)) return kAwake;
    if (noticed_.exchange(true, std::memory_order_seq_cst)) return kAwake;
    return sleeps_until_.load(std::memory_order_seq_cst);
  }

  bool is_there() const { return noticed_.load(std::memory_order_seq_cst); }
  // Before a look into the queue.
  void take() {
    noticed_.store(false, std::memory_order_relaxed);
    thread_fence(std::memory_order_seq_cst);
  }

  // From here to end_sleep(), a put that cannot wait until then wakes the worker. False when it had
  // better not sleep.
  bool begin_sleep(std::uint64_t until) {
    sleeps_until_.store(until, std::memory_order_seq_cst);
    return !is_there();
  }
  void end_sleep() { sleeps_until_.store(kAwake, std::memory_order_relaxed); }

 private:
  Atomic<bool> noticed_{false};
  Atomic<std::uint64_t> sleeps_until_{kAwake};
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_NOTICE_H_
