#ifndef RINGPEER_TOOLS_SOCKET_DROPS_H_
#define RINGPEER_TOOLS_SOCKET_DROPS_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringpeer::tools {

// Datagrams that the kernel dropped at the sockets of this machine that listen on
// `port`, for want of socket buffer, since each of them was opened. Nothing when no such
// socket is to be seen: it is on another machine or in another network namespace.
std::optional<std::uint64_t> kernel_drops_of_listeners(std::uint16_t port);

// The same from the text of /proc/net/udp or /proc/net/udp6.
std::optional<std::uint64_t> parse_listener_drops(std::string_view proc_net_udp,
                                                  std::uint16_t port);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_SOCKET_DROPS_H_
