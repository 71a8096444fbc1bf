#include "ringpeer/tools/target/resolve_target.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/target/target_address.h"

namespace ringpeer::tools {
namespace {

// Adds the endpoint, or says why there is none.
void resolve(const HostAndPort& target, ResolvedTargets* resolved) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(target.host.c_str(), nullptr, &hints, &list);
  if (error != 0) {
    resolved->error = fmt::format("{}: {}. Is the name right, and the interface behind a %?",
                                  printable_text(target.host), gai_strerror(error));
    return;
  }
  net::Endpoint endpoint = net::endpoint_from_socket_address(list->ai_addr);
  freeaddrinfo(list);
  endpoint.port = target.port;
  resolved->endpoints.push_back(endpoint);
}

}  // namespace

ResolvedTargets resolve_targets(std::string_view text) {
  ResolvedTargets resolved;
  for (std::size_t begin = 0; begin <= text.size() && resolved.error.empty();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view one = text.substr(begin, comma - begin);
    begin = comma + 1;
    const std::optional<HostAndPort> target = split_target(one);
    if (target) {
      resolve(*target, &resolved);
    } else {
      resolved.is_usage_error = true;
      resolved.error = fmt::format(
          "--target {}: write a host and a port, like 127.0.0.1:4000, game.example:4000 or "
          "[fe80::1%eth0]:4000.",
          printable_text(one));
    }
  }
  return resolved;
}

ResolvedTargets resolve_host(std::string_view host) {
  ResolvedTargets resolved;
  resolve({.host = std::string(host), .port = 0}, &resolved);
  return resolved;
}

}  // namespace ringpeer::tools
