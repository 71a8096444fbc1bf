#ifndef RINGPEER_ENGINE_PEER_VERIFIED_DESTINATIONS_H_
#define RINGPEER_ENGINE_PEER_VERIFIED_DESTINATIONS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/endpoint_hash.h"

namespace ringpeer::internal {

// The destinations that a socket has lately sent to by a system call that succeeded, so
// that a peer which goes from one to another need not ask the kernel about each again.
//
// It keeps 64-bit fingerprints under a secret key, not addresses. Should two destinations
// have the same one (once in 2^64 / 4096 looks, and nobody can choose such), the second
// counts as verified without a proof: its first error is reported by a later call instead
// of its own. Nothing is sent elsewhere for it.
//
// Threads: any.
class VerifiedDestinations {
 public:
  // 32 KiB, for a peer that has several destinations: a thousand players with room to
  // spare, so that hardly a set of eight is full.
  static constexpr std::size_t kEntries = 4096;

  bool contains(const net::Endpoint& destination) const {
    const std::uint64_t wanted = fingerprint(destination);
    for (const auto& entry : sets_[wanted % kSets].entries) {
      if (entry.load(std::memory_order_acquire) == wanted) return true;
    }
    return false;
  }

  // When another destination has to be forgotten for it, *forgets is true before it is.
  void insert(const net::Endpoint& destination, std::atomic<bool>* forgets) {
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

  void clear() {
    for (auto& set : sets_) {
      for (auto& entry : set.entries) entry.store(kNone, std::memory_order_release);
    }
  }

 private:
  static constexpr std::uint64_t kNone = 0;
  static constexpr std::size_t kWays = 8;  // a cache line
  static constexpr std::size_t kSets = kEntries / kWays;
  struct alignas(64) Set {
    std::array<std::atomic<std::uint64_t>, kWays> entries{};
  };

  std::uint64_t fingerprint(const net::Endpoint& destination) const {
    const std::uint64_t value = std::uint64_t{upper_(destination)} << 32 | lower_(destination);
    return value == kNone ? 1 : value;
  }

  // Each gives 32 bits.
  const net::EndpointHash upper_;
  const net::EndpointHash lower_;
  std::array<Set, kSets> sets_;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_PEER_VERIFIED_DESTINATIONS_H_
