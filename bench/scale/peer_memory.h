#ifndef RINGPEER_BENCH_SCALE_PEER_MEMORY_H_
#define RINGPEER_BENCH_SCALE_PEER_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "ringpeer/engine.h"

namespace ringpeer::bench {

// What a server with this many taken peers holds, once each has received and drained
// its packets.
// Threads: one, which measures. Failure: `error` says why nothing was measured.
struct PeerMemory {
  std::string error;  // why nothing was measured; "" when it was
  std::size_t peers = 0;
  // What the engine and the server touch once, whatever the number of peers.
  std::size_t server_bytes = 0;
  double resident_bytes_per_peer = 0;
  double allocated_bytes_per_peer = 0;
  std::uint64_t packets_drained = 0;
  std::uint64_t fewest_packets_of_a_peer = 0;
  double slowest_accept_us = 0;  // of one batch of new remotes, worst
};

// Packets that each peer receives and drains before it is measured.
inline constexpr std::size_t kPacketsPerPeer = 100;

PeerMemory measure_peer_memory(BackendKind backend, std::size_t peers);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_SCALE_PEER_MEMORY_H_
