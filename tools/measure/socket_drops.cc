#include "ringpeer/tools/measure/socket_drops.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <bit>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/engine/net/ip_address.h"
#include "ringpeer/tools/measure/local_address.h"

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

// "0100007F:1F90" -> 127.0.0.1: words of 4 bytes, each as a number of this machine.
std::optional<net::IpAddress> hexadecimal_address(std::string_view address) {
  constexpr std::size_t kDigits = 8;  // of a word
  const std::string_view digits = address.substr(0, address.rfind(':'));
  std::array<std::uint32_t, 4> words = {};
  const std::size_t count = digits.size() / kDigits;
  if (digits.size() % kDigits != 0 || (count != 1 && count != words.size())) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    const char* begin = digits.data() + i * kDigits;
    const auto result = std::from_chars(begin, begin + kDigits, words[i], 16);
    if (result.ec != std::errc() || result.ptr != begin + kDigits) return std::nullopt;
  }
  if (count == 1) return net::IpAddress::from_ipv4(words[0]);
  return net::IpAddress(std::bit_cast<net::IpAddress::Bytes>(words));
}

struct Listener {
  std::string local;  // as the table has it
  std::uint64_t drops = 0;
};

// The sockets of a table that are on that port and not connected: a connected one is some
// client's, even when it got the same port number.
std::vector<Listener> listeners_of(std::string_view proc_net_udp, std::uint16_t port) {
  std::istringstream lines{std::string(proc_net_udp)};
  std::string line;
  std::getline(lines, line);  // the head of the table
  std::vector<Listener> listeners;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, field, last;
    if (!(fields >> slot >> local >> remote)) continue;
    if (hexadecimal_port(local) != port || hexadecimal_port(remote) != 0) continue;
    while (fields >> field) last = field;  // drops are the last column
    Listener listener{local, 0};
    const auto result = std::from_chars(last.data(), last.data() + last.size(), listener.drops);
    if (result.ec == std::errc()) listeners.push_back(std::move(listener));
  }
  return listeners;
}

std::string text_of(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

constexpr const char* kIpv4Table = "/proc/net/udp";
constexpr const char* kIpv6Table = "/proc/net/udp6";

// Of the sockets on its port the kernel takes for a target the one that names the most of it. 0:
// it never takes that one.
int fit(const Listener& listener, const net::IpAddress& target) {
  const std::optional<net::IpAddress> local = hexadecimal_address(listener.local);
  if (local == target) return 3;
  if (local == net::IpAddress::from_ipv4(0)) return target.is_ipv4() ? 2 : 0;
  return local == net::IpAddress() ? 1 : 0;  // of IPv6, and mostly of IPv4, too
}

// The kernel sends what is for no address in particular to this machine's own.
net::IpAddress destination_of(const net::Endpoint& target) {
  constexpr net::IpAddress::Bytes kLoopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  if (target.address == net::IpAddress()) return net::IpAddress(kLoopback);
  if (target.address != net::IpAddress::from_ipv4(0)) return target.address;
  return net::IpAddress::from_ipv4(htonl(INADDR_LOOPBACK));
}

}  // namespace

std::optional<std::uint64_t> parse_listener_drops(std::string_view proc_net_udp,
                                                  std::uint16_t port) {
  std::optional<std::uint64_t> sum;
  for (const Listener& listener : listeners_of(proc_net_udp, port)) {
    sum = sum.value_or(0) + listener.drops;
  }
  return sum;
}

std::optional<std::uint64_t> parse_drops_at(std::string_view proc_net_udp,
                                            std::string_view proc_net_udp6,
                                            const net::Endpoint& target) {
  const net::IpAddress destination = destination_of(target);
  int best = 1;
  std::optional<std::uint64_t> sum;
  for (const std::string_view table : {proc_net_udp, proc_net_udp6}) {
    for (const Listener& listener : listeners_of(table, target.port)) {
      const int found = fit(listener, destination);
      if (found < best) continue;
      sum = (found > best ? 0 : sum.value_or(0)) + listener.drops;
      best = found;
    }
  }
  return sum;
}

std::optional<std::uint64_t> kernel_drops_at(const net::Endpoint& target) {
  if (!is_of_this_machine(target)) return std::nullopt;
  return parse_drops_at(text_of(kIpv4Table), text_of(kIpv6Table), target);
}

std::optional<std::uint64_t> kernel_drops_of_listeners(std::uint16_t port) {
  const std::optional<std::uint64_t> ipv4 = parse_listener_drops(text_of(kIpv4Table), port);
  const std::optional<std::uint64_t> ipv6 = parse_listener_drops(text_of(kIpv6Table), port);
  if (!ipv4 && !ipv6) return std::nullopt;
  return ipv4.value_or(0) + ipv6.value_or(0);
}

}  // namespace ringpeer::tools
