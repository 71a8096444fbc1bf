#include "ringpeer/tests/simulation/source_rules.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ringpeer::simulation {
namespace {

bool has(const SourcePrefix& prefix, const net::IpAddress& address) {
  // Of IPv6 no prefix has an address of IPv4.
  if (address.is_ipv4() && prefix.bits < SourcePrefix::kIpv4Bits) return false;
  return prefix_of(address, prefix.bits).address == prefix.address;
}

// Bits of the longest prefix that has the address; -1: none has.
int longest(const std::vector<SourcePrefix>& prefixes, const net::IpAddress& address) {
  int most = -1;
  for (const SourcePrefix& prefix : prefixes) {
    if (has(prefix, address)) most = std::max(most, prefix.bits);
  }
  return most;
}

}  // namespace

SourcePrefix prefix_of(const net::IpAddress& address, int bits) {
  net::IpAddress::Bytes bytes = address.bytes();
  for (int bit = bits; bit < SourcePrefix::kMaxBits; ++bit) {
    std::uint8_t& byte = bytes[static_cast<std::size_t>(bit / 8)];
    byte = static_cast<std::uint8_t>(byte & ~(0x80 >> (bit % 8)));
  }
  return {net::IpAddress(bytes), bits};
}

bool SourceRules::refuses(const net::IpAddress& address) const {
  const int most_denied = longest(denied, address);
  const int most_allowed = longest(allowed, address);
  if (most_denied < 0 && most_allowed < 0) return !allowed.empty();
  return most_denied >= most_allowed;
}

}  // namespace ringpeer::simulation
