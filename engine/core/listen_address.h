#ifndef RINGPEER_ENGINE_CORE_LISTEN_ADDRESS_H_
#define RINGPEER_ENGINE_CORE_LISTEN_ADDRESS_H_

#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>

#include "ringpeer/engine.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/worker/worker_group.h"
#include "ringpeer/socket_options.h"

namespace ringpeer {

// What every call that opens a socket asks for and does, so that peers and servers do the same.
// Threads: any; nothing is kept between calls.

// A port has 16 bits.
inline constexpr int kMaxPort = 65535;

// A receive buffer as large as the largest encode buffer; beyond it the arithmetic of
// Godot's ring sizes overflows.
inline constexpr int kMaxReceiveBufferSize = 256 << 20;

struct ListenAddress {
  net::Endpoint endpoint;
  net::SocketFamily family;
};

// What Godot's bind and listen take: "*" for both families, or a literal address.
// Null for anything else and for a port outside 0 to 65535.
std::optional<ListenAddress> parse_listen_address(std::string_view address, int port);

// A literal address, with an interface for link-local IPv6 ("fe80::1%eth0").
std::optional<net::Endpoint> parse_host(std::string_view host);

// The same with a port that packets can be sent to: 1 to 65535.
std::optional<net::Endpoint> parse_remote(std::string_view host, int port);

// Fills *engine with the shared one where there is none yet. ERR_OUT_OF_MEMORY or ERR_UNAVAILABLE
// when there is no engine to be had, or this process was forked off from its workers.
Error take_engine(std::shared_ptr<Engine>* engine);
// What an opening call answers for an errno.
inline Error opening_error(int error, Error otherwise) {
  return error == ENOMEM ? Error::ERR_OUT_OF_MEMORY : otherwise;
}
// After fork() in the child, for a peer or server that has an engine: its threads stayed
// with the parent.
inline bool is_in_child(const Engine& engine) { return !engine.workers_of_engine().is_usable(); }
inline bool is_in_child(const std::shared_ptr<Engine>& engine) {
  return engine != nullptr && is_in_child(*engine);
}

// The engine's and the caller's socket options, before bind. 0 or errno.
int prepare_socket(net::Socket& socket, const EngineOptions& options,
                   const SocketOptions& socket_options = {});
// Makes *socket one that is bound already, with the same options, and without those that it was
// given before and that would change what is received. Until it is kept (Socket::keep) the
// descriptor is the caller's.
Error adopt_socket(int descriptor, const EngineOptions& options,
                   const SocketOptions& socket_options, net::Socket* socket);

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_CORE_LISTEN_ADDRESS_H_
