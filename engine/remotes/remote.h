#ifndef RINGPEER_ENGINE_REMOTES_REMOTE_H_
#define RINGPEER_ENGINE_REMOTES_REMOTE_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/local_address.h"
#include "ringpeer/engine/stats/counters.h"

namespace ringpeer::internal {
class RemoteChannel;
}

namespace ringpeer::worker {

// One sender that a server knows: made by the worker that first hears of it, freed
// by the consumer once the worker has said that it will not name it again.
//
// Two cache lines, because a server may have 100,000 of these: what the worker
// writes for every packet, and what the consumer does.
struct Remote {
  Remote(const net::Endpoint& remote_endpoint, std::uint16_t shard_index)
      : endpoint(remote_endpoint), shard(shard_index) {}
  ~Remote() { delete source; }
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  alignas(64) const net::Endpoint endpoint;
  const std::uint16_t shard;  // which worker's part of the server

  // Set by the consumer: the worker lets nothing more in, and the sender's next
  // packet makes a new remote.
  std::atomic<bool> closed{false};
  // Set by the consumer: the application has accepted the sender, which may now use
  // what strangers may not.
  std::atomic<bool> accepted{false};
  // Its machine has answered that nobody listens, and nothing has come since.
  std::atomic<bool> unreachable{false};

  // The worker's. Charges, of which the differences count: a limit is far below their wrap.
  std::uint32_t admitted_bytes = 0;  // of all packets let in
  std::uint32_t known_taken_bytes = 0;
  // The engine's clock when something last came, whatever became of it.
  std::atomic<std::uint64_t> heard_us{0};

  // The address that replies leave from: the one that its first packet was sent to, if
  // such things are noted. Owned.
  const net::LocalAddress* source = nullptr;

  // The consumer's.
  alignas(64) std::atomic<std::uint32_t> taken_bytes{0};
  std::uint32_t queued_packets = 0;
  std::uint64_t idle_from_us = 0;  // no silence before it counts
  // What the peer that the application has taken talks through; null: it has taken none.
  internal::RemoteChannel* channel = nullptr;
  Remote* next_ready = nullptr;  // in the server's round robin; null: not there
  Remote* previous_ready = nullptr;
  Remote* next_closed = nullptr;     // link in the list of closed ones
  std::uint32_t queue_head = kNone;  // in the server's queue pool
  std::uint32_t queue_tail = kNone;
  std::uint32_t accepted_index : 31 = 0;       // among the server's taken remotes
  std::uint32_t reported : 1 = 0;              // as disconnected
  Counter drop_reason = Counter::kDropClosed;  // of what comes when it is closed

  // Worker: something has come.
  void record_arrival(std::uint64_t now_us) {
    heard_us.store(now_us, std::memory_order_relaxed);
    if (unreachable.load(std::memory_order_relaxed)) [[unlikely]] {
      unreachable.store(false, std::memory_order_relaxed);
    }
  }
  // A peer that has been heard of within this time is there, whatever ICMP says: such messages
  // are easily forged, and a client that is at play sends more often.
  static constexpr std::uint64_t kSurelyThereUs = 1'000'000;
  // Worker.
  bool is_surely_there(std::uint64_t now_us) const {
    return now_us < heard_us.load(std::memory_order_relaxed) + kSurelyThereUs;
  }
  // Consumer: for how long nothing has.
  std::uint64_t silence_us(std::uint64_t now_us) const {
    const std::uint64_t since = std::max(heard_us.load(std::memory_order_relaxed), idle_from_us);
    return now_us > since ? now_us - since : 0;  // the worker's clock may be ahead
  }

  static constexpr std::uint32_t kNone = UINT32_MAX;
};
static_assert(sizeof(Remote) == 128);

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_REMOTES_REMOTE_H_
