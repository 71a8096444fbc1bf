// Claims of docs/api.md on peers and their drains, executed: each test is named after the page and
// the claim. Claims that other tests execute are not repeated here.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/tests/docs/claims.h"

namespace ringpeer::docs {
namespace {

using std::chrono::milliseconds;
using test::eventually;
using Clock = std::chrono::steady_clock;

// ---- docs/api.md, PacketPeer and PacketPeerUDP

TEST_P(ClaimsTest, ApiAPeerThatIsNotOpenSaysSoEverywhere) {
  PacketPeerUDP peer(engine_);
  EXPECT_EQ(peer.get_available_packet_count(), -1);
  EXPECT_EQ(peer.get_packet_ip(), "");
  EXPECT_EQ(peer.get_packet_port(), 0);
  EXPECT_EQ(peer.get_packet_endpoint(), net::Endpoint());
  EXPECT_EQ(peer.get_packet_arrival(), Clock::time_point());
  EXPECT_EQ(peer.get_local_port(), 0);
  EXPECT_EQ(peer.get_socket_receive_buffer(), 0);
  EXPECT_EQ(peer.get_socket_send_buffer(), 0);
  EXPECT_EQ(peer.get_path_mtu(), 0);
  EXPECT_EQ(peer.get_poll_descriptor(), -1);
  EXPECT_FALSE(peer.is_bound() || peer.is_socket_connected() || peer.is_idle());
  EXPECT_TRUE(peer.is_disconnected());
  ReceivedPacket packet;
  EXPECT_FALSE(peer.drain().next(&packet));
}

TEST_P(ClaimsTest, ApiAnEmptyPacketIsOkAndIsNotSent) {
  PacketPeerUDP peer(engine_);
  EXPECT_EQ(peer.put_packet({}), Error::OK);
  EXPECT_FALSE(peer.is_bound());
  EXPECT_EQ(engine_->counters()[Counter::kSendRequestedPackets], 0u);
}

TEST_P(ClaimsTest, ApiTheEncodeBufferIsRoundedUpAndOtherSizesIgnored) {
  PacketPeerUDP peer(engine_);
  EXPECT_EQ(peer.get_encode_buffer_max_size(), 8 << 20);
  for (const auto& [set, then] : {std::pair<std::int64_t, std::int64_t>{1024, 1024},
                                  {1025, 2048},
                                  {1023, 2048},
                                  {268435456, 268435456},
                                  {268435457, 268435456},
                                  {-1, 268435456}}) {
    peer.set_encode_buffer_max_size(set);
    EXPECT_EQ(peer.get_encode_buffer_max_size(), then) << set;
  }
}

TEST_P(ClaimsTest, ApiMaxPacketSizeIsNotEnforced) {
  PacketPeerUDP receiver(engine_);
  ASSERT_EQ(receiver.bind(0, kHost), Error::OK);
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.set_dest_address(kHost, receiver.get_local_port()), Error::OK);
  const Bytes packet(static_cast<std::size_t>(peer.get_max_packet_size()) + 1, 1);
  EXPECT_EQ(peer.put_packet(packet), Error::OK);
  EXPECT_TRUE(eventually([&] { return receiver.get_available_packet_count() == 1; }));
  EXPECT_EQ(receiver.get_packet(), packet);
}

TEST_P(ClaimsTest, ApiAPacketThatWasGotStaysThroughCloseAndStop) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, kHost), Error::OK);
  test::Sender sender(port_of(peer));
  deliver({&sender});
  std::span<const std::uint8_t> packet;
  ASSERT_EQ(peer.get_packet(&packet), Error::OK);
  peer.close();
  engine_->stop();
  EXPECT_TRUE(std::ranges::equal(packet, kByte));
}

TEST_P(ClaimsTest, ApiTheDestinationStaysThroughAClose) {
  PacketPeerUDP receiver(engine_);
  ASSERT_EQ(receiver.bind(0, kHost), Error::OK);
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.set_dest_address(kHost, receiver.get_local_port()), Error::OK);
  ASSERT_EQ(peer.put_packet(kByte), Error::OK);
  peer.close();
  EXPECT_EQ(peer.put_packet(kByte), Error::OK);
  EXPECT_TRUE(eventually([&] { return receiver.get_available_packet_count() == 2; }));
}

TEST_P(ClaimsTest, ApiABroadcastAddressIsRefusedBeforeItIsEnabled) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.set_dest_address("127.255.255.255", 9), Error::OK);
  EXPECT_EQ(peer.put_packet(kByte), Error::FAILED);
  peer.set_broadcast_enabled(true);
  EXPECT_EQ(peer.put_packet(kByte), Error::OK);
}

