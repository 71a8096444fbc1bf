#ifndef RINGPEER_WORKER_REMOTE_TABLE_H_
#define RINGPEER_WORKER_REMOTE_TABLE_H_

#include <tsl/robin_set.h>

#include <cstddef>
#include <memory>
#include <span>

#include "ringpeer/net/endpoint.h"
#include "ringpeer/worker/endpoint_hash.h"
#include "ringpeer/worker/remote.h"

namespace ringpeer::worker {

// The remotes of a server by endpoint. A slot holds a pointer and 32 bits of hash:
// 16 bytes, so that the table of 100,000 remotes stays in reach of the cache, a wrong
// slot is passed over without touching its remote, and growing does not touch the
// remotes at all. Hashing is keyed: nobody can choose addresses that collide.
//
// Owns nothing. Threads: the worker's.
class RemoteTable {
 public:
  // The remote of this endpoint, or null.
  Remote* find(const net::Endpoint& endpoint) const {
    const auto entry = set_.find(endpoint);
    return entry == set_.end() ? nullptr : *entry;
  }

  // Takes the place of a remote with the same endpoint, if there is one.
  void put(Remote* remote) {
    const auto [entry, inserted] = set_.insert(remote);
    if (inserted) return;
    // A key cannot be changed in place.
    set_.erase(entry);
    set_.insert(remote);
  }

  // Only the very same remote, not a namesake.
  bool erase(const Remote* remote) {
    const auto entry = set_.find(remote->endpoint);
    if (entry == set_.end() || *entry != remote) return false;
    set_.erase(entry);
    return true;
  }

  std::size_t size() const { return set_.size(); }
  std::size_t bucket_count() const { return set_.bucket_count(); }
  static constexpr std::size_t kSlotSize = 16;

  // How many slots past its own the worst placed remote lies: the bound on the slots
  // that any look-up compares. Walks the whole table; for tests and benchmarks.
  std::size_t longest_probe() const;

  auto begin() const { return set_.begin(); }
  auto end() const { return set_.end(); }

 private:
  struct Hash {
    EndpointHash hash;
    std::size_t operator()(const net::Endpoint& endpoint) const { return hash(endpoint); }
    std::size_t operator()(const Remote* remote) const { return hash(remote->endpoint); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Remote* a, const Remote* b) const { return a->endpoint == b->endpoint; }
    bool operator()(const Remote* a, const net::Endpoint& b) const { return a->endpoint == b; }
    bool operator()(const net::Endpoint& a, const Remote* b) const { return a == b->endpoint; }
  };
  static constexpr bool kStoreHash = true;
  using Set = tsl::robin_set<Remote*, Hash, Equal, std::allocator<Remote*>, kStoreHash>;

  Set set_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_WORKER_REMOTE_TABLE_H_
