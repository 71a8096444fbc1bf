#ifndef RINGPEER_TOOLS_MEASURE_SOCKET_DROPS_H_
#define RINGPEER_TOOLS_MEASURE_SOCKET_DROPS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::tools {

// Datagrams that the kernel dropped at the sockets of this machine that listen on
// `port`, for want of socket buffer, since each of them was opened. Nothing when no such
// socket is to be seen: it is on another machine or in another network namespace.
// Threads: any.
std::optional<std::uint64_t> kernel_drops_of_listeners(std::uint16_t port);

// The same from the text of /proc/net/udp or /proc/net/udp6.
std::optional<std::uint64_t> parse_listener_drops(std::string_view proc_net_udp,
                                                  std::uint16_t port);

// The same for one target: at the sockets that get what is sent to it, which are those of its
// very address, or else those of all addresses; 0.0.0.0 and :: are the loopback address, as for the
// kernel. Nothing when the target is not on this machine,
// whoever has its port here.
std::optional<std::uint64_t> kernel_drops_at(const net::Endpoint& target);

// The same from the text of both tables, for a target on this machine.
std::optional<std::uint64_t> parse_drops_at(std::string_view proc_net_udp,
                                            std::string_view proc_net_udp6,
                                            const net::Endpoint& target);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_MEASURE_SOCKET_DROPS_H_
