#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/engine/peer/socket_channel.h"
#include "ringpeer/engine/server/remote_channel.h"
#include "ringpeer/engine/server/server_core.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer::internal {
namespace {

using test::is_numbered_payload;
using test::loopback_ipv4;
using test::Sender;

struct EngineVariant {
  std::string name;
  BackendKind backend;
  int workers;
};

// What stands behind the peers, on each backend, with and without threads.
std::unique_ptr<RemoteChannel> take_pending(const std::shared_ptr<ServerCore>& server) {
  return server->inbox().finds_pending() ? RemoteChannel::take_pending(server) : nullptr;
}

class ChannelsTest : public testing::TestWithParam<EngineVariant> {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.backend = GetParam().backend;
    options.workers = GetParam().workers;
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }

  std::unique_ptr<SocketChannel> open_socket(std::uint64_t bytes = 65535) {
    int error = 0;
    auto endpoint = SocketChannel::create(engine_, test::open_receiver(), bytes, {}, false, &error);
    EXPECT_EQ(error, 0);
    return endpoint;
  }
  std::shared_ptr<ServerCore> listen(int max_pending = 64) {
    int error = 0;
    ServerOptions options;
    options.admission.keep_pending = true;
    auto server = ServerCore::create(engine_, loopback_ipv4(), net::SocketFamily::kIpv4,
                                     max_pending, options, nullptr, &error);
    EXPECT_EQ(error, 0);
    return server;
  }
  static bool port_is_free(int port) {
    net::Socket socket;
    return socket.open(net::SocketFamily::kIpv4) == 0 &&
           socket.bind(loopback_ipv4(static_cast<std::uint16_t>(port))) == 0;
  }
  static std::uint16_t port_of(const PeerChannel& endpoint) {
    return static_cast<std::uint16_t>(endpoint.local_port());
  }

  std::shared_ptr<Engine> engine_;
  std::span<const std::uint8_t> packet_;
  net::Endpoint sender_;
  HeldView view_;
};

INSTANTIATE_TEST_SUITE_P(
    Engines, ChannelsTest,
    testing::Values(EngineVariant{"io_uring", BackendKind::kIoUring, 1},
                    EngineVariant{"io_uring_inline", BackendKind::kIoUring, 0},
                    EngineVariant{"io_uring_three_workers", BackendKind::kIoUring, 3},
                    EngineVariant{"recvmmsg", BackendKind::kRecvmmsg, 1},
                    EngineVariant{"recvmmsg_inline", BackendKind::kRecvmmsg, 0},
                    EngineVariant{"recvmmsg_three_workers", BackendKind::kRecvmmsg, 3}),
    [](const testing::TestParamInfo<EngineVariant>& variant) { return variant.param.name; });

TEST_P(ChannelsTest, ASocketGivesItsPacketsInOrder) {
  const auto endpoint = open_socket(1 << 20);
  const Sender sender(port_of(*endpoint));
  EXPECT_EQ(endpoint->available(), 0);
  EXPECT_EQ(endpoint->take(&packet_, &sender_, &view_), Error::ERR_UNAVAILABLE);
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(sender.send_numbered(i, i * 7));
  ASSERT_EQ(engine_->sync(), Error::OK);
  for (std::uint32_t i = 0; i < 100; ++i) {
    ASSERT_EQ(endpoint->available(), static_cast<int>(100 - i));
    ASSERT_EQ(endpoint->take(&packet_, &sender_, &view_), Error::OK);
    EXPECT_EQ(packet_.size(), i * 7);
    EXPECT_TRUE(is_numbered_payload(packet_, i));
    EXPECT_EQ(sender_, sender.endpoint());
  }
  EXPECT_EQ(endpoint->take(&packet_, &sender_, &view_), Error::ERR_UNAVAILABLE);
}

