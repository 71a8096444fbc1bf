#include "ringpeer/engine/net/ip_address.h"

#include <arpa/inet.h>

#include <cstdio>
#include <cstring>

namespace ringpeer::net {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton wants a terminated string; nothing longer than this is an address.
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size()) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(terminated.data(), text.data(), text.size());
  in_addr ipv4{};
  if (inet_pton(AF_INET, terminated.data(), &ipv4) == 1) return from_ipv4(ipv4.s_addr);
  Bytes bytes{};
  if (inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) return IpAddress(bytes);
  return std::nullopt;
}

std::uint32_t IpAddress::ipv4_network_order() const {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes_.data() + kMappedPrefix.size(), sizeof(value));
  return value;
}

bool IpAddress::is_multicast() const {
  return is_ipv4() ? (bytes_[12] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool IpAddress::is_link_local_ipv6() const {
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_ipv4()) {
    std::snprintf(text.data(), text.size(), "%u.%u.%u.%u", bytes_[12], bytes_[13], bytes_[14],
                  bytes_[15]);
    return text.data();
  }
  std::string result;
  for (std::size_t i = 0; i < bytes_.size(); i += 2) {
    std::snprintf(text.data(), text.size(), "%s%x", i == 0 ? "" : ":",
                  static_cast<unsigned>(bytes_[i] << 8 | bytes_[i + 1]));
    result += text.data();
  }
  return result;
}

}  // namespace ringpeer::net
