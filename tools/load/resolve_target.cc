#include "ringpeer/tools/load/resolve_target.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace ringpeer::tools {
namespace {

struct Target {
  std::string host;
  std::uint16_t port = 0;
};

std::optional<Target> split(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find_first_of("[]") != std::string_view::npos) return std::nullopt;
  // Without brackets, ::1:4000 could be an address or an address and a port.
  if (host.empty() || bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
  Target target{.host = std::string(host), .port = 0};
  const char* const end = port.data() + port.size();
  const auto result = std::from_chars(port.data(), end, target.port);
  if (result.ec != std::errc() || result.ptr != end || target.port == 0) return std::nullopt;
  return target;
}

// Adds the endpoint, or says why there is none.
void resolve(const Target& target, ResolvedTargets* resolved) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(target.host.c_str(), nullptr, &hints, &list);
  if (error != 0) {
    resolved->error = fmt::format("{}: {}. Is the name right, and the interface behind a %?",
                                  target.host, gai_strerror(error));
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
    const std::optional<Target> target = split(one);
    if (target) {
      resolve(*target, &resolved);
    } else {
      resolved.is_usage_error = true;
      resolved.error = fmt::format(
          "--target {}: write a host and a port, like 127.0.0.1:4000, game.example:4000 or "
          "[fe80::1%eth0]:4000.",
          one);
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
