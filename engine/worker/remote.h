#ifndef RINGPEER_WORKER_REMOTE_H_
#define RINGPEER_WORKER_REMOTE_H_

#include <atomic>
#include <cstdint>

#include "ringpeer/net/endpoint.h"
#include "ringpeer/worker/error_latch.h"

namespace ringpeer::worker {

// One sender that a server knows: made by the worker that first hears of it, freed
// by the consumer once the worker has said that it will not name it again.
struct Remote {
  Remote(const net::Endpoint& remote_endpoint, std::uint16_t shard_index)
      : endpoint(remote_endpoint), shard(shard_index) {}

  const net::Endpoint endpoint;
  const std::uint16_t shard;  // which worker's part of the server

  // The worker's.
  std::uint64_t admitted_bytes = 0;  // charges of all packets let in
  std::uint64_t known_taken_bytes = 0;

  // A packet to it that could not be sent.
  ErrorLatch send_error;

  // Set by the consumer: the worker lets nothing more in, and the sender's next
  // packet makes a new remote.
  std::atomic<bool> closed{false};
  Remote* next_closed = nullptr;  // link in the list of closed ones

  // The consumer's, on lines of its own.
  alignas(64) std::atomic<std::uint64_t> taken_bytes{0};
  std::uint32_t queue_head = kNone;  // in the server's queue pool
  std::uint32_t queue_tail = kNone;
  std::uint32_t queued_packets = 0;
  std::uint32_t last_received_us = 0;
  void* owner = nullptr;          // the peer object that the application holds, if any
  std::uint32_t taken_index = 0;  // among the server's taken remotes

  static constexpr std::uint32_t kNone = UINT32_MAX;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_WORKER_REMOTE_H_
