#ifndef RINGPEER_WORKER_REMOTE_H_
#define RINGPEER_WORKER_REMOTE_H_

#include <atomic>
#include <cstdint>

#include "ringpeer/net/endpoint.h"
#include "ringpeer/net/local_address.h"

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
  std::atomic<bool> established{false};

  // The worker's.
  std::uint64_t admitted_bytes = 0;  // charges of all packets let in
  std::uint64_t known_taken_bytes = 0;

  // The address that replies leave from: the one that its first packet was sent to, if
  // such things are noted. Owned.
  const net::LocalAddress* source = nullptr;

  // The consumer's.
  alignas(64) std::atomic<std::uint64_t> taken_bytes{0};
  std::uint64_t last_received_us = 0;
  void* owner = nullptr;         // the peer object that the application holds, if any
  Remote* next_ready = nullptr;  // ring of the remotes with packets; null: not in it
  Remote* previous_ready = nullptr;
  Remote* next_closed = nullptr;     // link in the list of closed ones
  std::uint32_t queue_head = kNone;  // in the server's queue pool
  std::uint32_t queue_tail = kNone;
  std::uint32_t queued_packets = 0;
  std::uint32_t taken_index : 29 = 0;  // among the server's taken remotes
  std::uint32_t misplaced : 1 = 0;     // another worker's part of the server has its sender
  std::uint32_t unreachable : 1 = 0;   // its machine has answered that nobody listens
  std::uint32_t reported : 1 = 0;      // as disconnected

  static constexpr std::uint32_t kNone = UINT32_MAX;
};
static_assert(sizeof(Remote) == 128);

}  // namespace ringpeer::worker

#endif  // RINGPEER_WORKER_REMOTE_H_
