#include "ringpeer/engine/remotes/remote_table.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

namespace ringpeer::worker {
namespace {

net::Endpoint endpoint_of(std::uint32_t index) {
  net::Endpoint endpoint;
  endpoint.address = net::IpAddress::from_ipv4(htonl(0x0a000000u + index));
  endpoint.port = 4000;
  return endpoint;
}

std::unique_ptr<Remote> remote_of(std::uint32_t index) {
  return std::make_unique<Remote>(endpoint_of(index), std::uint16_t{0});
}

TEST(RemoteTableTest, FindsWhatWasPutAndNothingElse) {
  RemoteTable table;
  EXPECT_EQ(nullptr, table.find(endpoint_of(1)));
  const auto remote = remote_of(1);
  table.put(remote.get());
  EXPECT_EQ(remote.get(), table.find(endpoint_of(1)));
  EXPECT_EQ(nullptr, table.find(endpoint_of(2)));
  EXPECT_EQ(1u, table.size());
}

TEST(RemoteTableTest, ANamesakeTakesThePlaceAndOnlyItCanBeErased) {
  RemoteTable table;
  const auto old = remote_of(1);
  const auto young = remote_of(1);
  table.put(old.get());
  table.put(young.get());
  EXPECT_EQ(1u, table.size());
  EXPECT_EQ(young.get(), table.find(endpoint_of(1)));
  EXPECT_FALSE(table.erase(old.get()));
  EXPECT_TRUE(table.erase(young.get()));
  EXPECT_EQ(nullptr, table.find(endpoint_of(1)));
  EXPECT_EQ(0u, table.size());
}

// Against a plain list, through growth and many gaps.
// A worker may shut a remote out while the consumer takes it into a table of its own.
TEST(RemoteTableTest, TakesOneThatIsClosed) {
  RemoteTable table;
  net::Endpoint endpoint;
  endpoint.port = 7;
  Remote remote(endpoint, 0);
  remote.closed = true;
  EXPECT_TRUE(table.put(&remote));
  EXPECT_EQ(table.find(endpoint), &remote);
}

TEST(RemoteTableTest, SurvivesRandomPutsAndErasures) {
  constexpr std::uint32_t kCount = 3000;
  RemoteTable table;
  std::vector<std::unique_ptr<Remote>> remotes;
  for (std::uint32_t i = 0; i < kCount; ++i) remotes.push_back(remote_of(i));
  std::vector<bool> present(kCount, false);
  std::mt19937 random(7);
  std::size_t size = 0;
  for (int step = 0; step < 100000; ++step) {
    const std::uint32_t i = random() % kCount;
    if (random() % 2 == 0) {
      table.put(remotes[i].get());
      size += present[i] ? 0 : 1;
      present[i] = true;
    } else {
      EXPECT_EQ(present[i], table.erase(remotes[i].get()));
      size -= present[i] ? 1 : 0;
      present[i] = false;
    }
    ASSERT_EQ(size, table.size());
  }
  for (std::uint32_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(present[i] ? remotes[i].get() : nullptr, table.find(endpoint_of(i)));
  }
}

TEST(RemoteTableTest, FindsManyAtOnce) {
  RemoteTable table;
  std::vector<std::unique_ptr<Remote>> remotes;
  for (std::uint32_t i = 0; i < 500; ++i) {
    remotes.push_back(remote_of(i));
    table.put(remotes.back().get());
  }
  for (const std::size_t count : {0u, 1u, 31u, 32u, 33u, 64u, 500u}) {
    std::vector<net::Endpoint> wanted;
    for (std::uint32_t i = 0; i < count; ++i) wanted.push_back(endpoint_of(i * 2));
    std::vector<Remote*> found(count);
    table.find_all(wanted, found.data());
    for (std::uint32_t i = 0; i < count; ++i) {
      EXPECT_EQ(i * 2 < 500 ? remotes[i * 2].get() : nullptr, found[i]);
    }
  }
}

TEST(RemoteTableTest, ProbesStayShortWhateverTheAddresses) {
  for (const std::uint32_t stride : {1u, 256u, 65536u, 0x01000193u}) {
    RemoteTable table;
    std::vector<std::unique_ptr<Remote>> remotes;
    for (std::uint32_t i = 0; i < 100000; ++i) {
      remotes.push_back(remote_of(i * stride));
      table.put(remotes.back().get());
    }
    EXPECT_LE(table.longest_probe(), RemoteTable::kMaxProbe);
    EXPECT_LE(table.memory(), std::size_t{4} << 20) << "the table had to grow to keep the bound";
  }
}

}  // namespace
}  // namespace ringpeer::worker
