#ifndef RINGPEER_TOOLS_LOAD_CLIENT_SOCKET_H_
#define RINGPEER_TOOLS_LOAD_CLIENT_SOCKET_H_

#include <optional>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/socket.h"

namespace ringpeer::tools {

// Opens a client's socket and connects it to the target, from `source` (any port of it) or from
// the address that the route gives, and watches it with `epoll`, which tells of it as `tag`.
// 0 or errno. Threads: one.
int open_client_socket(const net::Endpoint& target, const std::optional<net::Endpoint>& source,
                       int epoll, void* tag, net::Socket* socket);

// What to do about it, for people; an empty text when that is not known.
const char* way_out_of_socket_error(int error);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_CLIENT_SOCKET_H_
