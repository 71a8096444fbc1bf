// Claims of comments in public headers, executed: each test is named after the header and the
// claim. Numbers and names in comments are header_comments_test's.

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/packet_peer_stream.h"
#include "ringpeer/stream_peer_buffer.h"
#include "ringpeer/stream_peer_tcp.h"
#include "ringpeer/tests/docs/claims.h"

namespace ringpeer::docs {
namespace {

using std::chrono::milliseconds;
using test::eventually;

using HeaderClaimsTest = ClaimsTest;

// ---- engine.h

TEST_P(HeaderClaimsTest, EngineTellsTheLogWhichBackendWasChosen) {
  std::mutex mutex;
  std::string said;
  EngineOptions options = GetParam().options();
  options.log = [&](std::string_view message) {
    const std::lock_guard lock(mutex);
    said += message;
  };
  const EnginePointer engine = Engine::create(options);
  ASSERT_NE(engine, nullptr);
  const std::lock_guard lock(mutex);
  EXPECT_NE(said.find(engine->backend_name()), std::string::npos) << said;
  EXPECT_NE(said.find(engine->backend_reason()), std::string::npos) << said;
}

TEST_P(HeaderClaimsTest, EngineDropsWhatALogThrows) {
  EngineOptions options = GetParam().options();
  options.log = [](std::string_view) { throw std::runtime_error("no log"); };
  const EnginePointer engine = Engine::create(options);
  ASSERT_NE(engine, nullptr);
  EXPECT_TRUE(engine->is_running());
}

TEST_P(HeaderClaimsTest, EngineDropsAndCountsWhatIsLargerThanMaxDatagram) {
  EngineOptions options = GetParam().options();
  options.max_datagram = 100;
  const EnginePointer engine = Engine::create(options);
  ASSERT_NE(engine, nullptr);
  PacketPeerUDP peer(engine);
  ASSERT_EQ(peer.bind(0, kHost), Error::OK);
  const test::Sender sender(port_of(peer));
  EXPECT_TRUE(sender.send(Bytes(101, 1)));
  EXPECT_TRUE(sender.send(Bytes(100, 2)));
  EXPECT_EQ(engine->sync(), Error::OK);
  EXPECT_EQ(peer.get_packet(), Bytes(100, 2));
  EXPECT_EQ(engine->counters()[Counter::kDropTruncated], 1u);
}

// ---- packet_peer.h

TEST_P(HeaderClaimsTest, PacketPeerEndsTheViewBeforeOnAnError) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, kHost), Error::OK);
  test::Sender sender(port_of(peer));
  deliver({&sender});
  std::span<const std::uint8_t> packet;
  ASSERT_EQ(peer.get_packet(&packet), Error::OK);
  EXPECT_EQ(packet.size(), 1u);
  EXPECT_NE(peer.get_packet(&packet), Error::OK);
  EXPECT_TRUE(packet.empty());
}

// ---- packet_peer_udp.h

TEST_P(HeaderClaimsTest, PacketPeerUdpResolvesTheNameOfADestination) {
  PacketPeerUDP receiver(engine_);
  ASSERT_EQ(receiver.bind(0), Error::OK);  // of either family
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.set_dest_address("localhost", receiver.get_local_port()), Error::OK);
  EXPECT_EQ(peer.put_packet(kByte), Error::OK);
  EXPECT_TRUE(eventually([&] { return receiver.get_available_packet_count() == 1; }));
}

TEST_P(HeaderClaimsTest, PacketPeerUdpSaysTwiceTheBufferThatWasAskedFor) {
  SocketOptions options;
  options.receive_buffer = 65536;
  options.send_buffer = 32768;
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, kHost, 65536, options), Error::OK);
  EXPECT_EQ(peer.get_socket_receive_buffer(), 2 * options.receive_buffer);
  EXPECT_EQ(peer.get_socket_send_buffer(), 2 * options.send_buffer);
}

