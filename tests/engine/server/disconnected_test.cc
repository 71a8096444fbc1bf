// Who is gone, and that nobody is who goes on sending.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/engine/net/socket.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/engine/support/shifted_clock.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using std::chrono::milliseconds;

class DisconnectedTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    test::reset_clocks();
    std::string message;
    engine_ = Engine::create(GetParam().options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    server_ = std::make_unique<UDPServer>(engine_);
  }
  void TearDown() override { test::reset_clocks(); }

  void listen(const ServerOptions& options) {
    ASSERT_EQ(server_->listen(0, "127.0.0.1", options), Error::OK);
  }
  std::unique_ptr<test::Sender> make_client() const {
    return std::make_unique<test::Sender>(static_cast<std::uint16_t>(server_->get_local_port()));
  }
  std::shared_ptr<PacketPeerUDP> take(const test::Sender& client) {
    EXPECT_TRUE(client.send_numbered(0, 8));
    EXPECT_EQ(engine_->sync(), Error::OK);
    auto peer = server_->take_connection();
    if (peer == nullptr) {
      ADD_FAILURE() << "no connection";
    } else {
      peer->get_packet();
    }
    return peer;
  }
  void expect_there(PacketPeerUDP& peer) {
    EXPECT_FALSE(peer.is_idle());
    EXPECT_FALSE(peer.is_disconnected());
    EXPECT_EQ(server_->next_disconnected(), nullptr);
  }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
};

TEST_P(DisconnectedTest, AnsweredThatNobodyListensYetGoesOnSending) {
  ServerOptions options;
  options.socket.detect_unreachable = true;
  listen(options);
  const auto client = make_client();
  const auto peer = take(*client);
  ASSERT_NE(peer, nullptr);
  // From here on the client's machine answers for it: its socket hears nobody but port 9.
  const net::SocketAddress other = net::to_socket_address(test::loopback_ipv4(9), AF_INET);
  ASSERT_EQ(::connect(client->socket().descriptor(), &other.generic, other.size), 0);
  const std::vector<std::uint8_t> tick(8, 1);
  const auto start = std::chrono::steady_clock::now();
  int refused = 0;
  while (std::chrono::steady_clock::now() - start < milliseconds(2500)) {
    ASSERT_TRUE(client->send_numbered(0, 8));
    if (peer->put_packet(tick) != Error::OK) ++refused;  // as anybody could have it
    std::this_thread::sleep_for(milliseconds(10));
    ASSERT_EQ(engine_->sync(), Error::OK);
    while (peer->get_available_packet_count() > 0) peer->get_packet();
    expect_there(*peer);
    if (HasFailure()) return;
  }
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(engine_->counters()[Counter::kSentPackets],
            engine_->counters()[Counter::kSendRequestedPackets]);
  // And is silent then: it was answered.
  EXPECT_TRUE(test::eventually([&] {
    static_cast<void>(peer->put_packet(tick));
    EXPECT_EQ(server_->poll(), Error::OK);
    return peer->is_disconnected();
  }));
  EXPECT_EQ(server_->next_disconnected(), peer.get());
  EXPECT_EQ(server_->next_disconnected(), nullptr);
  ASSERT_TRUE(client->send_numbered(0, 8));
  ASSERT_EQ(engine_->sync(), Error::OK);
  expect_there(*peer);
}

// The kernel gives the answer to any of the server's sockets.
TEST_P(DisconnectedTest, WhoIsGoneIsFoundOutWhicheverWorkerIsTold) {
  constexpr std::size_t kClients = 16;
  ServerOptions options;
  options.socket.detect_unreachable = true;
  server_->set_max_pending_connections(kClients);
  listen(options);
  std::vector<std::shared_ptr<PacketPeerUDP>> peers;
  for (std::size_t i = 0; i < kClients; ++i) {
    const auto client = make_client();  // gone at once
    peers.push_back(take(*client));
    ASSERT_NE(peers.back(), nullptr);
  }
  const std::vector<std::uint8_t> tick(8, 1);
  EXPECT_TRUE(test::eventually([&] {
    std::size_t gone = 0;
    for (const auto& peer : peers) {
      if (peer->is_disconnected()) {
        ++gone;
      } else {
        static_cast<void>(peer->put_packet(tick));
      }
    }
    EXPECT_EQ(server_->poll(), Error::OK);
    return gone == kClients;
  }));
}

