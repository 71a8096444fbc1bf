#ifndef RINGPEER_ENGINE_REMOTES_REMOTE_TABLE_H_
#define RINGPEER_ENGINE_REMOTES_REMOTE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/endpoint_hash.h"
#include "ringpeer/engine/net/stirred.h"
#include "ringpeer/engine/remotes/huge_page_allocator.h"
#include "ringpeer/engine/remotes/remote.h"

namespace ringpeer::worker {

// The remotes of a server by endpoint: open addressing, linear probing, at most half
// full. A slot holds a pointer and 32 bits of hash, so that a wrong slot is passed over
// without touching its remote and growing does not touch the remotes at all.
//
// Written here, where a library would do for single look-ups, for the sake of find_all:
// with 100,000 remotes nearly every look-up waits for memory twice, and only who knows
// where a slot lies can ask for a whole batch's slots ahead.
//
// Hashing is keyed, so nobody can choose addresses that collide; and no remote lies
// more than kMaxProbe slots past its own: rather than that the table grows.
//
// Owns no remote. Threads: the worker's.
class RemoteTable {
 public:
  // Several times what random hashes lead to in a half full table of 100,000.
  static constexpr std::size_t kMaxProbe = 128;

  RemoteTable() : slots_(kMinSlots) {}

  // The remote of this endpoint, or null.
  Remote* find(const net::Endpoint& endpoint) const;
  // The same for each of many, which wait for memory together.
  void find_all(std::span<const net::Endpoint> endpoints, Remote** remotes) const;

  // Takes the place of a remote with the same endpoint, if there is one. False, and nothing has
  // changed, when there is no memory to grow.
  bool put(Remote* remote);
  // Only the very same remote, not a namesake.
  bool erase(const Remote* remote);

  std::size_t size() const { return size_; }
  std::size_t memory() const { return slots_.size() * sizeof(Slot); }

  // How many slots past its own the worst placed remote lies. Walks the whole table;
  // for tests and benchmarks.
  std::size_t longest_probe() const;

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.remote != nullptr) visit(slot.remote);
    }
  }

 private:
  struct Slot {
    Remote* remote = nullptr;
    std::uint32_t hash = 0;
  };
  using Slots = std::vector<Slot, HugePageAllocator<Slot>>;
  // A kilobyte: a server of up to 32 remotes never grows its table.
  static constexpr std::size_t kMinSlots = 64;

  // The keyed hash makes collisions of any two unlikely; but of neighbouring addresses it
  // makes an even row, which some keys fold onto few slots. So its bits are stirred.
  std::uint32_t hash_of(const net::Endpoint& endpoint) const {
    return net::stirred(static_cast<std::uint32_t>(hash_(endpoint)));
  }
  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t next(std::size_t place) const { return (place + 1) & mask(); }
  std::size_t probe_of(std::size_t place) const { return (place - slots_[place].hash) & mask(); }

  // The first slot from its own on that is free or has this hash.
  std::size_t place_of(std::uint32_t hash) const;
  Remote* find(const net::Endpoint& endpoint, std::uint32_t hash, std::size_t place) const;
  bool insert(Remote* remote, std::uint32_t hash);
  bool grow();

  net::EndpointHash hash_;
  Slots slots_;
  std::size_t size_ = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_REMOTES_REMOTE_TABLE_H_