bool is_readable(int descriptor) {
  pollfd look{descriptor, POLLIN, 0};
  return ::poll(&look, 1, 0) == 1;
}

TEST_P(HeaderClaimsTest, PacketPeerUdpsDescriptorIsReadableUntilACallFindsNone) {
  if (GetParam().workers == 0) GTEST_SKIP() << "there is none without threads";
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, kHost), Error::OK);
  const int descriptor = peer.get_poll_descriptor();
  EXPECT_EQ(peer.get_available_packet_count(), 0);
  EXPECT_FALSE(is_readable(descriptor));
  test::Sender sender(port_of(peer));
  deliver({&sender});
  EXPECT_TRUE(eventually([&] { return is_readable(descriptor); }));
  peer.get_packet();
  EXPECT_EQ(peer.get_available_packet_count(), 0);
  EXPECT_FALSE(is_readable(descriptor));
  peer.wake();
  EXPECT_TRUE(is_readable(descriptor));
  EXPECT_EQ(peer.get_available_packet_count(), 0);
  EXPECT_FALSE(is_readable(descriptor));
}

// ---- udp_server.h

TEST_P(HeaderClaimsTest, UdpServersNextDisconnectedNamesAPeerOnce) {
  Accepted accepted(engine_);
  accepted.server.set_idle_timeout(milliseconds(10));
  EXPECT_TRUE(
      eventually([&] { return accepted.server.next_disconnected() == accepted.peer.get(); }));
  EXPECT_EQ(accepted.server.next_disconnected(), nullptr);
  EXPECT_TRUE(accepted.peer->is_idle() && accepted.peer->is_disconnected());
}

TEST_P(HeaderClaimsTest, UdpServerPutsToAllButOne) {
  UDPServer server(engine_);
  ASSERT_EQ(server.listen(0, kHost), Error::OK);
  PacketPeerUDP clients[] = {PacketPeerUDP(engine_), PacketPeerUDP(engine_)};
  std::vector<std::shared_ptr<PacketPeerUDP>> peers;
  for (PacketPeerUDP& client : clients) {
    ASSERT_EQ(client.connect_to_host(kHost, server.get_local_port()), Error::OK);
    ASSERT_EQ(client.put_packet(kByte), Error::OK);
    ASSERT_TRUE(eventually([&] { return server.is_connection_available(); }));
    peers.push_back(server.take_connection());
  }
  EXPECT_EQ(server.put_packet_to_all(kByte, peers[0].get()), Error::OK);
  EXPECT_EQ(server.put_var_to_all(1, false, peers[0].get()), Error::OK);
  EXPECT_TRUE(eventually([&] { return clients[1].get_available_packet_count() == 2; }));
  EXPECT_EQ(engine_->sync(), Error::OK);
  EXPECT_EQ(clients[0].get_available_packet_count(), 0);
}

// "one of each in turn", "Where the last call stopped, the next goes on"
TEST_P(HeaderClaimsTest, UdpServersDrainTakesOneOfEachInTurn) {
  UDPServer server(engine_);
  ASSERT_EQ(server.listen(0, kHost), Error::OK);
  test::Sender first(port_of(server));
  test::Sender second(port_of(server));
  std::vector<std::shared_ptr<PacketPeerUDP>> peers;
  for (test::Sender* sender : {&first, &second}) {
    deliver({sender}, 2);
    ASSERT_TRUE(eventually([&] { return server.is_connection_available(); }));
    peers.push_back(server.take_connection());
  }
  std::vector<net::Endpoint> senders;
  for (int i = 0; i < 4; ++i) {
    for (const ReceivedPacket& packet : server.drain({.max_packets = 1})) {
      senders.push_back(packet.sender);
    }
  }
  ASSERT_EQ(senders.size(), 4u);
  EXPECT_NE(senders[0], senders[1]);
  EXPECT_EQ(senders[0], senders[2]);
  EXPECT_EQ(senders[1], senders[3]);
}

