#ifndef RINGPEER_PEER_SEND_STATE_H_
#define RINGPEER_PEER_SEND_STATE_H_

#include <atomic>
#include <cstdint>

namespace ringpeer::internal {

// What the puts of a peer know.
//
// Threads: any.
struct SendState {
  // A packet has gone to the destination by a system call, whose answer was honest: later
  // ones may take the worker's queue.
  std::atomic<bool> proven{false};
  // worker::ErrorLatch::changes() at the last look for an error of this peer.
  std::atomic<std::uint32_t> seen_errors{0};
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_PEER_SEND_STATE_H_
