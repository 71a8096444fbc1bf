// Claims of the pages and of the comments of public headers, executed: each test is named after
// the page and the claim. Claims that other tests execute are not repeated here.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "ringpeer/codec/arena_decode.h"
#include "ringpeer/codec/decode.h"
#include "ringpeer/codec/encode.h"
#include "ringpeer/codec/packet_view.h"
#include "ringpeer/codec/text.h"
#include "ringpeer/inherited_sockets.h"
#include "ringpeer/packet_peer_stream.h"
#include "ringpeer/stream_peer_buffer.h"
#include "ringpeer/test/backends.h"
#include "ringpeer/test/loopback.h"
#include "ringpeer/udp_server.h"
#include "tests/docs/header_scanner.h"
#include "tests/docs/page.h"

namespace ringpeer::docs {
namespace {

using std::chrono::milliseconds;
using test::eventually;
using Bytes = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

constexpr const char* kHost = "127.0.0.1";
const Bytes kByte = {7};

class ClaimsTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    std::string message;
    engine_ = Engine::create(GetParam().options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }

  // A client's packets are in the queues.
  void deliver(const std::vector<test::Sender*>& senders, int each = 1) {
    for (test::Sender* sender : senders) {
      for (int i = 0; i < each; ++i) ASSERT_TRUE(sender->send(kByte));
    }
    ASSERT_EQ(engine_->sync(), Error::OK);
  }
  static std::uint16_t port_of(const UDPServer& server) {
    return static_cast<std::uint16_t>(server.get_local_port());
  }
  static std::uint16_t port_of(const PacketPeerUDP& peer) {
    return static_cast<std::uint16_t>(peer.get_local_port());
  }

  std::shared_ptr<Engine> engine_;
};

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
  server.poll();
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

// ---- docs/api.md, Engine

TEST_P(ClaimsTest, ApiAnEngineThatIsStoppedSaysSoAndItsPortsAreFree) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, kHost), Error::OK);
  const int port = peer.get_local_port();
  EXPECT_TRUE(engine_->is_running());
  engine_->stop();
  engine_->stop();
  EXPECT_FALSE(engine_->is_running());
  EXPECT_EQ(peer.get_available_packet_count(), -1);
  EXPECT_EQ(peer.put_packet_to(kHost, 9, kByte), Error::FAILED);
  peer.close();
  EXPECT_EQ(PacketPeerUDP(Engine::create({})).bind(port, kHost), Error::OK);
}

TEST_P(ClaimsTest, ApiAnEngineSaysWhatItIs) {
  EXPECT_EQ(engine_->workers(), GetParam().workers);
  EXPECT_EQ(engine_->options().workers, GetParam().workers);
  EXPECT_EQ(engine_->backend(), GetParam().backend);
  EXPECT_EQ(engine_->backend_name(),
            GetParam().backend == BackendKind::kIoUring ? "io_uring" : "recvmmsg");
  EXPECT_FALSE(engine_->backend_reason().empty());
}

TEST_P(ClaimsTest, ApiTheSumsOfTheCountersHold) {
  {
    PacketPeerUDP peer(engine_);
    ASSERT_EQ(peer.bind(0, kHost, 64), Error::OK);  // room for five
    test::Sender sender(port_of(peer));
    deliver({&sender}, 20);
    peer.get_packet();
    PacketPeerUDP putting(engine_);
    ASSERT_EQ(putting.set_dest_address(kHost, peer.get_local_port()), Error::OK);
    for (int i = 0; i < 20; ++i) putting.put_packet(kByte);
    ASSERT_EQ(engine_->flush(), Error::OK);
  }
  engine_->stop();
  const CounterSnapshot counters = engine_->counters();
  EXPECT_GT(counters.dropped_packets(), 0u);
  EXPECT_EQ(counters[Counter::kReceivedPackets],
            counters[Counter::kDeliveredPackets] + counters.dropped_packets());
  EXPECT_EQ(counters[Counter::kSendRequestedPackets],
            counters[Counter::kSentPackets] + counters[Counter::kSendFailedQueueFull] +
                counters[Counter::kSendFailedRefused] + counters[Counter::kSendFailedOther] +
                counters[Counter::kSendFailedClosed]);
}