TEST_P(HeaderClaimsTest, UdpServerGivesAPacketThatStaysUntilTheNext) {
  Accepted accepted(engine_);
  ASSERT_EQ(accepted.client.put_packet(kByte), Error::OK);
  ReceivedPacket packet;
  ASSERT_TRUE(eventually([&] { return accepted.server.get_packet(&packet) == Error::OK; }));
  accepted.peer->close();
  EXPECT_TRUE(std::ranges::equal(packet.payload, kByte));
  EXPECT_EQ(packet.sender.port, port_of(accepted.client));
}

// ---- drain_batch.h

TEST_P(HeaderClaimsTest, DrainBatchLooksAtItsTimeBeforeEachPacket) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, kHost), Error::OK);
  test::Sender sender(port_of(peer));
  deliver({&sender}, 5);
  int taken = 0;
  DrainBudget budget;
  budget.max_time = std::chrono::seconds(1);
  for ([[maybe_unused]] const ReceivedPacket& packet : peer.drain(budget)) {
    if (++taken == 2) std::this_thread::sleep_for(budget.max_time);
  }
  EXPECT_EQ(taken, 2);
  EXPECT_EQ(peer.get_available_packet_count(), 3);
}

// ---- socket_options.h

TEST_P(HeaderClaimsTest, SocketOptionsShareAPortWithOthersThatAskForIt) {
  SocketOptions options;
  options.share_port = true;
  PacketPeerUDP first(engine_);
  ASSERT_EQ(first.bind(0, kHost, 65536, options), Error::OK);
  PacketPeerUDP second(engine_);
  EXPECT_EQ(second.bind(first.get_local_port(), kHost), Error::ERR_UNAVAILABLE);
  EXPECT_EQ(second.bind(first.get_local_port(), kHost, 65536, options), Error::OK);
}

INSTANTIATE_TEST_SUITE_P(Engines, HeaderClaimsTest, test::every_engine(), test::engine_name);

// ---- packet_peer_stream.h, stream_peer_tcp.h

TEST(StreamHeaderClaimsTest, PacketPeerStreamKeepsItsInputSizeWhilePacketsWait) {
  PacketPeerStream peer(std::make_shared<StreamPeerBuffer>(Bytes{1, 0, 0, 0, 7}));
  EXPECT_EQ(peer.get_available_packet_count(), 1);
  peer.set_input_buffer_max_size(1000);
  EXPECT_EQ(peer.get_input_buffer_max_size(), 65532);
  EXPECT_EQ(peer.get_packet(), kByte);
  peer.set_input_buffer_max_size(1000);
  EXPECT_EQ(peer.get_input_buffer_max_size(), 1020);
}

TEST(StreamHeaderClaimsTest, PacketPeerStreamDiscardsWhatIsBufferedOfAnotherStream) {
  PacketPeerStream peer(std::make_shared<StreamPeerBuffer>(Bytes{1, 0, 0, 0, 7}));
  EXPECT_EQ(peer.get_available_packet_count(), 1);
  peer.set_stream_peer(std::make_shared<StreamPeerBuffer>());
  EXPECT_EQ(peer.get_available_packet_count(), 0);
}

TEST(StreamHeaderClaimsTest, StreamPeerTcpTellsThatThereIsNoConnection) {
  StreamPeerTCP stream;
  EXPECT_EQ(stream.get_status(), StreamPeerTCP::STATUS_NONE);
  EXPECT_EQ(stream.get_connected_host(), "");
  EXPECT_EQ(stream.get_connected_port(), 0);
  EXPECT_EQ(stream.get_local_port(), 0);
  EXPECT_EQ(stream.connect_to_host("localhost", 9), Error::ERR_INVALID_PARAMETER);
  EXPECT_EQ(stream.connect_to_host(kHost, 65536), Error::ERR_INVALID_PARAMETER);
  EXPECT_EQ(stream.adopt_descriptor(-1), Error::ERR_INVALID_PARAMETER);
  std::size_t moved = 7;
  EXPECT_EQ(stream.put_partial_data(kByte, &moved), Error::ERR_UNCONFIGURED);
}

