#include "ringpeer/tools/load/target_address.h"

#include <charconv>
#include <cstdint>

namespace ringpeer::tools {

std::optional<net::Endpoint> parse_target_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view address = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) address = address.substr(1, address.size() - 2);
  // Without brackets, ::1:4000 could be an address or an address and a port.
  if (bracketed != (address.find(':') != std::string_view::npos)) return std::nullopt;

  net::Endpoint endpoint;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size() || endpoint.port == 0) {
    return std::nullopt;
  }
  const std::optional<net::IpAddress> parsed = net::IpAddress::parse(address);
  if (!parsed) return std::nullopt;
  endpoint.address = *parsed;
  return endpoint;
}

}  // namespace ringpeer::tools
