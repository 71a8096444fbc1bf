#include "ringpeer/engine/send/send_errors.h"

#include <new>

#include "ringpeer/engine/send/error_latch.h"

namespace ringpeer::worker {

SendErrors::Table* SendErrors::table_for_errors() {
  Table* table = table_.load(std::memory_order_acquire);
  if (table != nullptr) return table;
  auto* made = new (std::nothrow) Table();
  if (made == nullptr) return nullptr;
  if (table_.compare_exchange_strong(table, made, std::memory_order_acq_rel)) return made;
  delete made;  // another thread was faster
  return table;
}

void SendErrors::set(const net::Endpoint& destination, int error) {
  Table* const table = table_for_errors();
  if (table == nullptr) return;
  const std::uint64_t mark = fingerprint(destination);
  const std::uint64_t entry = mark | static_cast<std::uint64_t>(error);
  auto& entries = set_of(*table, mark).entries;
  std::atomic<std::uint64_t>* place = &entries[(mark >> 32) % kWays];  // as good as chance
  for (auto& candidate : entries) {
    const std::uint64_t present = candidate.load(std::memory_order_relaxed);
    if ((present & ~kErrorMask) == mark && present != 0) {
      place = &candidate;
      break;
    }
    if (present == 0) place = &candidate;
  }
  place->store(entry, std::memory_order_relaxed);
  ErrorLatch::count_change();
}

int SendErrors::take(const net::Endpoint& destination) {
  Table* const table = table_.load(std::memory_order_acquire);
  if (table == nullptr) return 0;
  const std::uint64_t mark = fingerprint(destination);
  int error = 0;
  for (auto& candidate : set_of(*table, mark).entries) {
    std::uint64_t present = candidate.load(std::memory_order_relaxed);
    if ((present & ~kErrorMask) != mark || present == 0) continue;
    // Lost to another thread: that one tells of it.
    if (candidate.compare_exchange_strong(present, 0, std::memory_order_relaxed)) {
      error = static_cast<int>(present & kErrorMask);
    }
  }
  return error;
}

}  // namespace ringpeer::worker
