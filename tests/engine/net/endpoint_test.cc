#include "ringpeer/engine/net/endpoint.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace ringpeer::net {
namespace {

Endpoint endpoint_of(const char* address, std::uint16_t port, std::uint32_t scope = 0) {
  Endpoint endpoint;
  endpoint.address = *IpAddress::parse(address);
  endpoint.port = port;
  endpoint.scope_id = scope;
  return endpoint;
}

TEST(Endpoint, PrintsAddressAndPort) {
  EXPECT_EQ(endpoint_of("127.0.0.1", 4000).to_string(), "127.0.0.1:4000");
  EXPECT_EQ(endpoint_of("::1", 65535).to_string(), "[0:0:0:0:0:0:0:1]:65535");
}

// Packed receive buffers align nothing.
TEST(Endpoint, IsReadFromSocketAddressesAtAnyAlignment) {
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(12345);
  ipv4.sin_addr.s_addr = htonl(0x0a010203);
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(54321);
  ipv6.sin6_scope_id = 7;
  inet_pton(AF_INET6, "fe80::1:2", &ipv6.sin6_addr);
  std::array<std::uint8_t, kSocketAddressSize + 16> bytes{};
  for (std::size_t offset = 0; offset < 8; ++offset) {
    std::memcpy(bytes.data() + offset, &ipv4, sizeof(ipv4));
    EXPECT_EQ(endpoint_from_socket_address(bytes.data() + offset), endpoint_of("10.1.2.3", 12345));
    std::memcpy(bytes.data() + offset, &ipv6, sizeof(ipv6));
    EXPECT_EQ(endpoint_from_socket_address(bytes.data() + offset),
              endpoint_of("fe80::1:2", 54321, 7));
  }
}

TEST(Endpoint, OfAnUnknownFamilyIsAllZeros) {
  std::array<std::uint8_t, kSocketAddressSize> bytes;
  bytes.fill(0xff);
  EXPECT_EQ(endpoint_from_socket_address(bytes.data()), Endpoint());
  bytes.fill(0);
  EXPECT_EQ(endpoint_from_socket_address(bytes.data()), Endpoint());
}

TEST(Endpoint, AnIpv4ClientIsTheSameOnBothKindsOfSocket) {
  const Endpoint client = endpoint_of("192.168.1.2", 5000);
  const SocketAddress plain = to_socket_address(client, AF_INET);
  const SocketAddress mapped = to_socket_address(client, AF_INET6);
  EXPECT_EQ(plain.size, sizeof(sockaddr_in));
  EXPECT_EQ(mapped.size, sizeof(sockaddr_in6));
  EXPECT_EQ(endpoint_from_socket_address(&plain.generic), client);
  EXPECT_EQ(endpoint_from_socket_address(&mapped.generic), client);
}

TEST(Endpoint, KeepsTheScopeOfLinkLocalAddresses) {
  const Endpoint client = endpoint_of("fe80::9", 5000, 3);
  const SocketAddress address = to_socket_address(client, AF_INET6);
  EXPECT_EQ(address.ipv6.sin6_scope_id, 3u);
  EXPECT_EQ(endpoint_from_socket_address(&address.generic), client);
  EXPECT_FALSE(client == endpoint_of("fe80::9", 5000, 4));
}

TEST(Endpoint, Ipv6CannotBeSaidInAnIpv4SocketAddress) {
  EXPECT_EQ(to_socket_address(endpoint_of("::1", 1), AF_INET).size, 0u);
  const SocketAddress any = to_socket_address(endpoint_of("::", 9), AF_INET);
  EXPECT_EQ(any.size, sizeof(sockaddr_in)) << "every address is every address";
  EXPECT_EQ(any.ipv4.sin_addr.s_addr, INADDR_ANY);
  EXPECT_EQ(any.ipv4.sin_port, htons(9));
}

TEST(Endpoint, DiffersInEachOfItsParts) {
  const Endpoint base = endpoint_of("fe80::1", 10, 1);
  EXPECT_EQ(base, endpoint_of("fe80::1", 10, 1));
  EXPECT_FALSE(base == endpoint_of("fe80::2", 10, 1));
  EXPECT_FALSE(base == endpoint_of("fe80::1", 11, 1));
  EXPECT_FALSE(base == endpoint_of("fe80::1", 10, 2));
}

}  // namespace
}  // namespace ringpeer::net
