#ifndef RINGPEER_TOOLS_LOAD_CLIENT_SOCKET_H_
#define RINGPEER_TOOLS_LOAD_CLIENT_SOCKET_H_

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/load/load_options.h"

namespace ringpeer::tools {

// Opens a client's socket as the options have it (the interface, the source, any port of it, and
// the receive buffer, as far as the kernel grants it), connects it to the target, and watches it
// with `epoll`, which tells of it as `tag`. 0 or errno. Threads: one.
int open_client_socket(const net::Endpoint& target, const LoadOptions& options, int epoll,
                       void* tag, net::Socket* socket);

// What to do about it, for people; an empty text when that is not known.
const char* way_out_of_socket_error(int error);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_CLIENT_SOCKET_H_
