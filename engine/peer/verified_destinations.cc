#include "ringpeer/engine/peer/verified_destinations.h"

#include <new>

namespace ringpeer::internal {

// Whatever a thread has queued for a destination that is not known here is found by
// may_have_queued_others(), by that thread at least.
bool VerifiedDestinations::finds(const net::Endpoint& destination, std::uint64_t version) {
  const Table* const table = table_.load(std::memory_order_acquire);
  if (table == nullptr || !table->contains(destination)) return false;
  version_.store(version, std::memory_order_release);
  return true;
}

void VerifiedDestinations::add(const net::Endpoint& destination, std::uint64_t version) {
  if (table_.load(std::memory_order_acquire) != nullptr) {
    record(destination, version);
  } else {
    const base::MutexLock lock(adding_);
    record(destination, version);
  }
}

// First in the table, if there is one: what the version says is lost with the next.
void VerifiedDestinations::record(const net::Endpoint& destination, std::uint64_t version) {
  if (Table* const table = table_.load(std::memory_order_acquire))
    table->insert(destination, &others_queued_);
  version_.store(version, std::memory_order_release);
}

void VerifiedDestinations::remember_more(const PutDestination& destination) {
  if (table_.load(std::memory_order_relaxed) != nullptr) return;
  const base::MutexLock lock(adding_);
  table_memory_.reset(new (std::nothrow) Table);
  if (table_memory_ == nullptr) {
    mark_others_queued();
    return;
  }
  PutDestination::Value before;
  const std::uint64_t version = destination.read(&before);
  if (version > 0 && version_.load(std::memory_order_acquire) == version)
    table_memory_->insert(before.endpoint, &others_queued_);
  table_.store(table_memory_.get(), std::memory_order_release);
}

void VerifiedDestinations::forget() {
  mark_others_queued();
  version_.store(0, std::memory_order_release);
  if (Table* const table = table_.load(std::memory_order_acquire)) table->clear();
}

bool VerifiedDestinations::Table::contains(const net::Endpoint& destination) const {
  const std::uint64_t wanted = fingerprint(destination);
  for (const auto& entry : sets_[wanted % kSets].entries) {
    if (entry.load(std::memory_order_acquire) == wanted) return true;
  }
  return false;
}

void VerifiedDestinations::Table::insert(const net::Endpoint& destination,
                                         std::atomic<bool>* forgets) {
  const std::uint64_t added = fingerprint(destination);
  auto& entries = sets_[added % kSets].entries;
  for (auto& entry : entries) {
    std::uint64_t present = kNone;
    if (entry.compare_exchange_strong(present, added, std::memory_order_release,
                                      std::memory_order_relaxed)) {
      return;
    }
    if (present == added) return;
  }
  forgets->store(true, std::memory_order_release);
  // Its upper bits choose: as good as chance.
  entries[(added >> 32) % kWays].store(added, std::memory_order_release);
}

void VerifiedDestinations::Table::clear() {
  for (auto& set : sets_) {
    for (auto& entry : set.entries) entry.store(kNone, std::memory_order_release);
  }
}

std::uint64_t VerifiedDestinations::Table::fingerprint(const net::Endpoint& destination) const {
  const std::uint64_t value = std::uint64_t{upper_(destination)} << 32 | lower_(destination);
  return value == kNone ? 1 : value;
}

}  // namespace ringpeer::internal