TEST_P(ChannelsTest, AClosedSocketLeavesItsPortFreeAndTheBooksBalanced) {
  for (int round = 0; round < 20; ++round) {
    auto endpoint = open_socket();
    const Sender sender(port_of(*endpoint));
    const int port = endpoint->local_port();
    for (std::uint32_t i = 0; i < 10; ++i) ASSERT_TRUE(sender.send_numbered(i, 100));
    ASSERT_EQ(engine_->sync(), Error::OK);
    ASSERT_EQ(endpoint->take(&packet_, &sender_, &view_), Error::OK);
    endpoint.reset();
    EXPECT_TRUE(port_is_free(port));
  }
  const CounterSnapshot counters = engine_->counters();
  EXPECT_EQ(counters[Counter::kReceivedPackets], 200u);
  EXPECT_EQ(counters[Counter::kDeliveredPackets], 20u);
  EXPECT_EQ(counters[Counter::kDropClosed], 180u);
}

TEST_P(ChannelsTest, ConnectingDropsWhatStrangersHadSent) {
  const auto endpoint = open_socket();
  const Sender stranger(port_of(*endpoint));
  const Sender friendly(port_of(*endpoint));
  ASSERT_TRUE(stranger.send_numbered(1, 50));
  ASSERT_EQ(engine_->sync(), Error::OK);
  ASSERT_TRUE(stranger.send_numbered(2, 50));
  ASSERT_EQ(endpoint->connect(friendly.endpoint()), 0);
  ASSERT_TRUE(stranger.send_numbered(3, 50));
  ASSERT_TRUE(friendly.send_numbered(4, 50));
  ASSERT_EQ(engine_->sync(), Error::OK);
  EXPECT_EQ(endpoint->available(), 1);
  ASSERT_EQ(endpoint->take(&packet_, &sender_, &view_), Error::OK);
  EXPECT_TRUE(is_numbered_payload(packet_, 4));
  EXPECT_EQ(endpoint->take(&packet_, &sender_, &view_), Error::ERR_UNAVAILABLE);
  const CounterSnapshot counters = engine_->counters();
  EXPECT_EQ(counters[Counter::kReceivedPackets],
            counters[Counter::kDeliveredPackets] + counters.dropped_packets());
}

TEST_P(ChannelsTest, AStoppedEngineMakesEndpointsDead) {
  const auto endpoint = open_socket();
  const auto server = listen();
  engine_->stop();
  EXPECT_FALSE(endpoint->is_alive());
  EXPECT_EQ(endpoint->available(), -1);
  EXPECT_EQ(endpoint->take(&packet_, &sender_, &view_), Error::FAILED);
  EXPECT_EQ(endpoint->wait(std::chrono::milliseconds(1)), Error::FAILED);
  EXPECT_FALSE(server->is_alive());
  EXPECT_FALSE(server->inbox().has_pending());
}

TEST_P(ChannelsTest, AServerSortsByRemote) {
  const auto server = listen();
  constexpr std::uint32_t kRemotes = 30;
  constexpr std::uint32_t kPackets = 10;
  std::vector<Sender> senders;
  for (std::uint32_t i = 0; i < kRemotes; ++i) {
    senders.emplace_back(static_cast<std::uint16_t>(server->sockets().local_port()));
  }
  for (std::uint32_t n = 0; n < kPackets; ++n) {
    for (std::uint32_t i = 0; i < kRemotes; ++i) {
      ASSERT_TRUE(senders[i].send_numbered(i * 1000 + n, 60));
    }
  }
  ASSERT_EQ(engine_->sync(), Error::OK);
  std::map<std::uint16_t, std::unique_ptr<RemoteChannel>> remotes;
  while (auto remote = take_pending(server)) {
    const std::uint16_t port = remote->endpoint().port;
    remotes[port] = std::move(remote);
  }
  ASSERT_EQ(remotes.size(), kRemotes) << "each remote is announced once, on one worker";
  for (std::uint32_t i = 0; i < kRemotes; ++i) {
    RemoteChannel& remote = *remotes.at(senders[i].endpoint().port);
    for (std::uint32_t n = 0; n < kPackets; ++n) {
      ASSERT_EQ(remote.take(&packet_, &sender_, &view_), Error::OK);
      ASSERT_TRUE(is_numbered_payload(packet_, i * 1000 + n));
      ASSERT_EQ(sender_, senders[i].endpoint());
    }
    EXPECT_EQ(remote.available(), 0);
  }
  const CounterSnapshot counters = engine_->counters();
  EXPECT_EQ(counters[Counter::kDeliveredPackets], kRemotes * kPackets);
}