INSTANTIATE_TEST_SUITE_P(Engines, ClaimsTest, test::every_engine(), test::engine_name);

TEST(EngineClaimsTest, ApiTheSharedEngineIsGoneWithItsLastPeer) {
  std::weak_ptr<Engine> shared;
  {
    PacketPeerUDP peer;
    ASSERT_EQ(peer.bind(0, kHost), Error::OK);
    shared = Engine::shared();
    EXPECT_EQ(shared.lock(), Engine::shared());
  }
  EXPECT_TRUE(shared.expired());
}

TEST(InheritedSocketsClaimsTest, ApiThereAreNoneOfAProcessThatWasStartedInAnotherWay) {
  ::unsetenv("LISTEN_PID");
  EXPECT_TRUE(inherited_sockets().empty());
}

// ---- docs/api.md, PacketPeerStream

TEST(StreamClaimsTest, ApiBufferSizes) {
  PacketPeerStream peer;
  EXPECT_EQ(peer.get_input_buffer_max_size(), 65532);
  EXPECT_EQ(peer.get_output_buffer_max_size(), 65532);
  EXPECT_EQ(peer.get_max_packet_size(), 65532);
  peer.set_output_buffer_max_size(1000);
  EXPECT_EQ(peer.get_output_buffer_max_size(), 1020);
  for (const int ignored : {-1, (256 << 20) + 1}) {
    peer.set_output_buffer_max_size(ignored);
    EXPECT_EQ(peer.get_output_buffer_max_size(), 1020) << ignored;
  }
  EXPECT_EQ(peer.get_pending_output(), 0u);
}

TEST(StreamClaimsTest, ApiABufferHasOnePosition) {
  StreamPeerBuffer buffer;
  std::size_t written = 0;
  ASSERT_EQ(buffer.put_partial_data(Bytes{1, 2, 3}, &written), Error::OK);
  EXPECT_EQ(written, 3u);
  EXPECT_EQ(buffer.get_position(), 3u);
  EXPECT_EQ(buffer.seek(4), Error::ERR_INVALID_PARAMETER);
  EXPECT_EQ(buffer.seek(3), Error::OK);
  Bytes room(2);
  std::size_t received = 9;
  EXPECT_EQ(buffer.get_partial_data(room, &received), Error::OK);
  EXPECT_EQ(received, 0u);
  buffer.set_data_array({9});
  EXPECT_EQ(buffer.get_position(), 0u);
  EXPECT_EQ(buffer.get_available_bytes(), 1u);
  buffer.clear();
  EXPECT_EQ(buffer.get_size(), 0u);
}

// ---- docs/api.md, Variant

