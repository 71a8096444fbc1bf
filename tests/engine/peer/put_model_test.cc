// Random puts of one thread through every way to put, with flush, close and a new beginning in
// between, against a model: what was answered with OK arrives once and in order, or is counted.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using test::numbered_payload;

constexpr const char* kHost = "127.0.0.1";
constexpr const char* kServerHost = "127.0.0.2";
constexpr std::size_t kReceivers = 5;
constexpr int kOperations = 3000;
constexpr std::uint32_t kSeeds = 4;

// A socket that hears, and what it is to hear.
struct Receiver {
  net::Socket socket = test::open_receiver();
  std::vector<std::uint32_t> expected;
  std::vector<std::uint32_t> received;
  int port() const { return test::port_of(socket); }
  net::Endpoint endpoint() const { return test::loopback_ipv4(test::port_of(socket)); }

  void take() {
    std::uint8_t bytes[4096];
    for (;;) {
      const ssize_t size = ::recv(socket.descriptor(), bytes, sizeof(bytes), MSG_DONTWAIT);
      if (size < 0) return;
      received.push_back(test::number_of({bytes, static_cast<std::size_t>(size)}));
    }
  }
};

class PutModelTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    std::string message;
    engine_ = Engine::create(GetParam().options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }

  void start(std::uint32_t seed) {
    random_.seed(seed);
    receivers_ = std::vector<Receiver>(kReceivers);
    next_ = 0;
  }
  std::uint32_t below(std::uint32_t limit) { return random_() % limit; }
  Receiver& any() { return receivers_[below(kReceivers)]; }

  // Small ones, and some that lie outside of chunks.
  std::span<const std::uint8_t> next_packet() {
    packet_ = numbered_payload(next_++, below(8) == 0 ? 3000 : 4 + below(60));
    return packet_;
  }
  void note(Error answer, Receiver& receiver) {
    if (answer == Error::OK) {
      receiver.expected.push_back(next_ - 1);
    } else {
      EXPECT_EQ(Error::ERR_BUSY, answer);
    }
  }

  void expect_all() {
    for (Receiver& receiver : receivers_) {
      EXPECT_TRUE(test::eventually([&] {
        receiver.take();
        return receiver.received.size() >= receiver.expected.size();
      })) << receiver.received.size()
          << " of " << receiver.expected.size();
      ASSERT_EQ(receiver.expected, receiver.received);
    }
    const CounterSnapshot counters = engine_->counters();
    EXPECT_EQ(0u, counters[Counter::kSendFailedClosed]);
    EXPECT_EQ(0u, counters[Counter::kSendFailedOther]);
    EXPECT_EQ(counters[Counter::kSendRequestedPackets],
              counters[Counter::kSentPackets] + counters[Counter::kSendFailedQueueFull]);
  }

  std::shared_ptr<Engine> engine_;
  std::minstd_rand random_;
  std::vector<Receiver> receivers_;
  std::vector<std::uint8_t> packet_;
  std::uint32_t next_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Engines, PutModelTest, test::every_engine(), test::engine_name);
// More workers than others have: the socket is chosen among as many.
INSTANTIATE_TEST_SUITE_P(Four, PutModelTest,
                         testing::Values(test::EngineKind{BackendKind::kIoUring, 4},
                                         test::EngineKind{BackendKind::kRecvmmsg, 4}),
                         test::engine_name);

TEST_P(PutModelTest, APeersPutsArriveInOrder) {
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    start(seed);
    PacketPeerUDP peer(engine_);
    Receiver* destination = nullptr;
    bool connected = false;
    bool open = false;
    const auto set_destination = [&](Receiver& receiver) {
      ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, receiver.port()));
      if (!connected) destination = &receiver;
    };
    set_destination(any());
    for (int i = 0; i < kOperations; ++i) {
      const std::uint32_t operation = below(100);
      if (operation < 50) {
        note(peer.put_packet(next_packet()), *destination);
        open = true;
      } else if (operation < 75 && open && !connected) {
        Receiver& receiver = any();
        note(peer.put_packet_to(receiver.endpoint(), next_packet()), receiver);
      } else if (operation < 92) {
        set_destination(any());
      } else if (operation < 96) {
        ASSERT_EQ(Error::OK, engine_->flush());
        expect_all();
      } else if (operation < 98) {
        peer.close();
        open = connected = false;
        expect_all();
      } else if (operation == 98) {
        ASSERT_EQ(open ? Error::ERR_ALREADY_IN_USE : Error::OK, peer.bind(0, kHost));
        open = true;
      } else {
        Receiver& receiver = any();
        ASSERT_EQ(Error::OK, peer.connect_to_host(kHost, receiver.port()));
        destination = &receiver;
        open = connected = true;
      }
      if (HasFatalFailure()) return;
    }
    peer.close();
    expect_all();
  }
}

// A server on several sockets: the same one for a destination, whoever puts.
class ServerPutModelTest : public PutModelTest {
 protected:
  struct Client {
    std::shared_ptr<PacketPeerUDP> peer;
    ReceivedPacket received;
  };