TEST_P(ChannelsTest, AClosedRemoteIsNewAtOnce) {
  const auto server = listen();
  const Sender sender(static_cast<std::uint16_t>(server->sockets().local_port()));
  for (std::uint32_t life = 0; life < 50; ++life) {
    ASSERT_TRUE(sender.send_numbered(life, 40));
    ASSERT_TRUE(sender.send_numbered(life, 41));
    ASSERT_EQ(engine_->sync(), Error::OK);
    auto remote = take_pending(server);
    ASSERT_NE(remote, nullptr) << "life " << life;
    ASSERT_EQ(remote->available(), 2) << "of this life only";
    ASSERT_EQ(remote->take(&packet_, &sender_, &view_), Error::OK);
    EXPECT_TRUE(is_numbered_payload(packet_, life));
  }
  EXPECT_FALSE(server->inbox().has_pending());
  const CounterSnapshot counters = engine_->counters();
  EXPECT_EQ(counters[Counter::kReceivedPackets], 100u);
  EXPECT_EQ(counters[Counter::kDeliveredPackets], 50u);
  EXPECT_EQ(counters[Counter::kDropClosed], 50u);
}

TEST_P(ChannelsTest, AStoppedServerOrphansItsPeersAndFreesThePort) {
  const auto server = listen();
  const int port = server->sockets().local_port();
  const Sender sender(static_cast<std::uint16_t>(port));
  const Sender pending(static_cast<std::uint16_t>(port));
  ASSERT_TRUE(sender.send_numbered(1, 40));
  ASSERT_EQ(engine_->sync(), Error::OK);
  const auto remote = take_pending(server);
  ASSERT_NE(remote, nullptr);
  ASSERT_TRUE(sender.send_numbered(2, 40));
  ASSERT_TRUE(pending.send_numbered(3, 40));
  ASSERT_EQ(engine_->sync(), Error::OK);
  server->stop();
  EXPECT_FALSE(remote->is_alive());
  EXPECT_EQ(remote->available(), -1);
  EXPECT_EQ(remote->take(&packet_, &sender_, &view_), Error::FAILED);
  EXPECT_TRUE(port_is_free(port));
  const CounterSnapshot counters = engine_->counters();
  EXPECT_EQ(counters[Counter::kReceivedPackets],
            counters[Counter::kDeliveredPackets] + counters.dropped_packets());
}

TEST_P(ChannelsTest, StrangersBeyondTheLimitAreCounted) {
  const auto server = listen(4);
  std::vector<Sender> senders;
  for (int i = 0; i < 20; ++i) {
    senders.emplace_back(static_cast<std::uint16_t>(server->sockets().local_port()));
    ASSERT_TRUE(senders.back().send_numbered(1, 40));
  }
  ASSERT_EQ(engine_->sync(), Error::OK);
  EXPECT_TRUE(server->inbox().has_pending());
  EXPECT_EQ(engine_->counters()[Counter::kDropPendingFull], 16u);
  server->inbox().set_max_pending(1);
  int pending = 0;
  while (take_pending(server) != nullptr) ++pending;
  EXPECT_EQ(pending, 1);
}

TEST_P(ChannelsTest, ASecondServerOnThePortIsRefused) {
  const auto server = listen();
  int error = 0;
  const net::Endpoint same =
      loopback_ipv4(static_cast<std::uint16_t>(server->sockets().local_port()));
  EXPECT_EQ(ServerCore::create(engine_, same, net::SocketFamily::kIpv4, 16, {}, nullptr, &error),
            nullptr);
  EXPECT_EQ(error, EADDRINUSE);
}

}  // namespace
}  // namespace ringpeer::internal
