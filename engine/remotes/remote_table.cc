#include "ringpeer/engine/remotes/remote_table.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <new>

#include "ringpeer/codec/base/exceptions.h"

namespace ringpeer::worker {
namespace {

// Look-ups in flight at a time: more than a processor has outstanding misses.
constexpr std::size_t kGroup = 32;

}  // namespace

std::size_t RemoteTable::place_of(std::uint32_t hash) const {
  std::size_t place = hash & mask();
  while (slots_[place].remote != nullptr && slots_[place].hash != hash) place = next(place);
  return place;
}

Remote* RemoteTable::find(const net::Endpoint& endpoint, std::uint32_t hash,
                          std::size_t place) const {
  while (slots_[place].remote != nullptr) {
    if (slots_[place].hash == hash && slots_[place].remote->endpoint == endpoint) {
      return slots_[place].remote;
    }
    place = next(place);
  }
  return nullptr;
}

Remote* RemoteTable::find(const net::Endpoint& endpoint) const {
  const std::uint32_t hash = hash_of(endpoint);
  return find(endpoint, hash, hash & mask());
}

void RemoteTable::find_all(std::span<const net::Endpoint> endpoints, Remote** remotes) const {
  std::array<std::uint32_t, kGroup> hashes;
  std::array<std::size_t, kGroup> places;
  while (!endpoints.empty()) {
    const std::size_t count = std::min(endpoints.size(), kGroup);
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = hash_of(endpoints[i]);
      __builtin_prefetch(&slots_[hashes[i] & mask()]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      places[i] = place_of(hashes[i]);
      __builtin_prefetch(slots_[places[i]].remote, 1);
    }
    for (std::size_t i = 0; i < count; ++i) {
      remotes[i] = find(endpoints[i], hashes[i], places[i]);
    }
    endpoints = endpoints.subspan(count);
    remotes += count;
  }
}

bool RemoteTable::insert(Remote* remote, std::uint32_t hash) {
  std::size_t place = hash & mask();
  for (std::size_t probe = 0; probe <= kMaxProbe; ++probe, place = next(place)) {
    if (slots_[place].remote != nullptr) continue;
    slots_[place] = {remote, hash};
    return true;
  }
  return false;
}

bool RemoteTable::put(Remote* remote) {
  assert(remote != nullptr);  // a worker may shut it out while the consumer takes it in
  const std::uint32_t hash = hash_of(remote->endpoint);
  for (std::size_t place = hash & mask(); slots_[place].remote != nullptr; place = next(place)) {
    Slot& slot = slots_[place];
    if (slot.hash != hash || slot.remote->endpoint != remote->endpoint) continue;
    slot.remote = remote;
    return true;
  }
  if ((size_ + 1) * 2 > slots_.size() && !grow()) return false;
  while (!insert(remote, hash)) {
    if (!grow()) return false;
  }
  ++size_;
  assert(size_ * 2 <= slots_.size());  // so each look-up ends at a free slot
  return true;
}

// False, and all is as before, when there is no memory.
bool RemoteTable::grow() {
  for (std::size_t size = slots_.size() * 2;; size *= 2) {
    Slots old;
    RINGPEER_TRY { old.resize(size); }
    RINGPEER_CATCH(const std::bad_alloc&) { return false; }
    slots_.swap(old);
    const bool placed = std::all_of(old.begin(), old.end(), [this](const Slot& slot) {
      return slot.remote == nullptr || insert(slot.remote, slot.hash);
    });
    if (placed) return true;
    slots_.swap(old);
  }
}

// Closes the gap, so that no look-up stops early and no marks of former remotes pile up.
bool RemoteTable::erase(const Remote* remote) {
  std::size_t place = hash_of(remote->endpoint) & mask();
  while (slots_[place].remote != remote) {
    if (slots_[place].remote == nullptr) return false;
    place = next(place);
  }
  for (std::size_t i = next(place); slots_[i].remote != nullptr; i = next(i)) {
    // Whoever may lie at the gap moves into it and leaves the next one.
    if (probe_of(i) < ((i - place) & mask())) continue;
    slots_[place] = slots_[i];
    place = i;
  }
  assert(size_ > 0);
  slots_[place] = {};
  --size_;
  return true;
}

std::size_t RemoteTable::longest_probe() const {
  std::size_t longest = 0;
  for (std::size_t place = 0; place < slots_.size(); ++place) {
    if (slots_[place].remote != nullptr) longest = std::max(longest, probe_of(place));
  }
  return longest;
}

}  // namespace ringpeer::worker
