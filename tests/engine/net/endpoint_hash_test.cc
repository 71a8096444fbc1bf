#include "ringpeer/engine/net/endpoint_hash.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace ringpeer::worker {
namespace {

net::Endpoint ipv4(std::uint32_t address, std::uint16_t port) {
  net::Endpoint endpoint;
  endpoint.address = net::IpAddress::from_ipv4(htonl(address));
  endpoint.port = port;
  return endpoint;
}

// What servers see: neighbours in address and port, and clients behind one address.
std::vector<net::Endpoint> similar_endpoints() {
  std::vector<net::Endpoint> endpoints;
  for (std::uint32_t i = 0; i < 200; ++i) {
    for (std::uint16_t port = 0; port < 200; ++port) {
      endpoints.push_back(ipv4(0x0a000000 + i, static_cast<std::uint16_t>(40000 + port)));
    }
  }
  for (std::uint16_t port = 1; port <= 20000; ++port) endpoints.push_back(ipv4(0xc0a80001, port));
  return endpoints;
}

TEST(EndpointHash, EqualEndpointsHaveEqualHashes) {
  const net::EndpointHash hash;
  EXPECT_EQ(hash(ipv4(1, 2)), hash(ipv4(1, 2)));
  const net::EndpointHash copy = hash;
  EXPECT_EQ(copy(ipv4(1, 2)), hash(ipv4(1, 2)));
}

TEST(EndpointHash, EveryPartCounts) {
  const net::EndpointHash hash;
  net::Endpoint base;
  base.address = *net::IpAddress::parse("fe80::1");
  base.port = 7;
  net::Endpoint other_scope = base;
  other_scope.scope_id = 1;
  net::Endpoint other_port = base;
  other_port.port = 8;
  EXPECT_NE(hash(base), hash(other_scope));
  EXPECT_NE(hash(base), hash(other_port));
  for (std::size_t i = 0; i < 16; ++i) {
    net::IpAddress::Bytes bytes = base.address.bytes();
    bytes[i] ^= 1;
    net::Endpoint other = base;
    other.address = net::IpAddress(bytes);
    EXPECT_NE(hash(base), hash(other)) << "byte " << i;
  }
}

TEST(EndpointHash, EachTableHasKeysOfItsOwn) {
  std::set<std::size_t> hashes;
  for (int i = 0; i < 50; ++i) hashes.insert(net::EndpointHash()(ipv4(1, 2)));
  EXPECT_GT(hashes.size(), 45u);
}

// The table takes the low bits.
TEST(EndpointHash, SpreadsSimilarEndpointsEvenly) {
  const std::vector<net::Endpoint> endpoints = similar_endpoints();
  constexpr std::size_t kBuckets = 256;
  for (int key = 0; key < 40; ++key) {
    const net::EndpointHash hash;
    std::vector<std::size_t> filled(kBuckets);
    for (const net::Endpoint& endpoint : endpoints) ++filled[hash(endpoint) % kBuckets];
    const double mean = static_cast<double>(endpoints.size()) / kBuckets;
    double chi_square = 0;
    for (const std::size_t n : filled) {
      chi_square += (static_cast<double>(n) - mean) * (static_cast<double>(n) - mean) / mean;
    }
    // 255 degrees of freedom: 255 expected, a standard deviation of 23.
    EXPECT_LT(chi_square, 450) << "largest " << *std::max_element(filled.begin(), filled.end());
  }
}

TEST(EndpointHash, HardlyCollides) {
  const std::vector<net::Endpoint> endpoints = similar_endpoints();
  const net::EndpointHash hash;
  std::set<std::size_t> hashes;
  for (const net::Endpoint& endpoint : endpoints) hashes.insert(hash(endpoint));
  // 60,000 values of 32 bits: 0.4 collisions expected.
  EXPECT_GT(hashes.size(), endpoints.size() - 50);
}

}  // namespace
}  // namespace ringpeer::worker
