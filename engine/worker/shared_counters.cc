#include "ringpeer/engine/worker/shared_counters.h"

#include <algorithm>
#include <cerrno>

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
  send_requested_.fetch_add(1, std::memory_order_relaxed);
  switch (error) {
    case 0:
      sent_.fetch_add(1, std::memory_order_relaxed);
      sent_bytes_.fetch_add(bytes, std::memory_order_relaxed);
      break;
    case EAGAIN:
    case ENOBUFS:
      send_full_.fetch_add(1, std::memory_order_relaxed);
      break;
    case ECONNREFUSED:
      send_refused_.fetch_add(1, std::memory_order_relaxed);
      break;
    default:
      send_other_.fetch_add(1, std::memory_order_relaxed);
  }
}

CounterSnapshot SharedCounters::sum_with(std::span<const std::unique_ptr<Worker>> workers) const {
  if (fork_generation_.is_outdated()) return {};  // a thread that is not here may hold the lock
  const base::MutexLock lock(mutex_);
  CounterSnapshot sum = past_;
  for (const auto& worker : workers) sum += worker->snapshot();
  for (const auto& counters : lent_) sum += counters->snapshot();
  const auto add = [&sum](Counter counter, std::uint64_t n) {
    sum.values[static_cast<std::size_t>(counter)] += n;
  };
  for (WatchedSocket& entry : sockets_) {
    entry.drops.look(entry.socket->kernel_drops());
    add(Counter::kKernelDrops, entry.drops.total());
  }
  add(Counter::kSendRequestedPackets, send_requested_.load(std::memory_order_relaxed));
  add(Counter::kSentPackets, sent_.load(std::memory_order_relaxed));
  add(Counter::kSentBytes, sent_bytes_.load(std::memory_order_relaxed));
  add(Counter::kSendFailedQueueFull, send_full_.load(std::memory_order_relaxed));
  add(Counter::kSendFailedRefused, send_refused_.load(std::memory_order_relaxed));
  add(Counter::kSendFailedOther, send_other_.load(std::memory_order_relaxed));
  return sum;
}

}  // namespace ringpeer::worker