// Anybody can send as many as it likes.
TEST_P(DisconnectedTest, AnswersThatNobodyListensFillNoQueue) {
  constexpr int kRounds = 640;
  constexpr int kPutsOfARound = 64;  // more in all than the ring has slots
  ServerOptions options;
  options.socket.detect_unreachable = true;
  listen(options);
  auto dying = make_client();
  const auto living = make_client();
  const auto dead_peer = take(*dying);
  const auto peer = take(*living);
  ASSERT_TRUE(dead_peer != nullptr && peer != nullptr);
  dying.reset();
  const std::vector<std::uint8_t> tick(8, 1);
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kPutsOfARound; ++i) static_cast<void>(dead_peer->put_packet(tick));
    ASSERT_EQ(engine_->sync(), Error::OK);
  }
  constexpr int kPackets = 100;
  for (int i = 0; i < kPackets; ++i) ASSERT_TRUE(living->send_numbered(0, 8));
  ASSERT_EQ(engine_->sync(), Error::OK);
  EXPECT_EQ(peer->get_available_packet_count(), kPackets);
  EXPECT_EQ(engine_->counters()[Counter::kDropRingFull], 0u);
}

// Its silence is not read off a clock that people set.
TEST_P(DisconnectedTest, TheWallClockSaysNothingAboutSilence) {
  ServerOptions options;
  options.socket.receive_timestamps = true;
  options.idle_timeout = milliseconds(900);
  test::shift_monotonic_clock(std::chrono::hours(5));  // the engine is not young
  listen(options);
  const auto client = make_client();
  const auto peer = take(*client);
  ASSERT_NE(peer, nullptr);
  for (const auto step : {milliseconds(1000), milliseconds(-2000), milliseconds(3'600'000),
                          milliseconds(-7'200'000)}) {
    test::shift_wall_clock(step);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(client->send_numbered(0, 8));
      ASSERT_EQ(engine_->sync(), Error::OK);
      peer->get_packet();
      expect_there(*peer);
    }
  }
}

// The application does not take what it sends, or has no room for more of it.
TEST_P(DisconnectedTest, WhoSendsIsThereWhateverBecomesOfHisPackets) {
  ServerOptions options;
  options.idle_timeout = milliseconds(500);
  listen(options);
  const auto client = make_client();
  const auto peer = take(*client);
  ASSERT_NE(peer, nullptr);
  // Far more than it may have waiting.
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(client->send_numbered(0, 4000));
  ASSERT_EQ(engine_->sync(), Error::OK);
  for (int i = 0; i < 6; ++i) {
    test::shift_monotonic_clock(milliseconds(200));
    ASSERT_TRUE(client->send_numbered(0, 4000));
    ASSERT_EQ(engine_->sync(), Error::OK);
    expect_there(*peer);
  }
  EXPECT_GT(engine_->counters()[Counter::kDropPeerFull], 0u);
  test::shift_monotonic_clock(milliseconds(600));
  EXPECT_TRUE(peer->is_idle());
  EXPECT_EQ(server_->next_disconnected(), peer.get());
  // Back, and gone once more: that is news.
  ASSERT_TRUE(client->send_numbered(0, 4000));
  ASSERT_EQ(engine_->sync(), Error::OK);
  expect_there(*peer);
  test::shift_monotonic_clock(milliseconds(600));
  EXPECT_EQ(server_->next_disconnected(), peer.get());
}

INSTANTIATE_TEST_SUITE_P(Engines, DisconnectedTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
