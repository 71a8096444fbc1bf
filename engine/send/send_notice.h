#ifndef RINGPEER_ENGINE_SEND_SEND_NOTICE_H_
#define RINGPEER_ENGINE_SEND_SEND_NOTICE_H_

#include <atomic>

#include "ringpeer/codec/base/atomics.h"

namespace ringpeer::worker {

// What tells a worker that something was put into its send queue: once for all puts until it has
// looked, and with a wake-up only while it sleeps.
//
// Two store-then-look handshakes. A put pushes, then looks at the notice; the worker takes that
// down, then looks into the queue. And a put leaves the notice, then looks whether the worker
// sleeps; the worker says that it will, then looks for a notice.
//
// Threads: leave: any. The rest: the worker.
class SendNotice {
 public:
  // After a push. True when the caller has to wake the worker. While the notice is up, threads that
  // put only read it.
  bool leave() {
    thread_fence(std::memory_order_seq_cst);
    if (noticed_.load(std::memory_order_relaxed)) return false;
    if (noticed_.exchange(true, std::memory_order_seq_cst)) return false;
    return sleeping_.load(std::memory_order_seq_cst);
  }

  bool is_there() const { return noticed_.load(std::memory_order_seq_cst); }
  // Before a look into the queue.
  void take() {
    noticed_.store(false, std::memory_order_relaxed);
    thread_fence(std::memory_order_seq_cst);
  }

  // Until end_sleep(), a put wakes the worker. False when it had better not sleep.
  bool begin_sleep() {
    sleeping_.store(true, std::memory_order_seq_cst);
    return !is_there();
  }
  void end_sleep() { sleeping_.store(false, std::memory_order_relaxed); }

 private:
  Atomic<bool> noticed_{false};
  Atomic<bool> sleeping_{false};
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_NOTICE_H_
