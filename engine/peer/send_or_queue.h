#ifndef RINGPEER_ENGINE_PEER_SEND_OR_QUEUE_H_
#define RINGPEER_ENGINE_PEER_SEND_OR_QUEUE_H_

#include <cerrno>
#include <cstdint>
#include <span>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/worker/worker_group.h"

namespace ringpeer {

// What a put_* call answers for an errno.
Error send_result(int error);

// The kernel, or the queue, has no room now; nothing else is wrong.
inline bool is_overload(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
}

namespace internal {

// Sends through a socket: by a system call when `now` or when there is no worker
// thread to do it, else through the worker's queue. What can be known at once is
// checked at once. Counts what it does. 0 or errno.
//
// Threads: any.
int send_or_queue(worker::WorkerGroup& workers, worker::Worker& worker, const net::Socket& socket,
                  std::span<const std::uint8_t> packet, const worker::SendTarget& target, bool now);

}  // namespace internal
}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_PEER_SEND_OR_QUEUE_H_
