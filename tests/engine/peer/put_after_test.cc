// What a put gives after everything that may have happened to its peer, server or engine before.
// Forked children are in fork_table_test, the end of the process in exit_test.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "ringpeer/engine.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using test::numbered_payload;

constexpr const char* kHost = "127.0.0.1";
constexpr const char* kForeignHost = "192.0.2.1";  // of nobody: for documentation

class PutAfterTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    std::string message;
    engine_ = Engine::create(GetParam().options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    remote_ = test::open_receiver();
    port_ = test::port_of(remote_);
  }

  // Every kind of put to the destination gives it; what is answered with OK arrives.
  void expect_puts(PacketPeerUDP& peer, Error expected) {
    EXPECT_EQ(Error::OK, peer.put_packet({})) << "nothing is nothing, whatever happened";
    EXPECT_EQ(expected, peer.put_packet(numbered_payload(1, 8)));
    EXPECT_EQ(expected, peer.put_var(7));
    if (expected == Error::OK) expect_arrivals(2);
  }
  static void expect_puts_of(UDPServer& server, int port, Error expected) {
    ReceivedPacket received;
    received.sender = test::loopback_ipv4(static_cast<std::uint16_t>(port));
    const auto packet = numbered_payload(1, 8);
    EXPECT_EQ(expected, server.put_packet_to(kHost, port, packet));
    EXPECT_EQ(expected, server.put_packet_to(received.sender, packet));
    EXPECT_EQ(expected, server.answer(received, packet));
    EXPECT_EQ(expected, server.put_packet_to_all(packet));
    EXPECT_EQ(expected, server.put_var_to_all(7));
  }
  void expect_arrivals(int count) {
    EXPECT_TRUE(test::eventually([&] {
      std::array<std::uint8_t, 64> bytes{};
      while (::recv(remote_.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT) >= 0) --count;
      return count <= 0;
    }));
    EXPECT_EQ(0, count);
  }
  void set_destination(PacketPeerUDP& peer) {
    ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, port_));
  }
  // A server's peer, which is the remote.
  std::shared_ptr<PacketPeerUDP> take_peer(UDPServer& server) {
    const auto to = test::loopback_ipv4(static_cast<std::uint16_t>(server.get_local_port()));
    EXPECT_EQ(
        0, remote_.send_to(numbered_payload(1, 8), net::to_socket_address(to, remote_.family())));
    EXPECT_TRUE(test::eventually([&] { return server.is_connection_available(); }));
    return server.take_connection();
  }

  std::shared_ptr<Engine> engine_;
  net::Socket remote_;
  int port_ = 0;
};

TEST_P(PutAfterTest, TheCloseOfAPeer) {
  PacketPeerUDP bound(engine_);
  ASSERT_EQ(Error::OK, bound.bind(0, kHost));
  set_destination(bound);
  expect_puts(bound, Error::OK);
  bound.close();
  EXPECT_EQ(Error::ERR_UNCONFIGURED, bound.put_packet_to(kHost, port_, numbered_payload(1, 8)))
      << "which opens nothing";
  expect_puts(bound, Error::OK);
  EXPECT_GT(bound.get_local_port(), 0);

  PacketPeerUDP connected(engine_);
  ASSERT_EQ(Error::OK, connected.connect_to_host(kHost, port_));
  connected.close();
  expect_puts(connected, Error::OK);
  EXPECT_FALSE(connected.is_socket_connected());

  PacketPeerUDP lost(engine_);
  ASSERT_EQ(Error::OK, lost.bind(0, kHost));
  lost.close();
  expect_puts(lost, Error::ERR_UNCONFIGURED);
}

TEST_P(PutAfterTest, TheCloseOfAServersPeer) {
  UDPServer server(engine_);
  ASSERT_EQ(Error::OK, server.listen(0, kHost));
  const auto peer = take_peer(server);
  ASSERT_NE(nullptr, peer);
  expect_puts(*peer, Error::OK);
  peer->close();
  expect_puts(*peer, Error::OK);
  EXPECT_NE(server.get_local_port(), peer->get_local_port()) << "a socket of its own";
}

TEST_P(PutAfterTest, ARefusedBind) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(Error::ERR_UNAVAILABLE, peer.bind(0, kForeignHost));
  expect_puts(peer, Error::ERR_UNCONFIGURED);
  set_destination(peer);
  expect_puts(peer, Error::OK);
}

