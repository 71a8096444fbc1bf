#include "ringpeer/tools/socket_drops.h"

#include <charconv>
#include <fstream>
#include <sstream>
#include <string>

namespace ringpeer::tools {
namespace {

// "0100007F:1F90" -> 8080.
std::optional<std::uint16_t> hexadecimal_port(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::uint16_t port = 0;
  const char* begin = address.data() + colon + 1;
  const char* end = address.data() + address.size();
  const auto result = std::from_chars(begin, end, port, 16);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return port;
}

std::optional<std::uint64_t> drops_in_file(const char* path, std::uint16_t port) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return parse_listener_drops(text.str(), port);
}

}  // namespace

std::optional<std::uint64_t> parse_listener_drops(std::string_view proc_net_udp,
                                                  std::uint16_t port) {
  std::istringstream lines{std::string(proc_net_udp)};
  std::string line;
  std::getline(lines, line);  // the head of the table
  std::optional<std::uint64_t> sum;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, field, last;
    if (!(fields >> slot >> local >> remote)) continue;
    // A connected socket is some client's, even when it got the same port number.
    if (hexadecimal_port(local) != port || hexadecimal_port(remote) != 0) continue;
    while (fields >> field) last = field;  // drops are the last column
    std::uint64_t drops = 0;
    std::from_chars(last.data(), last.data() + last.size(), drops);
    sum = sum.value_or(0) + drops;
  }
  return sum;
}

std::optional<std::uint64_t> kernel_drops_of_listeners(std::uint16_t port) {
  const std::optional<std::uint64_t> ipv4 = drops_in_file("/proc/net/udp", port);
  const std::optional<std::uint64_t> ipv6 = drops_in_file("/proc/net/udp6", port);
  if (!ipv4 && !ipv6) return std::nullopt;
  return ipv4.value_or(0) + ipv6.value_or(0);
}

}  // namespace ringpeer::tools