TEST(VariantClaimsTest, ApiLooseReading) {
  static_assert(sizeof(Variant) == 24);
  EXPECT_EQ(Variant(std::nan("")).as_int(5), 0);
  EXPECT_EQ(Variant(1e300).as_int(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(Variant(true).as_float(), 1.0);
  EXPECT_EQ(Variant("7").as_int(5), 5);
  EXPECT_EQ(Variant(StringName("a")).as_text(), "a");
  EXPECT_EQ(Variant(1).as_text("no"), "no");
  EXPECT_EQ(Variant(1).get_if<double>(), nullptr);
  EXPECT_EQ(Variant("x").get<Vector2>(), Vector2());
  EXPECT_EQ(Variant(2).get_or<std::int64_t>(3), 2);
}

TEST(VariantClaimsTest, ApiWhatIsMissingIsNilAndIsNotAdded) {
  const Variant value = Dictionary{{"a", Array{1}}};
  EXPECT_TRUE(value["b"]["c"].is_nil());
  EXPECT_TRUE(value["a"].at(1).is_nil());
  EXPECT_EQ(value["a"].at(0), Variant(1));
  EXPECT_EQ(value.size(), 1u);
  EXPECT_EQ(Variant(3).size(), 0u);
}

TEST(VariantClaimsTest, ApiEquality) {
  EXPECT_EQ(Variant("a"), Variant(StringName("a")));
  EXPECT_EQ(Variant(std::nan("")), Variant(std::nan("")));
  EXPECT_FALSE(Variant(1) == Variant(1.0));
  EXPECT_EQ(Variant(Dictionary{{"a", 1}, {"b", 2}}), Variant(Dictionary{{"b", 2}, {"a", 1}}));
}

TEST(VariantClaimsTest, ApiADictionaryKeepsOrderAndReferences) {
  Dictionary dictionary{{"z", 1}, {"a", 2}};
  EXPECT_EQ(dictionary.begin()->key, Variant("z"));
  Variant& kept = dictionary["z"];
  for (int i = 0; i < 100; ++i) dictionary[Variant(i)] = i;
  kept = 5;
  EXPECT_EQ(*dictionary.find("z"), Variant(5));
  EXPECT_EQ(dictionary.find("missing"), nullptr);
  EXPECT_TRUE(dictionary.contains(StringName("a")));
  EXPECT_FALSE(dictionary.erase("missing"));
}

TEST(VariantClaimsTest, ApiTypedContainersConvertOrRefuse) {
  Array ints(ContainerType::builtin(VariantType::INT));
  EXPECT_TRUE(ints.push_back(1.0));
  EXPECT_TRUE(ints[0].is_int());
  EXPECT_FALSE(ints.push_back("text"));
  ints.resize(2);
  EXPECT_EQ(ints[1], Variant(0));
  EXPECT_TRUE(ints.at_or_nil(2).is_nil());
}

TEST(VariantClaimsTest, ApiAStringIsStrictUtf8) {
  EXPECT_EQ(String("\xff").view(), "\xef\xbf\xbd");
  EXPECT_EQ(String(static_cast<const char*>(nullptr)).view(), "");
}

TEST(VariantClaimsTest, ApiObjectsAreNullIdsOrData) {
  EXPECT_TRUE(Object::from_id(0).is_null());
  EXPECT_TRUE(Object(String("")).is_null());
  EXPECT_EQ(Object::from_id(3).class_name(), "EncodedObjectAsID");
  EXPECT_TRUE(Object(String("Node")).is_full());
}

// ---- docs/api.md, Encoding and decoding, Views

Bytes encoded(const Variant& value) {
  std::size_t size = 0;
  EXPECT_EQ(encode_variant(value, {}, &size), Error::OK);
  Bytes bytes(size);
  EXPECT_EQ(encode_variant(value, bytes, &size), Error::OK);
  EXPECT_EQ(size, bytes.size()) << "the size of the whole, whatever the destination's";
  return bytes;
}

TEST(CodecClaimsTest, ApiBytesBehindAValueAreIgnored) {
  Bytes bytes = encoded(7);
  const std::size_t size = bytes.size();
  bytes.push_back(0xff);
  Variant value;
  std::size_t consumed = 0;
  EXPECT_EQ(decode_variant(bytes, &value, &consumed), Error::OK);
  EXPECT_EQ(value, Variant(7));
  EXPECT_EQ(consumed, size);
  EXPECT_EQ(decode_variant({}, &value, &consumed), Error::ERR_INVALID_DATA);
  EXPECT_TRUE(value.is_nil());
  EXPECT_EQ(consumed, 0u);
}

TEST(CodecClaimsTest, ApiACopyOutlivesAnArena) {
  VariantArena arena;
  EXPECT_EQ(arena.capacity(), 0u);
  const Variant* value = nullptr;
  const Bytes bytes = encoded(Dictionary{{"name", "a text that is not held inside"}});
  ASSERT_EQ(arena.decode(bytes, &value, nullptr), Error::OK);
  const Variant copy = *value;
  arena.reset();
  EXPECT_GT(arena.capacity(), 0u);
  EXPECT_EQ(copy["name"].as_text(), "a text that is not held inside");
  EXPECT_NE(arena.decode({}, &value, nullptr), Error::OK);
  EXPECT_EQ(value, nullptr);
}

TEST(CodecClaimsTest, ApiTextIsGodots) {
  Variant value;
  EXPECT_EQ(str_to_var("[1, 2] and more", &value), Error::OK);
  EXPECT_EQ(value, Variant(Array{1, 2}));
  Variant deep = Array();
  for (int i = 0; i < 200; ++i) {
    Array outer;
    outer.push_back(deep);
    deep = outer;
  }
  const std::string text = var_to_str(deep);
  EXPECT_LE(static_cast<std::size_t>(std::ranges::count(text, '[')), kTextDepth + 2);
  EXPECT_GE(static_cast<std::size_t>(std::ranges::count(text, '[')), kTextDepth);
  EXPECT_EQ(str_to_var(R"("\a")", &value), Error::OK);
  EXPECT_EQ(value.as_text(), "\a");
  EXPECT_EQ(str_to_var(R"("\a")", &value, nullptr, {.read_control_escapes = false}), Error::OK);
  EXPECT_EQ(value.as_text(), "a");
}

TEST(CodecClaimsTest, ApiAReadOfAnotherTypeChangesNothing) {
  const Bytes bytes = encoded(Dictionary{{"n", 1}, {"list", Array{1, 2}}});
  PacketView packet;
  ASSERT_EQ(packet.parse(bytes), Error::OK);
  std::string_view text = "before";
  EXPECT_FALSE(packet["n"].read(&text));
  EXPECT_EQ(text, "before");
  EXPECT_FALSE(packet["missing"].exists());
  EXPECT_EQ(packet["missing"].type(), VariantType::NIL);
  EXPECT_EQ(packet["n"].value_or<std::int64_t>(5), 1);
  ArrayView list;
  ASSERT_TRUE(packet["list"].read(&list));
  EXPECT_FALSE(list[2].exists());
  EXPECT_EQ(packet.consumed(), bytes.size());
}

TEST(ErrorClaimsTest, ApiErrorsHaveNamesAndNumbers) {
  EXPECT_EQ(error_name(Error::ERR_BUSY), "ERR_BUSY");
  EXPECT_EQ(error_name(static_cast<Error>(1000)), "ERR_UNKNOWN");
  // The numbers of the page's table.
  for (const Table& table : tables_of(read_page("docs/api.md"))) {
    if (table.head.cells[0] != "`Error`") continue;
    for (const Row& row : table.rows) {
      if (std::isdigit(static_cast<unsigned char>(row.cells[1][0])) == 0) continue;
      EXPECT_EQ("`" + std::string(error_name(static_cast<Error>(std::stoi(row.cells[1])))) + "`",
                row.cells[0]);
    }
  }
}

// ---- Comments of public headers

// The whole number that a private constant of a file has.
std::int64_t constant_of(const std::string& path, const std::string& name) {
  const std::string text = read_page(path);
  std::size_t at = std::min(text.find(" " + name + "{"), text.find(" " + name + " ="));
  EXPECT_NE(at, std::string::npos) << name;
  at += name.size() + 1;
  std::string value = text.substr(at, text.find(';', at) - at);
  if (const std::size_t equals = value.find('='); equals != std::string::npos) {
    value = value.substr(equals + 1);
  }
  return evaluate(value, {}).value_or(-1);
}

// As the comments write them: "524,288".
std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  for (int i = static_cast<int>(text.size()) - 3; i > 0; i -= 3) {
    text.insert(static_cast<std::size_t>(i), ",");
  }
  return text;
}

// The numbers from 10 on, and those with a unit, in the comments of a header.
std::multiset<std::string> numbers_in_comments(const std::string& header) {
  std::multiset<std::string> numbers;
  std::istringstream lines(header);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t comment = line.find("//");
    if (comment == std::string::npos) continue;
    for (std::size_t i = comment; i < line.size(); ++i) {
      const auto is_digit = [&](std::size_t at) {
        return at < line.size() && std::isdigit(static_cast<unsigned char>(line[at])) != 0;
      };
      const auto is_word = [&](std::size_t at) {
        return std::isalnum(static_cast<unsigned char>(line[at])) != 0 || line[at] == '_' ||
               line[at] == '.' || line[at] == ':';
      };
      if (!is_digit(i) || is_word(i - 1)) continue;
      std::size_t end = i;
      while (is_digit(end) || ((line[end] == ',' || line[end] == '.') && is_digit(end + 1))) ++end;
      std::string number = line.substr(i, end - i);
      for (const char* unit : {" ms", " us", " KiB", " MiB", " Hz"}) {
        if (line.compare(end, std::string_view(unit).size(), unit) == 0) number += unit;
      }
      if (number.size() > 1) numbers.insert(number);
      i = end;
    }
  }
  return numbers;
}

