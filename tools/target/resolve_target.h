#ifndef RINGPEER_TOOLS_TARGET_RESOLVE_TARGET_H_
#define RINGPEER_TOOLS_TARGET_RESOLVE_TARGET_H_

#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::tools {

// What became of the names that a run is aimed at.
struct ResolvedTargets {
  std::vector<net::Endpoint> endpoints;  // one of each name
  std::string error;                     // what is wrong, and what to do about it
  bool is_usage_error = false;           // in how it was written
};

// Reads "127.0.0.1:4000", "game.example:4000", "[::1]:4000" or "[fe80::1%eth0]:4000", several of
// them between commas. Of a name's addresses (A and AAAA) it takes the one that the system would
// take first. May wait for the network.
// Threads: any.
ResolvedTargets resolve_targets(std::string_view text);

// The same of one address without a port, such as 192.0.2.1 or fe80::1%eth0: its port is 0.
ResolvedTargets resolve_host(std::string_view host);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_TARGET_RESOLVE_TARGET_H_
