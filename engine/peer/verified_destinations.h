#ifndef RINGPEER_ENGINE_PEER_VERIFIED_DESTINATIONS_H_
#define RINGPEER_ENGINE_PEER_VERIFIED_DESTINATIONS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "ringpeer/codec/base/mutex.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/endpoint_hash.h"
#include "ringpeer/engine/peer/put_state.h"

namespace ringpeer::internal {

// The destinations that a socket has lately sent to by a system call that succeeded: later packets
// to them may take the worker's queue, whose errors come late. Until a second destination is set
// it is the version of the first that says so; from then on a table remembers many, so that a peer
// which goes from one to another need not ask the kernel about each again.
//
// Other destinations go by a system call, which must not overtake what its thread has queued for
// them: this class also knows whether anything may have been.
//
// Threads: any, but for remember_more(), which is the consumer's.
class VerifiedDestinations {
 public:
  // 32 KiB, for a peer that has several destinations: a thousand players with room to
  // spare, so that hardly a set of eight is full.
  static constexpr std::size_t kEntries = 4096;

  // Whether a packet to this destination, which is the peer's in this version, may take the queue.
  bool contains(const net::Endpoint& destination, std::uint64_t version) {
    return version_.load(std::memory_order_acquire) == version || finds(destination, version);
  }
  // A system call has sent to it.
  void add(const net::Endpoint& destination, std::uint64_t version) RINGPEER_EXCLUDES(adding_);
  // The kernel is to be asked about each again: one of them has failed.
  void forget();
  // Before another destination than this one is set.
  void remember_more(const PutDestination& destination) RINGPEER_EXCLUDES(adding_);

  // Something may be queued for a destination that is not known here.
  void mark_others_queued() {
    if (!others_queued_.load(std::memory_order_relaxed))
      others_queued_.store(true, std::memory_order_release);
  }
  bool may_have_queued_others() const { return others_queued_.load(std::memory_order_acquire); }

 private:
  // Keeps 64-bit fingerprints under a secret key, not addresses. Should two destinations
  // have the same one (once in 2^64 / 4096 looks, and nobody can choose such), the second
  // counts as verified without a proof: its first error is reported by a later call instead
  // of its own. Nothing is sent elsewhere for it.
  class Table {
   public:
    bool contains(const net::Endpoint& destination) const;
    // When another one has to make room for it, *forgets is true before it does.
    void insert(const net::Endpoint& destination, std::atomic<bool>* forgets);
    void clear();

   private:
    static constexpr std::uint64_t kNone = 0;
    static constexpr std::size_t kWays = 8;  // a cache line
    static constexpr std::size_t kSets = kEntries / kWays;
    struct alignas(64) Set {
      std::array<std::atomic<std::uint64_t>, kWays> entries{};
    };

    std::uint64_t fingerprint(const net::Endpoint& destination) const;

    // Each gives 32 bits.
    const net::EndpointHash upper_;
    const net::EndpointHash lower_;
    std::array<Set, kSets> sets_;
  };

  bool finds(const net::Endpoint& destination, std::uint64_t version);
  void record(const net::Endpoint& destination, std::uint64_t version);

  std::atomic<std::uint64_t> version_{0};  // of the one that was added or found last; 0: none
  std::atomic<bool> others_queued_{false};
  std::atomic<Table*> table_{nullptr};
  // For what is added before there is a table.
  base::Mutex adding_;
  std::unique_ptr<Table> table_memory_ RINGPEER_GUARDED_BY(adding_);
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_PEER_VERIFIED_DESTINATIONS_H_
