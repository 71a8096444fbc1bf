#ifndef RINGPEER_ENGINE_WORKER_CONSUMER_SIGNAL_H_
#define RINGPEER_ENGINE_WORKER_CONSUMER_SIGNAL_H_

#include <atomic>
#include <cstdint>

#include "ringpeer/codec/base/atomics.h"
#include "ringpeer/engine/net/deadline.h"
#include "ringpeer/engine/net/futex.h"
#include "ringpeer/engine/net/wakeup.h"

namespace ringpeer::worker {

// Lets a consumer sleep until its ring has something, at no cost to the worker while
// nobody sleeps. It may sleep here, or in an event loop that watches a descriptor.
//
// The usual store-then-look handshake: the worker publishes, then looks at wanted_;
// the consumer sets its bit there, then looks at the ring. The fences make it impossible
// that both miss each other.
//
// Threads: as each call says. Where the process is out of descriptors, watch() gives -1; all else
// needs none.
//
// interrupt() ends one wait and, for an event loop, is seen until one look at the ring: the one by
// the count of interrupts, the other by the descriptor, so neither takes it from the other.
class ConsumerSignal {
 public:
  // Consumer: announces a sleep. Look at the ring once more after it.
  void prepare_wait() { asleep_ = want(kSleeper); }
  void finish_wait() { wanted_.fetch_and(~kSleeper, std::memory_order_relaxed); }
  // True when notified within the time, or interrupted before.
  bool wait(const net::Deadline& deadline) const {
    return is_interrupted() || net::wait_while_equal(wanted_, asleep_, deadline);
  }

  // Worker: after publishing. Whether anybody waited.
  bool notify_if_waiting() {
    thread_fence(std::memory_order_seq_cst);
    if (wanted_.load(std::memory_order_relaxed) == 0) return false;
    const std::uint32_t wanted = wanted_.exchange(0, std::memory_order_relaxed);
    if ((wanted & kSleeper) != 0) net::wake_all(wanted_);
    if ((wanted & kDescriptor) != 0) notify_loop();
    return true;
  }

  // Any thread: ends a wait whatever the ring holds; a wait that comes later, too.
  void interrupt() {
    interrupts_.fetch_add(1, std::memory_order_seq_cst);
    // A sleep that is announced later acquires it with want()'s fence.
    const std::uint32_t wanted = wanted_.fetch_and(~kSleeper, std::memory_order_release);
    if ((wanted & kSleeper) != 0) net::wake_all(wanted_);
    if (watched_.load(std::memory_order_seq_cst)) notify_loop();
  }
  // Consumer: whether interrupt() was called since the last time.
  bool was_interrupted() {
    if (!is_interrupted()) return false;
    ended_by_wait_ = interrupts_.load(std::memory_order_acquire);
    return true;
  }

  // Consumer: from now on an event loop watches the descriptor. It is readable until
  // mark_empty(), and again once something is published.
  int watch() {
    // The fence of the first mark_empty() orders it against interrupt().
    if (!watched_.exchange(true, std::memory_order_relaxed)) wakeup_.notify();
    return wakeup_.descriptor();
  }
  bool is_watched() const { return watched_.load(std::memory_order_relaxed); }
  // Consumer: the ring was found empty. Makes the descriptor quiet, also after an interrupt().
  // Look at the ring once more after it, and call mark_missed() if it is not empty after all.
  void mark_empty() {
    // Acquires nothing: the kernel's lock around the descriptor has whoever reads this count clear
    // it after the notification that is counted.
    const std::uint32_t notified = notified_.load(std::memory_order_relaxed);
    const bool is_armed = (wanted_.load(std::memory_order_relaxed) & kDescriptor) != 0;
    if (notified == cleared_ && is_armed) return;  // quiet already
    cleared_ = notified;
    // The fence in want() acquires what was done before an interrupt.
    const std::uint32_t interrupts = interrupts_.load(std::memory_order_relaxed);
    wakeup_.clear();
    want(kDescriptor);
    // Which may have eaten the notification of one that came just now.
    if (interrupts_.load(std::memory_order_relaxed) != interrupts) mark_missed();
  }
  void mark_missed() {
    const std::uint32_t wanted = wanted_.fetch_and(~kDescriptor, std::memory_order_relaxed);
    if ((wanted & kDescriptor) != 0) wakeup_.notify();
  }
  // Consumer: it was told of nothing although something may wait. An event loop that watches for
  // edges gets another one.
  void remind() {
    if (!is_watched()) [[likely]]
      return;
    wanted_.fetch_and(~kDescriptor, std::memory_order_relaxed);
    wakeup_.notify();
  }

 private:
  // Who is to be told: of a publication, once.
  static constexpr std::uint32_t kSleeper = 1;
  static constexpr std::uint32_t kDescriptor = 2;  // set while it is quiet

  // What wanted_ is from then on, until somebody is told.
  std::uint32_t want(std::uint32_t who) {
    const std::uint32_t others = wanted_.fetch_or(who, std::memory_order_relaxed);
    thread_fence(std::memory_order_seq_cst);
    return others | who;
  }
  // Counted only when it is done: it may come long after its reason, when the consumer has seen to
  // that and has made the descriptor quiet. The count tells the consumer to do so once more.
  void notify_loop() {
    wakeup_.notify();
    notified_.fetch_add(1, std::memory_order_relaxed);
  }
  bool is_interrupted() const {
    // Acquires nothing: was_interrupted() does when it counts the interrupt as seen.
    return interrupts_.load(std::memory_order_relaxed) != ended_by_wait_;
  }

  Atomic<std::uint32_t> wanted_{0};  // also what a sleeper sleeps on
  Atomic<std::uint32_t> interrupts_{0};
  Atomic<std::uint32_t> notified_{0};  // not by the consumer
  Atomic<bool> watched_{false};
  // The consumer's.
  std::uint32_t asleep_ = 0;  // wanted_ while it sleeps
  std::uint32_t ended_by_wait_ = 0;
  std::uint32_t cleared_ = 0;  // of notified_
  net::Wakeup wakeup_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_CONSUMER_SIGNAL_H_
