#include "ringpeer/engine/worker/stray_errors.h"

namespace ringpeer::worker {

void StrayErrors::add(const net::ReturnedError& error) {
  const base::MutexLock lock(mutex_);
  const Position count = count_.load(std::memory_order_relaxed);
  entries_[count % kEntries] = error;
  count_.store(count + 1, std::memory_order_release);
}

bool StrayErrors::next(Position* seen, net::ReturnedError* error) {
  if (count_.load(std::memory_order_relaxed) == *seen) return false;
  const base::MutexLock lock(mutex_);
  const Position count = count_.load(std::memory_order_relaxed);
  if (count - *seen > kEntries) *seen = count - kEntries;
  *error = entries_[*seen % kEntries];
  ++*seen;
  return true;
}

}  // namespace ringpeer::worker