std::string unit(std::int64_t number, const char* name) { return with_commas(number) + name; }

// Every number that a comment of a public header states, and what the code has.
const std::vector<std::pair<std::string, std::multiset<std::string>>>& known_numbers() {
  static const std::string kWorker = "engine/worker/worker.h";
  static const auto stall = constant_of(kWorker, "kLongestStall");
  static const auto whole = constant_of(kWorker, "kLongestClose") + stall;
  static const std::vector<std::pair<std::string, std::multiset<std::string>>> all = {
      {"engine/peer/engine.h",
       {with_commas(kLargestDatagram), "1 ms", "5 MiB", "16", "6.12", "6.12", "92", "128",
        unit(whole, " ms"), unit(stall, " ms"), unit(stall, " ms")}},
      {"engine/peer/packet_peer.h",
       {std::to_string(PacketPeer::kEncodeBufferSmallestMaximum),
        unit(PacketPeer::kEncodeBufferLargestMaximum >> 20, " MiB"), "4.6", "4.6.3"}},
      {"engine/peer/packet_peer_udp.h",
       {"60 Hz", "700,000", "24", unit(whole, " ms"), unit(stall, " ms")}},
      {"engine/peer/udp_server.h", {}},
      {"engine/peer/socket_options.h", {"63", "46"}},
      {"engine/peer/drain_batch.h", {"2000"}},
      {"engine/peer/packet_peer_stream.h",
       {"32", "16", unit(PacketPeerStream::kLargestBufferSize >> 20, " MiB")}},
      {"engine/peer/stream_peer.h", {}},
      {"engine/peer/stream_peer_buffer.h", {}},
      {"engine/peer/stream_peer_tcp.h", {}},
      {"engine/peer/inherited_sockets.h", {}},
      {"engine/peer/packet_peer_extension.h", {}},
  };
  return all;
}

TEST(HeaderCommentsTest, StateTheNumbersThatTheCodeHas) {
  for (const auto& [path, numbers] : known_numbers()) {
    EXPECT_EQ(numbers_in_comments(read_page(path)), numbers) << path;
  }
}

TEST(HeaderCommentsTest, AWrongNumberIsHeardOf) {
  std::string header = read_page("engine/peer/packet_peer_udp.h");
  const std::size_t at = header.find("500 ms");
  ASSERT_NE(at, std::string::npos);
  header.replace(at, 6, "600 ms");
  for (const auto& [path, numbers] : known_numbers()) {
    if (path == "engine/peer/packet_peer_udp.h") {
      EXPECT_NE(numbers_in_comments(header), numbers);
    }
  }
}

}  // namespace
}  // namespace ringpeer::docs
