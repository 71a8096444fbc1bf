// Which of this machine's addresses answers leave from, with reply_from_received_address.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using test::numbered_payload;

constexpr const char* kBroadcast = "127.255.255.255";
constexpr std::size_t kLarge = 40000;  // whose payload is copied

class ReplyAddressTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    std::string message;
    engine_ = Engine::create(GetParam().options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    client_ = test::open_receiver();
    client_.set_broadcast(true);
    options_.socket.reply_from_received_address = true;
  }

  void send(const char* to, int port, std::uint32_t number, std::size_t size = 8) {
    net::Endpoint endpoint{*net::IpAddress::parse(to)};
    endpoint.port = static_cast<std::uint16_t>(port);
    ASSERT_EQ(0, client_.send_to(numbered_payload(number, size),
                                 net::to_socket_address(endpoint, client_.family())));
  }

  // The next packet's sender, and its number. "" when none comes.
  std::string receive(std::uint32_t* number) {
    std::string from;
    EXPECT_TRUE(test::eventually([&] {
      std::uint8_t bytes[16];
      net::SocketAddress address;
      socklen_t size = net::kSocketAddressSize;
      const ssize_t length = ::recvfrom(client_.descriptor(), bytes, sizeof(bytes), MSG_DONTWAIT,
                                        &address.generic, &size);
      if (length < 0) return false;
      from = net::endpoint_from_socket_address(&address.generic).address.to_string();
      *number = test::number_of({bytes, static_cast<std::size_t>(length)});
      return true;
    }));
    return from;
  }
  void expect_answer(const std::string& from, std::uint32_t number) {
    std::uint32_t received = 0;
    EXPECT_EQ(from, receive(&received));
    EXPECT_EQ(number, received);
  }

  std::shared_ptr<Engine> engine_;
  net::Socket client_;
  ServerOptions options_;
};

INSTANTIATE_TEST_SUITE_P(Engines, ReplyAddressTest, test::every_engine(), test::engine_name);

// A client that writes to two addresses of a server from one socket is one peer.
TEST_P(ReplyAddressTest, EachPacketOfAServersPeerSaysItsOwn) {
  UDPServer server(engine_);
  for (const char* bound_to : {"*", "0.0.0.0"}) {
    ASSERT_EQ(Error::OK, server.listen(0, bound_to, options_));
    const int port = server.get_local_port();
    send("127.0.0.2", port, 0);
    ASSERT_TRUE(test::eventually([&] { return server.is_connection_available(); }));
    const auto peer = server.take_connection();
    ASSERT_NE(nullptr, peer);
    const char* const hosts[] = {"127.0.0.2", "127.0.0.3", "127.0.0.4"};
    for (std::uint32_t i = 1; i < 9; ++i) send(hosts[i % 3], port, i, i == 2 ? kLarge : 8);
    std::uint32_t i = 0;
    EXPECT_TRUE(test::eventually([&] {
      const auto look_at = [&](const ReceivedPacket& packet) {
        EXPECT_EQ(i, test::number_of(packet.payload));
        EXPECT_TRUE(test::is_numbered_payload(packet.payload, i));
        EXPECT_EQ(hosts[i % 3], packet.local.address.to_string());
        EXPECT_EQ(Error::OK, server.answer(packet, numbered_payload(i, 8)));
        expect_answer(hosts[i % 3], i);
        ++i;
      };
      DrainBudget few;
      few.max_packets = 3;
      ReceivedPacket one;
      if (server.get_packet(&one) == Error::OK) look_at(one);
      for (const ReceivedPacket& packet : server.drain(few)) look_at(packet);
      for (const ReceivedPacket& packet : peer->drain(few)) look_at(packet);
      return i == 9 || HasFailure();
    }));
    // What the peer sends leaves from where its first packet went.
    EXPECT_EQ(Error::OK, peer->put_packet(numbered_payload(100, 8)));
    expect_answer("127.0.0.2", 100);
    server.stop();
  }
}

// The address that a broadcast went to is nobody's to send from.
TEST_P(ReplyAddressTest, ABroadcastIsAnsweredByAServer) {
  for (const auto receive : {ServerReceive::kPerRemote, ServerReceive::kTogether}) {
    options_.receive = receive;
    UDPServer server(engine_);
    for (const char* bound_to : {"*", "0.0.0.0"}) {
      ASSERT_EQ(Error::OK, server.listen(0, bound_to, options_));
      send(kBroadcast, server.get_local_port(), 1);
      std::shared_ptr<PacketPeerUDP> peer;
      if (receive == ServerReceive::kPerRemote) {
        ASSERT_TRUE(test::eventually([&] { return server.is_connection_available(); }));
        peer = server.take_connection();
      }
      ReceivedPacket packet;
      ASSERT_TRUE(test::eventually([&] { return server.get_packet(&packet) == Error::OK; }));
      EXPECT_EQ(Error::OK, server.answer(packet, numbered_payload(2, 8)));
      expect_answer("127.0.0.1", 2);
      if (peer != nullptr) {
        EXPECT_EQ(Error::OK, peer->put_packet(numbered_payload(3, 8)));
        expect_answer("127.0.0.1", 3);
        EXPECT_EQ(Error::OK, server.put_packet_to_all(numbered_payload(4, 8)));
        expect_answer("127.0.0.1", 4);
      }
      server.stop();
    }
  }
}

TEST_P(ReplyAddressTest, ABroadcastIsAnsweredByAPeer) {
  for (const char* bound_to : {"*", "0.0.0.0"}) {
    PacketPeerUDP peer(engine_);
    ASSERT_EQ(Error::OK, peer.bind(0, bound_to, 65536, options_.socket));
    send(kBroadcast, peer.get_local_port(), 1);
    ASSERT_TRUE(test::eventually([&] { return peer.get_available_packet_count() > 0; }));
    EXPECT_EQ(numbered_payload(1, 8), peer.get_packet());
    ASSERT_EQ(Error::OK, peer.set_dest_address(peer.get_packet_ip(), peer.get_packet_port()));
    EXPECT_EQ(Error::OK, peer.put_packet(numbered_payload(2, 8)));
    expect_answer("127.0.0.1", 2);
  }
}

}  // namespace
}  // namespace ringpeer