TEST_P(ClaimsTest, ApiAConnectedPeerKeepsItsDestination) {
  PacketPeerUDP receiver(engine_);
  ASSERT_EQ(receiver.bind(0, kHost), Error::OK);
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.connect_to_host(kHost, receiver.get_local_port()), Error::OK);
  EXPECT_EQ(peer.set_dest_address("192.0.2.1", 9), Error::OK);
  EXPECT_EQ(peer.put_packet(kByte), Error::OK);
  EXPECT_TRUE(eventually([&] { return receiver.get_available_packet_count() == 1; }));
}

TEST_P(ClaimsTest, ApiThePathMtuIsAPayload) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.set_dest_address(kHost, 9), Error::OK);
  EXPECT_GT(peer.get_path_mtu(), 1000);
}

TEST_P(ClaimsTest, ApiThereIsNoPollDescriptorWithoutThreads) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, kHost), Error::OK);
  EXPECT_EQ(peer.get_poll_descriptor() == -1, engine_->workers() == 0);
}

TEST_P(ClaimsTest, ApiOptionsThatWereSetGoForABindThatIsGivenNone) {
  PacketPeerUDP peer(engine_);
  SocketOptions options;
  options.interface = "no-such-one";
  ASSERT_EQ(peer.set_socket_options(options), Error::OK);
  EXPECT_EQ(peer.bind(0, kHost), Error::ERR_UNAVAILABLE);
  EXPECT_EQ(peer.bind(0, kHost, 65536, SocketOptions()), Error::OK);
}

TEST_P(ClaimsTest, ApiACodePointIsAtMost63) {
  SocketOptions options;
  options.dscp = 64;
  EXPECT_EQ(PacketPeerUDP(engine_).bind(0, kHost, 65536, options), Error::ERR_UNAVAILABLE);
  options.dscp = 63;
  EXPECT_EQ(PacketPeerUDP(engine_).bind(0, kHost, 65536, options), Error::OK);
}

TEST_P(ClaimsTest, ApiAPutThatIsTooLargeIsNotAmongThoseRequested) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.set_dest_address(kHost, 9), Error::OK);
  ASSERT_EQ(peer.put_packet(kByte), Error::OK);
  const auto before = engine_->counters()[Counter::kSendRequestedPackets];
  EXPECT_EQ(peer.put_packet(Bytes(70000, 1)), Error::FAILED);
  EXPECT_EQ(peer.put_var(std::string(70000, 'a')), Error::FAILED);
  EXPECT_EQ(engine_->counters()[Counter::kSendRequestedPackets], before);
}

// ---- docs/api.md, DrainBatch

TEST_P(ClaimsTest, ApiADrainSaysItsOwnSendersAndChangesNothingElse) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, kHost), Error::OK);
  test::Sender sender(port_of(peer));
  const auto before = Clock::now();
  deliver({&sender}, 3);
  {
    DrainBatch batch = peer.drain({.max_packets = 2});
    ReceivedPacket packet;
    ASSERT_TRUE(batch.next(&packet));
    EXPECT_EQ(packet.sender, sender.endpoint());
    EXPECT_EQ(packet.peer, nullptr);
    EXPECT_FALSE(packet.local.is_known());
    EXPECT_GE(packet.arrived, before - milliseconds(1));
    EXPECT_LE(packet.arrived, Clock::now());
    EXPECT_FALSE(peer.drain().next(&packet)) << "one batch at a time";
    ASSERT_TRUE(batch.next(&packet));
    EXPECT_FALSE(batch.next(&packet)) << "the budget is used up";
    EXPECT_EQ(batch.count(), 2u);
  }
  EXPECT_EQ(peer.get_packet_ip(), "");
  EXPECT_EQ(peer.get_packet_arrival(), Clock::time_point());
  EXPECT_EQ(peer.get_available_packet_count(), 1);
}

TEST_P(ClaimsTest, ApiAServersDrainSaysWhosePacketItIs) {
  UDPServer server(engine_);
  ASSERT_EQ(server.listen(0, kHost), Error::OK);
  test::Sender sender(port_of(server));
  deliver({&sender});
  ASSERT_TRUE(eventually([&] { return server.is_connection_available(); }));
  const auto peer = server.take_connection();
  int seen = 0;
  EXPECT_EQ(server.drain({},
                         [&](const ReceivedPacket& packet) {
                           EXPECT_EQ(packet.peer, peer.get());
                           ++seen;
                         }),
            1u);
  EXPECT_EQ(seen, 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, ClaimsTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer::docs
