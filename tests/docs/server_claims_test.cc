// Claims of docs/api.md on servers, executed: each test is named after the page and the
// claim. Claims that other tests execute are not repeated here.

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "ringpeer/tests/docs/claims.h"

namespace ringpeer::docs {
namespace {

using std::chrono::milliseconds;
using test::eventually;

// ---- docs/api.md, UDPServer

TEST_P(ClaimsTest, ApiAServerThatDoesNotListenSaysSoEverywhere) {
  UDPServer server(engine_);
  EXPECT_FALSE(server.is_listening() || server.is_connection_available());
  EXPECT_EQ(server.take_connection(), nullptr);
  EXPECT_EQ(server.get_local_port(), 0);
  EXPECT_EQ(server.get_remote_count(), 0u);
  EXPECT_EQ(server.get_socket_receive_buffer(), 0);
  EXPECT_EQ(server.get_socket_send_buffer(), 0);
  EXPECT_EQ(server.get_poll_descriptor(), -1);
  EXPECT_EQ(server.next_disconnected(), nullptr);
  EXPECT_EQ(server.get_max_pending_connections(), 16);
  EXPECT_EQ(server.get_idle_timeout(), milliseconds(0));
  EXPECT_TRUE(server.get_automatic_poll());
  ReceivedPacket packet;
  EXPECT_FALSE(server.drain().next(&packet));
  server.stop();
}

TEST_P(ClaimsTest, ApiLoweringTheLimitDropsTheNewestAndNegativesAreIgnored) {
  UDPServer server(engine_);
  ASSERT_EQ(server.listen(0, kHost), Error::OK);
  test::Sender first(port_of(server));
  deliver({&first});
  ASSERT_TRUE(eventually([&] { return server.get_remote_count() == 1; }));
  test::Sender second(port_of(server));
  deliver({&second});
  ASSERT_TRUE(eventually([&] { return server.get_remote_count() == 2; }));
  EXPECT_EQ(server.poll(), Error::OK);
  server.set_max_pending_connections(-1);
  EXPECT_EQ(server.get_max_pending_connections(), 16);
  server.set_max_pending_connections(1);
  const auto peer = server.take_connection();
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(peer->get_packet_endpoint(), first.endpoint());
  EXPECT_EQ(server.take_connection(), nullptr);
}

TEST_P(ClaimsTest, ApiAConnectionHasItsFirstPacketAndKnowsItsSender) {
  UDPServer server(engine_);
  ASSERT_EQ(server.listen(0, kHost), Error::OK);
  test::Sender sender(port_of(server));
  deliver({&sender});
  ASSERT_TRUE(eventually([&] { return server.is_connection_available(); }));
  const auto peer = server.take_connection();
  EXPECT_EQ(peer->get_packet_port(), sender.endpoint().port);
  EXPECT_EQ(peer->get_packet_ip(), kHost);
  EXPECT_TRUE(peer->is_socket_connected());
  EXPECT_EQ(peer->get_local_port(), server.get_local_port());
  EXPECT_EQ(peer->get_packet(), kByte);
}

TEST_P(ClaimsTest, PortingALetGoPeerIsForgotten) {
  UDPServer server(engine_);
  ASSERT_EQ(server.listen(0, kHost), Error::OK);
  test::Sender sender(port_of(server));
  for (int round = 0; round < 2; ++round) {
    deliver({&sender});
    ASSERT_TRUE(eventually([&] { return server.is_connection_available(); }));
    EXPECT_NE(server.take_connection(), nullptr);  // and gone again
  }
}

TEST_P(ClaimsTest, ApiWithoutAutomaticPollOnlyPollLooks) {
  UDPServer server(engine_);
  server.set_automatic_poll(false);
  ASSERT_EQ(server.listen(0, kHost), Error::OK);
  test::Sender sender(port_of(server));
  deliver({&sender});
  EXPECT_FALSE(server.is_connection_available());
  ASSERT_EQ(server.poll(), Error::OK);
  EXPECT_TRUE(server.is_connection_available());
}

TEST_P(ClaimsTest, ApiAPutToAllIsOkWithNoPeer) {
  UDPServer server(engine_);
  ASSERT_EQ(server.listen(0, kHost), Error::OK);
  EXPECT_EQ(server.put_packet_to_all(kByte), Error::OK);
  EXPECT_EQ(server.put_packet_to_all({}), Error::OK);
  EXPECT_EQ(server.put_var_to_all(1), Error::OK);
  EXPECT_EQ(engine_->counters()[Counter::kSendRequestedPackets], 0u);
}

TEST_P(ClaimsTest, ApiTogetherKeepsNobody) {
  UDPServer server(engine_);
  ASSERT_EQ(server.listen(0, kHost, {.socket = {}, .receive = ServerReceive::kTogether}),
            Error::OK);
  test::Sender sender(port_of(server));
  deliver({&sender});
  ReceivedPacket packet;
  ASSERT_TRUE(eventually([&] { return server.get_packet(&packet) == Error::OK; }));
  EXPECT_EQ(packet.peer, nullptr);
  EXPECT_EQ(packet.sender, sender.endpoint());
  EXPECT_FALSE(server.is_connection_available());
  EXPECT_EQ(server.get_remote_count(), 0u);
}

// An option's default changes nothing, so it does not end what was set before.
TEST_P(ClaimsTest, ApiAnIdleTimeoutStaysUnlessTheOptionsHaveOne) {
  UDPServer server(engine_);
  server.set_idle_timeout(milliseconds(700));
  server.set_idle_timeout(milliseconds(-1));
  EXPECT_EQ(server.get_idle_timeout(), milliseconds(700));
  ASSERT_EQ(server.listen(0, kHost, ServerOptions()), Error::OK);
  EXPECT_EQ(server.get_idle_timeout(), milliseconds(700));
  server.stop();
  ServerOptions options;
  options.idle_timeout = milliseconds(-5);
  ASSERT_EQ(server.listen(0, kHost, options), Error::OK);
  EXPECT_EQ(server.get_idle_timeout(), milliseconds(700));
  server.stop();
  options.idle_timeout = milliseconds(900);
  ASSERT_EQ(server.listen(0, kHost, options), Error::OK);
  EXPECT_EQ(server.get_idle_timeout(), milliseconds(900));
}

TEST_P(ClaimsTest, ApiAnsweringASenderLeavesFromTheAddressItWroteTo) {
  SocketOptions options;
  options.reply_from_received_address = true;
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, "*", 65536, options), Error::OK);
  PacketPeerUDP client(engine_);
  ASSERT_EQ(client.bind(0, kHost), Error::OK);
  ASSERT_EQ(client.set_dest_address("127.0.0.2", peer.get_local_port()), Error::OK);
  ASSERT_EQ(client.put_packet(kByte), Error::OK);
  ASSERT_TRUE(eventually([&] { return peer.get_available_packet_count() == 1; }));
  peer.get_packet();
  ASSERT_EQ(peer.set_dest_address(peer.get_packet_ip(), peer.get_packet_port()), Error::OK);
  ASSERT_EQ(peer.put_packet(kByte), Error::OK);
  ASSERT_TRUE(eventually([&] { return client.get_available_packet_count() == 1; }));
  client.get_packet();
  EXPECT_EQ(client.get_packet_ip(), "127.0.0.2");
  // An address that is given says nothing of a packet.
  ASSERT_EQ(peer.put_packet_to(client.get_packet_ip().empty() ? "" : kHost, client.get_local_port(),
                               kByte),
            Error::OK);
  ASSERT_TRUE(eventually([&] { return client.get_available_packet_count() == 1; }));
  client.get_packet();
  EXPECT_EQ(client.get_packet_ip(), kHost);
}

INSTANTIATE_TEST_SUITE_P(Engines, ClaimsTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer::docs
