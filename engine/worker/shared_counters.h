#ifndef RINGPEER_ENGINE_WORKER_SHARED_COUNTERS_H_
#define RINGPEER_ENGINE_WORKER_SHARED_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/codec/base/mutex.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/engine/worker/fork_generation.h"
#include "ringpeer/engine/worker/kernel_drop_count.h"
#include "ringpeer/engine/worker/worker.h"

namespace ringpeer::worker {

// What an engine counts beside its workers: what the kernel has dropped of its sockets, what
// consumers have taken, and what calls have sent themselves.
//
// Threads: any.
class SharedCounters {
 public:
  // A socket whose kernel drops are to be counted, until forget().
  void watch(const net::Socket* socket) RINGPEER_EXCLUDES(mutex_);
  void forget(const net::Socket* socket) RINGPEER_EXCLUDES(mutex_);

  // The counters of a consumer, until take_back(), which keeps their sums. See LentCounters.
  Counters* lend() RINGPEER_EXCLUDES(mutex_);
  void take_back(Counters* counters) RINGPEER_EXCLUDES(mutex_);

  // A packet that a call has sent, or has failed to. What is queued for a worker counts there.
  void count_send(int error, std::size_t bytes);

  // With the workers' own. Nothing in a child that was forked off.
  CounterSnapshot sum_with(std::span<const std::unique_ptr<Worker>> workers) const
      RINGPEER_EXCLUDES(mutex_);

 private:
  struct WatchedSocket {
    const net::Socket* socket;
    KernelDropCount drops;
  };

  const ForkGeneration fork_generation_;
  mutable base::Mutex mutex_;
  mutable std::vector<WatchedSocket> sockets_ RINGPEER_GUARDED_BY(mutex_);  // a sum looks at them
  std::vector<std::unique_ptr<Counters>> lent_ RINGPEER_GUARDED_BY(mutex_);
  CounterSnapshot past_ RINGPEER_GUARDED_BY(mutex_);  // of sockets and consumers that are gone

  std::array<std::atomic<std::uint64_t>, kCounterCount> sends_{};  // of count_send()
};

// A consumer's counters for as long as it lives.
class LentCounters {
 public:
  explicit LentCounters(SharedCounters& shared) : shared_(shared), counters_(shared.lend()) {}
  ~LentCounters() { shared_.take_back(counters_); }
  LentCounters(const LentCounters&) = delete;
  LentCounters& operator=(const LentCounters&) = delete;

  Counters* operator->() const { return counters_; }

 private:
  SharedCounters& shared_;
  Counters* const counters_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_SHARED_COUNTERS_H_