  // Clients write to the server, which takes them in.
  void meet(bool replies_from_received) {
    ServerOptions options;
    options.socket.reply_from_received_address = replies_from_received;
    ASSERT_EQ(Error::OK, server_->listen(0, "*", options));
    clients_.assign(kReceivers, {});
    net::Endpoint to{*net::IpAddress::parse(kServerHost)};
    to.port = static_cast<std::uint16_t>(server_->get_local_port());
    for (std::size_t i = 0; i < kReceivers; ++i) {
      ASSERT_EQ(0, receivers_[i].socket.send_to(
                       numbered_payload(0, 4),
                       net::to_socket_address(to, receivers_[i].socket.family())));
      ASSERT_TRUE(test::eventually([&] { return server_->is_connection_available(); }));
      clients_[i].peer = server_->take_connection();
      ASSERT_TRUE(test::eventually(
          [&] { return server_->get_packet(&clients_[i].received) == Error::OK; }));
      ASSERT_EQ(receivers_[i].port(), clients_[i].received.sender.port);
    }
  }

  void put() {
    const std::uint32_t index = below(kReceivers);
    Client& client = clients_[index];
    Receiver& receiver = receivers_[index];
    switch (below(4)) {
      case 0:
        return note(client.peer->put_packet(next_packet()), receiver);
      case 1:
        return note(server_->answer(client.received, next_packet()), receiver);
      case 2:
        return note(server_->put_packet_to(receiver.endpoint(), next_packet()), receiver);
      default:
        ASSERT_EQ(Error::OK, server_->put_packet_to_all(next_packet(), client.peer.get()));
        for (Receiver& other : receivers_) {
          if (&other != &receiver) other.expected.push_back(next_ - 1);
        }
    }
  }

  std::unique_ptr<UDPServer> server_;
  std::vector<Client> clients_;
};

INSTANTIATE_TEST_SUITE_P(Engines, ServerPutModelTest, test::every_engine(), test::engine_name);
INSTANTIATE_TEST_SUITE_P(Four, ServerPutModelTest,
                         testing::Values(test::EngineKind{BackendKind::kIoUring, 4},
                                         test::EngineKind{BackendKind::kRecvmmsg, 4}),
                         test::engine_name);

TEST_P(ServerPutModelTest, PutsArriveInOrderWhateverTheyGoThrough) {
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    start(seed);
    const bool replies_from_received = seed % 2 == 0;
    server_ = std::make_unique<UDPServer>(engine_);
    meet(replies_from_received);
    for (int i = 0; i < kOperations && !HasFatalFailure(); ++i) {
      const std::uint32_t operation = below(1000);
      if (operation < 980) {
        put();
      } else if (operation < 995) {
        ASSERT_EQ(Error::OK, engine_->flush());
        expect_all();
      } else {
        server_->stop();
        expect_all();
        if (!HasFatalFailure()) meet(replies_from_received);
      }
    }
    server_->stop();
    if (!HasFatalFailure()) expect_all();
  }
}

// The close that it ends with sends what was put, as any other does.
TEST_P(PutModelTest, WhatWasPutBeforeAFailedConnectIsSent) {
  constexpr std::uint64_t kPackets = 20000;  // more than a worker sends at a time
  start(0);
  const std::vector<std::uint8_t> packet(20, 1);
  std::uint64_t put = 0;
  for (int i = 0; i < 3; ++i) {
    PacketPeerUDP peer(engine_);
    ASSERT_EQ(peer.bind(0, kHost), Error::OK);
    for (std::uint64_t n = 0; n < kPackets; ++n) {
      if (peer.put_packet_to(receivers_[0].endpoint(), packet) == Error::OK) ++put;
    }
    EXPECT_EQ(peer.connect_to_host("::1", receivers_[0].port()), Error::FAILED);
    EXPECT_FALSE(peer.is_bound());
  }
  const CounterSnapshot counters = engine_->counters();
  EXPECT_EQ(counters[Counter::kSendFailedOther], 0u) << "sent through another socket, or none";
  EXPECT_EQ(counters[Counter::kSentPackets] + counters[Counter::kSendFailedClosed], put);
}

// What does not pass the checks of a put is none, whichever way it is put.
TEST_P(PutModelTest, WhatIsRefusedByTheChecksIsNotRequested) {
  const Receiver receiver;
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(Error::OK, peer.bind(0, kHost));
  ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, receiver.port()));
  const std::vector<std::uint8_t> too_large(70000);
  EXPECT_EQ(Error::FAILED, peer.put_packet(too_large));
  EXPECT_EQ(Error::FAILED, peer.put_packet_to(receiver.endpoint(), too_large));
  EXPECT_NE(Error::OK, peer.put_var(Variant(std::string(70000, 'x'))));
  EXPECT_EQ(Error::OK, peer.put_packet({}));
  ASSERT_EQ(Error::OK, engine_->flush());
  const CounterSnapshot counters = engine_->counters();
  EXPECT_EQ(0u, counters[Counter::kSendRequestedPackets]);
  EXPECT_EQ(0u, counters[Counter::kSendFailedOther]);
}

}  // namespace
}  // namespace ringpeer
