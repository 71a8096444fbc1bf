#ifndef RINGPEER_WORKER_CONSUMER_SIGNAL_H_
#define RINGPEER_WORKER_CONSUMER_SIGNAL_H_

#include <atomic>
#include <cstdint>

#include "ringpeer/net/futex.h"
#include "ringpeer/net/wakeup.h"

namespace ringpeer::worker {

// Lets a consumer sleep until its ring has something, at no cost to the worker while
// nobody sleeps.
//
// The usual store-then-look handshake: the worker publishes, then looks at waiting_;
// the consumer sets waiting_, then looks at the ring. The fences make it impossible
// that both miss each other.
class ConsumerSignal {
 public:
  // Consumer: announces a sleep. Look at the ring once more after it.
  void prepare_wait() {
    if (is_watched()) quiet_descriptor();
    observed_ = sequence_.load(std::memory_order_acquire);
    waiting_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  void finish_wait() {
    waiting_.store(false, std::memory_order_relaxed);
    // prepare_wait() has made the descriptor quiet, whatever there is now.
    if (is_watched()) wakeup_.notify();
  }
  // True when notified within the time; a negative time waits for ever.
  bool wait(int timeout_ms) const {
    return interrupted_.load(std::memory_order_acquire) ||
           net::wait_while_equal(sequence_, observed_, timeout_ms);
  }

  // Worker: after publishing.
  void notify_if_waiting() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!waiting_.load(std::memory_order_relaxed)) return;
    if (waiting_.exchange(false, std::memory_order_relaxed)) notify();
  }

  // Any thread: ends a wait whatever the ring holds; a wait that comes later, too.
  void interrupt() {
    interrupted_.store(true, std::memory_order_seq_cst);
    notify();
  }
  // Consumer: whether interrupt() was called since the last time.
  bool was_interrupted() { return interrupted_.exchange(false, std::memory_order_acq_rel); }

  // Consumer: from now on an event loop watches the descriptor. It is readable until
  // note_empty(), and again once something is published.
  int watch() {
    if (!watched_.exchange(true, std::memory_order_seq_cst)) wakeup_.notify();
    return wakeup_.descriptor();
  }
  bool is_watched() const { return watched_.load(std::memory_order_relaxed); }
  // Consumer: the ring was found empty. Makes the descriptor quiet and ends an
  // interrupt(). Look at the ring once more after it, and call note_missed() if it is
  // not empty after all.
  void note_empty() {
    const bool interrupted = interrupted_.exchange(false, std::memory_order_acquire);
    if (!interrupted && waiting_.load(std::memory_order_relaxed)) return;  // quiet already
    wakeup_.clear();
    waiting_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  void note_missed() {
    if (waiting_.exchange(false, std::memory_order_relaxed)) wakeup_.notify();
  }

 private:
  // A sleeping consumer costs its waker a system call; a watching event loop another.
  void notify() {
    sequence_.fetch_add(1, std::memory_order_seq_cst);
    net::wake_all(sequence_);
    if (watched_.load(std::memory_order_seq_cst)) wakeup_.notify();
  }
  void quiet_descriptor() {
    wakeup_.clear();
    // Looked at after the clear, which may just have eaten the interrupt's notification.
    if (interrupted_.load(std::memory_order_seq_cst)) wakeup_.notify();
  }

  std::atomic<bool> waiting_{false};
  std::atomic<bool> interrupted_{false};
  std::atomic<bool> watched_{false};
  std::atomic<std::uint32_t> sequence_{0};
  std::uint32_t observed_ = 0;  // the consumer's
  net::Wakeup wakeup_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_WORKER_CONSUMER_SIGNAL_H_