// ---- codec

TEST(CodecHeaderClaimsTest, VariantHas39TypesAndAStringOf15BytesInside) {
  EXPECT_EQ(kVariantTypeCount, 39u);
  static_assert(sizeof(String) == 16);
}

TEST(CodecHeaderClaimsTest, VariantsNestedTooDeeplyAreNeverEqual) {
  const Variant deep = nested(static_cast<int>(kMaximumDepth) + 1);
  EXPECT_FALSE(deep == deep);
  const Variant shallow = nested(20);
  EXPECT_EQ(shallow, Variant(shallow));
}

TEST(CodecHeaderClaimsTest, DecodeLimitsTakeADeeperDepthAsGodots) {
  DecodeOptions options;
  options.limits.depth = 100'000;
  const Bytes level = {28, 0, 0, 0, 1, 0, 0, 0};  // an array of one
  Bytes bytes;
  for (std::size_t i = 0; i < kMaximumDepth + 1; ++i) {
    bytes.insert(bytes.end(), level.begin(), level.end());
  }
  bytes.insert(bytes.end(), 4, 0);
  Variant value;
  EXPECT_EQ(decode_variant(bytes, &value, nullptr, options), Error::ERR_OUT_OF_MEMORY);
}

TEST(CodecHeaderClaimsTest, DecodeOptionsRefuseOtherClasses) {
  const Bytes bytes = encoded(Object(String("Node")), true);
  const std::string_view allowed[] = {"Resource"};
  DecodeOptions options;
  options.allow_objects = true;
  Variant value;
  EXPECT_EQ(decode_variant(bytes, &value, nullptr, options), Error::OK);
  options.allowed_classes = allowed;
  EXPECT_EQ(decode_variant(bytes, &value, nullptr, options), Error::ERR_INVALID_DATA);
}

// "What Godot's text cannot express is lost": the order of a Dictionary, the sign of zero.
TEST(CodecHeaderClaimsTest, TextLosesWhatGodotsLoses) {
  const std::string text = var_to_str(Dictionary{{"b", 1}, {"a", 2}});
  EXPECT_LT(text.find("\"a\""), text.find("\"b\""));
  EXPECT_EQ(var_to_str(-0.0), "0.0");
}

TEST(CodecHeaderClaimsTest, NodePathThatGodotRefusesIsEmpty) {
  EXPECT_EQ(NodePath("a::b"), NodePath());
  EXPECT_EQ(NodePath("/root/Main:position:x").str(), "/root/Main:position:x");
}

TEST(CodecHeaderClaimsTest, DictionaryKeepsTheOrderOfTheOthersAndThePlaceOfAKey) {
  Dictionary dictionary = {{"a", 1}, {"b", 2}, {"c", 3}};
  EXPECT_TRUE(dictionary.erase("b"));
  dictionary.set("a", 4);
  std::string order;
  for (const auto& entry : dictionary) order += std::string(entry.key.as_text());
  EXPECT_EQ(order, "ac");
}

TEST(CodecHeaderClaimsTest, CompactVectorTakesAPartOfItself) {
  PackedStringArray texts;
  texts.push_back(String("a text that is not held inside"));
  for (int i = 0; i < 100; ++i) texts.push_back(texts[0]);
  EXPECT_EQ(texts[100], texts[0]);
}

TEST(CodecHeaderClaimsTest, PacketViewHasConsumedNothingAfterAnError) {
  PacketView packet;
  ASSERT_EQ(packet.parse(encoded(7)), Error::OK);
  EXPECT_EQ(packet.consumed(), 8u);
  EXPECT_NE(packet.parse(Bytes{0xff, 0, 0, 0}), Error::OK);
  EXPECT_EQ(packet.consumed(), 0u);
  EXPECT_FALSE(packet["a"].exists());
}

}  // namespace
}  // namespace ringpeer::docs
