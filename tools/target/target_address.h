#ifndef RINGPEER_TOOLS_TARGET_TARGET_ADDRESS_H_
#define RINGPEER_TOOLS_TARGET_TARGET_ADDRESS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::tools {

struct HostAndPort {
  std::string host;  // without brackets; an address or a name
  std::uint16_t port = 0;
};

// Takes "game.example:4000" or "[::1]:4000" apart, with a port from 1 to 65535; an address with
// colons has brackets. Threads: any. Failure: nothing for another text.
std::optional<HostAndPort> split_target(std::string_view text);

// Reads "127.0.0.1:4000", "[::1]:4000" or "[fe80::1%eth0]:4000": a literal address, if it is
// link-local with the interface, and a port from 1 to 65535.
// Names are not resolved, so that a run always says which address it measured.
// Threads: any. Failure: nothing for another text.
std::optional<net::Endpoint> parse_target_address(std::string_view text);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_TARGET_TARGET_ADDRESS_H_