TEST_P(PutAfterTest, ARefusedConnect) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(Error::OK, peer.bind(0, kHost));
  set_destination(peer);
  ASSERT_EQ(Error::FAILED, peer.connect_to_host("::1", port_)) << "another family";
  expect_puts(peer, Error::OK);
}

TEST_P(PutAfterTest, TheStopOfAServer) {
  UDPServer server(engine_);
  expect_puts_of(server, port_, Error::ERR_UNCONFIGURED);
  ASSERT_EQ(Error::ERR_UNAVAILABLE, server.listen(0, kForeignHost));
  expect_puts_of(server, port_, Error::ERR_UNCONFIGURED);
  ASSERT_EQ(Error::OK, server.listen(0, kHost));
  const auto peer = take_peer(server);
  ASSERT_NE(nullptr, peer);
  expect_puts_of(server, port_, Error::OK);
  expect_arrivals(5);
  server.stop();
  expect_puts_of(server, port_, Error::ERR_UNCONFIGURED);
  expect_puts(*peer, Error::FAILED);
  // Its peers are not those of what it listens to later.
  ASSERT_EQ(Error::OK, server.listen(0, kHost));
  expect_puts(*peer, Error::FAILED);
  peer->close();
  expect_puts(*peer, Error::OK);
}

TEST_P(PutAfterTest, TheStopOfTheEngine) {
  PacketPeerUDP open(engine_);
  ASSERT_EQ(Error::OK, open.bind(0, kHost));
  set_destination(open);
  PacketPeerUDP connected(engine_);
  ASSERT_EQ(Error::OK, connected.connect_to_host(kHost, port_));
  PacketPeerUDP closed(engine_);
  ASSERT_EQ(Error::OK, closed.bind(0, kHost));
  set_destination(closed);
  closed.close();
  PacketPeerUDP fresh(engine_);
  set_destination(fresh);
  PacketPeerUDP lost(engine_);
  UDPServer server(engine_);
  ASSERT_EQ(Error::OK, server.listen(0, kHost));
  const auto peer = take_peer(server);
  ASSERT_NE(nullptr, peer);

  engine_->stop();
  for (PacketPeerUDP* each : {&open, &connected, &closed, &fresh, peer.get()}) {
    expect_puts(*each, Error::FAILED);
  }
  EXPECT_EQ(Error::FAILED, open.put_packet_to(kHost, port_, numbered_payload(1, 8)));
  expect_puts(lost, Error::ERR_UNCONFIGURED);
  expect_puts_of(server, port_, Error::FAILED);
  // Nor does anything open.
  EXPECT_EQ(Error::ERR_UNAVAILABLE, fresh.bind(0, kHost));
  EXPECT_EQ(Error::FAILED, fresh.connect_to_host(kHost, port_));
  UDPServer another(engine_);
  EXPECT_EQ(Error::ERR_UNAVAILABLE, another.listen(0, kHost));
  open.close();
  expect_puts(open, Error::FAILED);
}

INSTANTIATE_TEST_SUITE_P(Engines, PutAfterTest, test::every_engine(), test::engine_name);

// The engine of peers that were given none is one that runs.
TEST(SharedEngineTest, IsMadeAgainAfterItsStop) {
  const net::Socket remote = test::open_receiver();
  PacketPeerUDP before;
  ASSERT_EQ(Error::OK, before.set_dest_address(kHost, test::port_of(remote)));
  ASSERT_EQ(Error::OK, before.put_packet(numbered_payload(1, 8)));
  const std::shared_ptr<Engine> stopped = Engine::shared();
  stopped->stop();
  EXPECT_EQ(Error::FAILED, before.put_packet(numbered_payload(1, 8)));

  PacketPeerUDP after;
  ASSERT_EQ(Error::OK, after.bind(0, kHost));
  ASSERT_EQ(Error::OK, after.set_dest_address(kHost, test::port_of(remote)));
  EXPECT_EQ(Error::OK, after.put_packet(numbered_payload(2, 8)));
  EXPECT_NE(stopped, Engine::shared());
  EXPECT_EQ(Engine::shared(), Engine::shared());
  // Who has taken the old one keeps it.
  before.close();
  EXPECT_EQ(Error::FAILED, before.put_packet(numbered_payload(1, 8)));
}

}  // namespace
}  // namespace ringpeer
