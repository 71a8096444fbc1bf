#ifndef RINGPEER_ENGINE_NET_PORT_HOLDER_H_
#define RINGPEER_ENGINE_NET_PORT_HOLDER_H_

#include <cstdint>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/socket.h"

namespace ringpeer::net {

// Threads: any. Nothing is kept between calls; what /proc does not show counts as not there.

// Whether a process that goes on has a UDP socket that is in the way of this address, as far as
// /proc shows: sockets of other users' processes are seen only by root.
bool has_live_holder(const Endpoint& endpoint);

// The machine's UDP sockets on this address or one that overlaps it, by inode, as far as /proc
// shows: a socket that comes or goes meanwhile may hide another.
std::vector<std::uint64_t> sockets_on(const Endpoint& endpoint);
std::uint64_t inode_of(const Socket& socket);

// Binds. When a process with io_uring is killed, the kernel closes its sockets some time after
// the process is gone: a port that is taken although nobody alive is known to have it is tried
// until it is free, for kMaxRelease at most. 0 or errno.
int bind_when_released(Socket& socket, const Endpoint& endpoint);

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_PORT_HOLDER_H_
