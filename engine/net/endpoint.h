#ifndef RINGPEER_ENGINE_NET_ENDPOINT_H_
#define RINGPEER_ENGINE_NET_ENDPOINT_H_

#include "ringpeer/codec/base/language.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "ringpeer/engine/net/ip_address.h"

namespace ringpeer::net {

// The most that a socket address of either family takes, in bytes. Anything less
// than sockaddr_in6 cuts the address of a dual-stack socket.
inline constexpr std::size_t kSocketAddressSize = sizeof(sockaddr_in6);

// Address, port and, for link-local IPv6, interface: who a datagram is from or to.
// A value type of three words, so that it compares and hashes cheaply; nothing here fails or
// keeps anything.
struct Endpoint {
  IpAddress address;
  std::uint32_t scope_id = 0;  // IPv6 interface index; 0 where it means nothing
  std::uint16_t port = 0;      // host order
  std::uint16_t padding = 0;   // keeps the object free of indeterminate bytes

  friend bool operator==(const Endpoint& a, const Endpoint& b) {
    // As words: the compiler makes a call of a memcmp of this size.
    std::array<std::uint64_t, 3> left;
    std::array<std::uint64_t, 3> right;
    std::memcpy(left.data(), &a, sizeof(left));
    std::memcpy(right.data(), &b, sizeof(right));
    return ((left[0] ^ right[0]) | (left[1] ^ right[1]) | (left[2] ^ right[2])) == 0;
  }

  // The address, with the number of its interface if it has one: "127.0.0.1",
  // "fe80:0:0:0:0:0:0:1%2". A whole destination but for the port.
  std::string host() const;
  std::string to_string() const;  // "127.0.0.1:4000", "[fe80:0:0:0:0:0:0:1%2]:4000"
};
static_assert(sizeof(Endpoint) == 24 && alignof(Endpoint) == 4);

// Reads what the kernel wrote: sockaddr_in or sockaddr_in6 at any alignment. An
// unknown family gives an Endpoint of all zeros.
//
// Done for every received packet, so an Endpoint is written in whole words.
inline void read_socket_address(const void* address, Endpoint* endpoint) {
  const auto join = [](std::uint32_t first, std::uint32_t second) {
    constexpr bool kLittle = std::endian::native == std::endian::little;
    return static_cast<std::uint64_t>(kLittle ? second : first) << 32 | (kLittle ? first : second);
  };
  const auto write = [endpoint](std::size_t word, std::uint64_t value) {
    std::memcpy(reinterpret_cast<std::uint8_t*>(endpoint) + word * sizeof(value), &value,
                sizeof(value));
  };
  sa_family_t family = 0;
  std::memcpy(&family, address, sizeof(family));
  if (family == AF_INET) [[likely]] {
    sockaddr_in ipv4;
    std::memcpy(&ipv4, address, sizeof(ipv4));
    write(0, 0);
    write(1, join(htonl(0xffff), ipv4.sin_addr.s_addr));  // ::ffff:0:0/96, RFC 4291
    write(2, 0);
    endpoint->port = ntohs(ipv4.sin_port);
  } else if (family == AF_INET6) {
    sockaddr_in6 ipv6;
    std::memcpy(&ipv6, address, sizeof(ipv6));
    endpoint->address = IpAddress(std::bit_cast<IpAddress::Bytes>(ipv6.sin6_addr));
    write(2, 0);
    endpoint->scope_id = ipv6.sin6_scope_id;
    endpoint->port = ntohs(ipv6.sin6_port);
  } else {
    *endpoint = Endpoint();
  }
}

inline Endpoint endpoint_from_socket_address(const void* address) {
  Endpoint endpoint;
  read_socket_address(address, &endpoint);
  return endpoint;
}

// A socket address for the kernel, in the family of the socket it is used on.
struct SocketAddress {
  union {
    sockaddr generic;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
  };
  socklen_t size = 0;

  SocketAddress() : ipv6{} {}
};

// For a socket of `family` (AF_INET or AF_INET6). size is 0 when an IPv6 address
// cannot be said in AF_INET.
SocketAddress to_socket_address(const Endpoint& endpoint, int family);

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_ENDPOINT_H_
