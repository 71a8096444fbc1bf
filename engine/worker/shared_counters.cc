#include "ringpeer/engine/worker/shared_counters.h"

#include <algorithm>

#include "ringpeer/engine/send/failure_counter.h"

namespace ringpeer::worker {

void SharedCounters::watch(const net::Socket* socket) {
  const base::MutexLock lock(mutex_);
  sockets_.push_back({socket, KernelDropCount(socket->kernel_drops())});
}

void SharedCounters::forget(const net::Socket* socket) {
  if (fork_generation_.is_outdated()) return;  // as in sum_with()
  const base::MutexLock lock(mutex_);
  const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                  [socket](const auto& entry) { return entry.socket == socket; });
  if (found == sockets_.end()) return;
  found->drops.look(socket->kernel_drops());
  past_.values[static_cast<std::size_t>(Counter::kKernelDrops)] += found->drops.total();
  *found = sockets_.back();
  sockets_.pop_back();
}

Counters* SharedCounters::lend() {
  const base::MutexLock lock(mutex_);
  lent_.push_back(std::make_unique<Counters>());
  return lent_.back().get();
}

void SharedCounters::take_back(Counters* counters) {
  if (fork_generation_.is_outdated()) return;
  const base::MutexLock lock(mutex_);
  const auto found = std::find_if(lent_.begin(), lent_.end(), [counters](const auto& entry) {
    return entry.get() == counters;
  });
  if (found == lent_.end()) return;
  past_ += counters->snapshot();
  std::swap(*found, lent_.back());
  lent_.pop_back();
}

void SharedCounters::count_send(int error, std::size_t bytes) {
  const auto count = [this](Counter counter, std::uint64_t n) {
    sends_[static_cast<std::size_t>(counter)].fetch_add(n, std::memory_order_relaxed);
  };
  count(Counter::kSendRequestedPackets, 1);
  if (error != 0) {
    count(failure_counter(error), 1);
    return;
  }
  count(Counter::kSentPackets, 1);
  count(Counter::kSentBytes, bytes);
}

CounterSnapshot SharedCounters::sum_with(std::span<const std::unique_ptr<Worker>> workers) const {
  if (fork_generation_.is_outdated()) return {};  // a thread that is not here may hold the lock
  const base::MutexLock lock(mutex_);
  CounterSnapshot sum = past_;
  for (const auto& worker : workers) sum += worker->snapshot();
  for (const auto& counters : lent_) sum += counters->snapshot();
  for (WatchedSocket& entry : sockets_) {
    entry.drops.look(entry.socket->kernel_drops());
    sum.values[static_cast<std::size_t>(Counter::kKernelDrops)] += entry.drops.total();
  }
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    sum.values[i] += sends_[i].load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace ringpeer::worker
