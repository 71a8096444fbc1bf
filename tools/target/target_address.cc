#include "ringpeer/tools/target/target_address.h"

#include <charconv>

#include "ringpeer/engine/core/listen_address.h"

namespace ringpeer::tools {

std::optional<HostAndPort> split_target(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find_first_of("[]") != std::string_view::npos) return std::nullopt;
  // Without brackets, ::1:4000 could be an address or an address and a port.
  if (host.empty() || bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
  HostAndPort target{.host = std::string(host), .port = 0};
  const char* const end = port.data() + port.size();
  const auto result = std::from_chars(port.data(), end, target.port);
  if (result.ec != std::errc() || result.ptr != end || target.port == 0) return std::nullopt;
  return target;
}

std::optional<net::Endpoint> parse_target_address(std::string_view text) {
  const std::optional<HostAndPort> target = split_target(text);
  if (!target) return std::nullopt;
  return parse_remote(target->host, target->port);
}

}  // namespace ringpeer::tools
