// A server read and written as a whole: drain, get_packet, broadcasts, waiting.

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{2000};

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string text_of(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

bool is_readable(int descriptor) {
  pollfd request{descriptor, POLLIN, 0};
  return ::poll(&request, 1, 0) == 1;
}

class ServerWholeTest : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.backend = GetParam();
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    server_ = std::make_unique<UDPServer>(engine_);
  }

  void listen(const ServerOptions& options = {}) {
    ASSERT_EQ(Error::OK, server_->listen(0, "127.0.0.1", options));
  }
  std::shared_ptr<PacketPeerUDP> connect() {
    auto client = std::make_shared<PacketPeerUDP>(engine_);
    EXPECT_EQ(Error::OK, client->connect_to_host("127.0.0.1", server_->get_local_port()));
    return client;
  }
  // Clients and the peers that the server has taken for them, in the same order.
  void connect_and_take(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      clients_.push_back(connect());
      ASSERT_EQ(Error::OK, clients_.back()->put_packet(bytes_of("hello")));
      ASSERT_EQ(Error::OK, engine_->sync());
      peers_.push_back(server_->take_connection());
      ASSERT_NE(nullptr, peers_.back());
      ASSERT_EQ("hello", text_of(peers_.back()->get_packet()));
    }
  }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  std::vector<std::shared_ptr<PacketPeerUDP>> clients_;
  std::vector<std::shared_ptr<PacketPeerUDP>> peers_;
};

TEST_P(ServerWholeTest, DrainTakesOneOfEachPeerInTurn) {
  listen();
  connect_and_take(3);
  // The first client floods before the others say a word.
  for (int i = 0; i < 20; ++i) ASSERT_EQ(Error::OK, clients_[0]->put_packet(bytes_of("flood")));
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(Error::OK, clients_[1]->put_packet(bytes_of("b")));
    ASSERT_EQ(Error::OK, clients_[2]->put_packet(bytes_of("c")));
  }
  ASSERT_EQ(Error::OK, engine_->sync());
  std::map<PacketPeerUDP*, int> first_six;
  for (const ReceivedPacket& packet : server_->drain({.max_packets = 6})) ++first_six[packet.peer];
  EXPECT_EQ(2, first_six[peers_[0].get()]);
  EXPECT_EQ(2, first_six[peers_[1].get()]);
  EXPECT_EQ(2, first_six[peers_[2].get()]);
  EXPECT_EQ(18u, server_->drain({}, [&](const ReceivedPacket& packet) {
    EXPECT_EQ(peers_[0].get(), packet.peer);
    EXPECT_EQ("flood", text_of(packet.payload));
    EXPECT_EQ(clients_[0]->get_local_port(), packet.sender.port);
  }));
}

TEST_P(ServerWholeTest, RotationGoesOnWhereTheLastDrainStopped) {
  listen();
  connect_and_take(4);
  for (auto& client : clients_) {
    for (int i = 0; i < 2; ++i) ASSERT_EQ(Error::OK, client->put_packet(bytes_of("x")));
  }
  ASSERT_EQ(Error::OK, engine_->sync());
  std::map<PacketPeerUDP*, int> seen;
  for (int i = 0; i < 4; ++i) {
    DrainBatch batch = server_->drain({.max_packets = 1});
    ReceivedPacket packet;
    ASSERT_TRUE(batch.next(&packet));
    ++seen[packet.peer];
    EXPECT_FALSE(batch.next(&packet));
  }
  EXPECT_EQ(4u, seen.size());
}

TEST_P(ServerWholeTest, ViewsStayValidWhileTheBatchLives) {
  listen();
  connect_and_take(2);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(Error::OK, clients_[static_cast<std::size_t>(i % 2)]->put_packet(
                             bytes_of("packet " + std::to_string(i))));
  }
  ASSERT_EQ(Error::OK, engine_->sync());
  std::vector<std::span<const std::uint8_t>> views;
  {
    DrainBatch batch = server_->drain();
    for (const ReceivedPacket& packet : batch) views.push_back(packet.payload);
    ASSERT_EQ(100u, views.size());
    // More comes in, and a peer goes, while the batch lives.
    for (int i = 0; i < 100; ++i) ASSERT_EQ(Error::OK, clients_[0]->put_packet(bytes_of("later")));
    ASSERT_EQ(Error::OK, engine_->sync());
    peers_[1].reset();
    std::map<std::string, int> texts;
    for (const auto& view : views) ++texts[text_of(view)];
    EXPECT_EQ(100u, texts.size());
    EXPECT_EQ(1, texts["packet 0"]);
    EXPECT_EQ(1, texts["packet 99"]);
  }
  EXPECT_EQ(100u, server_->drain({}, [](const ReceivedPacket&) {}));
}

TEST_P(ServerWholeTest, DrainEndsWhenTheServerStops) {
  listen();
  connect_and_take(1);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(Error::OK, clients_[0]->put_packet(bytes_of("x")));
  ASSERT_EQ(Error::OK, engine_->sync());
  std::size_t count = 0;
  std::span<const std::uint8_t> view;
  DrainBatch batch = server_->drain();
  for (const ReceivedPacket& packet : batch) {
    if (++count == 3) {
      view = packet.payload;
      server_->stop();
    }
  }
  EXPECT_EQ(3u, count);
  EXPECT_EQ("x", text_of(view));
}

TEST_P(ServerWholeTest, TimeBudgetEndsADrain) {
  listen();
  connect_and_take(1);
  for (int i = 0; i < 50; ++i) ASSERT_EQ(Error::OK, clients_[0]->put_packet(bytes_of("x")));
  ASSERT_EQ(Error::OK, engine_->sync());
  const std::size_t taken =
      server_->drain({.max_time = std::chrono::microseconds(5000)},
                     [](const ReceivedPacket&) { std::this_thread::sleep_for(milliseconds(2)); });
  EXPECT_GE(taken, 1u);
  EXPECT_LE(taken, 4u);
  EXPECT_EQ(50 - static_cast<int>(taken), peers_[0]->get_available_packet_count());
}

TEST_P(ServerWholeTest, APeersOwnDrainLeavesTheOthersAlone) {
  listen();
  connect_and_take(2);
  for (auto& client : clients_) {
    for (int i = 0; i < 5; ++i) ASSERT_EQ(Error::OK, client->put_packet(bytes_of("x")));
  }
  ASSERT_EQ(Error::OK, engine_->sync());
  std::size_t count = 0;
  for (const ReceivedPacket& packet : peers_[0]->drain({.max_packets = 3})) {
    EXPECT_EQ(peers_[0].get(), packet.peer);
    ++count;
  }
  EXPECT_EQ(3u, count);
  EXPECT_EQ(2, peers_[0]->get_available_packet_count());
  EXPECT_EQ(5, peers_[1]->get_available_packet_count());
  EXPECT_EQ(7u, server_->drain({}, [](const ReceivedPacket&) {}));
}

TEST_P(ServerWholeTest, DrainCountsAsDelivered) {
  listen();
  connect_and_take(1);
  const auto before = engine_->counters()[Counter::kDeliveredPackets];
  for (int i = 0; i < 7; ++i) ASSERT_EQ(Error::OK, clients_[0]->put_packet(bytes_of("x")));
  ASSERT_EQ(Error::OK, engine_->sync());
  EXPECT_EQ(7u, server_->drain({}, [](const ReceivedPacket&) {}));
  EXPECT_EQ(before + 7, engine_->counters()[Counter::kDeliveredPackets]);
}

TEST_P(ServerWholeTest, TogetherKeepsNoSenderAndAnswersAll) {
  ServerOptions options;
  options.receive = ServerReceive::kTogether;
  listen(options);
  for (int i = 0; i < 30; ++i) {
    clients_.push_back(connect());
    ASSERT_EQ(Error::OK, clients_.back()->put_packet(bytes_of(std::to_string(i))));
  }
  ASSERT_EQ(Error::OK, engine_->sync());
  EXPECT_FALSE(server_->is_connection_available());
  EXPECT_EQ(nullptr, server_->take_connection());
  EXPECT_EQ(0u, server_->get_remote_count());
  ReceivedPacket packet;
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(Error::OK, server_->get_packet(&packet));
    EXPECT_EQ(nullptr, packet.peer);
    const auto client = static_cast<std::size_t>(std::stoi(text_of(packet.payload)));
    EXPECT_EQ(clients_[client]->get_local_port(), packet.sender.port);
    ASSERT_EQ(Error::OK, server_->answer(packet, bytes_of("re " + text_of(packet.payload))));
  }
  EXPECT_EQ(Error::ERR_UNAVAILABLE, server_->get_packet(&packet));
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    ASSERT_EQ(Error::OK, clients_[i]->wait(kPatience));
    EXPECT_EQ("re " + std::to_string(i), text_of(clients_[i]->get_packet()));
  }
}

TEST_P(ServerWholeTest, PutPacketToFromManyThreads) {
  listen();
  constexpr int kThreads = 4;
  constexpr int kPackets = 50;
  PacketPeerUDP sink(engine_);
  ASSERT_EQ(Error::OK, sink.bind(0, "127.0.0.1"));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPackets; ++i) {
        const std::string text = std::to_string(t) + " " + std::to_string(i);
        EXPECT_EQ(Error::OK,
                  server_->put_packet_to("127.0.0.1", sink.get_local_port(), bytes_of(text)));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_EQ(Error::OK, engine_->sync());
  std::map<int, int> next;
  int count = 0;
  for (const ReceivedPacket& packet : sink.drain()) {
    const std::string text = text_of(packet.payload);
    const int thread = std::stoi(text);
    EXPECT_EQ(next[thread]++, std::stoi(text.substr(2)));
    EXPECT_EQ(server_->get_local_port(), packet.sender.port);
    ++count;
  }
  EXPECT_EQ(kThreads * kPackets, count);
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, server_->put_packet_to("nowhere", 1, bytes_of("x")));
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, server_->put_packet_to("127.0.0.1", 0, bytes_of("x")));
}

TEST_P(ServerWholeTest, BroadcastReachesAllButOne) {
  listen();
  connect_and_take(5);
  ASSERT_EQ(Error::OK, server_->put_packet_to_all(bytes_of("all")));
  ASSERT_EQ(Error::OK, server_->put_packet_to_all(bytes_of("not two"), peers_[2].get()));
  ASSERT_EQ(Error::OK, server_->put_var_to_all(Variant(42)));
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    ASSERT_EQ(Error::OK, clients_[i]->wait(kPatience));
    ASSERT_EQ(Error::OK, engine_->sync());
    EXPECT_EQ(i == 2 ? 2 : 3, clients_[i]->get_available_packet_count());
    EXPECT_EQ("all", text_of(clients_[i]->get_packet()));
    if (i != 2) {
      EXPECT_EQ("not two", text_of(clients_[i]->get_packet()));
    }
    EXPECT_EQ(Variant(42), clients_[i]->get_var());
  }
}

TEST_P(ServerWholeTest, WaitSeesConnectionsAndPacketsAndWakes) {
  EXPECT_EQ(Error::ERR_UNCONFIGURED, server_->wait(milliseconds(1)));
  listen();
  EXPECT_EQ(Error::ERR_TIMEOUT, server_->wait(milliseconds(20)));
  const auto client = connect();
  ASSERT_EQ(Error::OK, client->put_packet(bytes_of("hello")));
  EXPECT_EQ(Error::OK, server_->wait(kPatience));
  const auto peer = server_->take_connection();
  ASSERT_NE(nullptr, peer);
  EXPECT_EQ(Error::OK, server_->wait(milliseconds(0)));  // its packet
  EXPECT_EQ("hello", text_of(peer->get_packet()));
  EXPECT_EQ(Error::ERR_TIMEOUT, server_->wait(milliseconds(0)));
  std::thread waker([&] {
    std::this_thread::sleep_for(milliseconds(30));
    server_->wake();
  });
  EXPECT_EQ(Error::ERR_SKIP, server_->wait(kPatience));
  waker.join();
}

TEST_P(ServerWholeTest, PollDescriptorFollowsTheQueues) {
  listen();
  const int descriptor = server_->get_poll_descriptor();
  ASSERT_GE(descriptor, 0);
  EXPECT_TRUE(is_readable(descriptor));  // until somebody has looked
  EXPECT_EQ(Error::OK, server_->poll());
  EXPECT_FALSE(is_readable(descriptor));
  const auto client = connect();
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(Error::OK, client->put_packet(bytes_of("x")));
    ASSERT_EQ(Error::OK, engine_->sync());
    EXPECT_TRUE(is_readable(descriptor));
    if (round == 0) peers_.push_back(server_->take_connection());
    ASSERT_NE(nullptr, peers_.back());
    EXPECT_EQ("x", text_of(peers_.back()->get_packet()));
    std::span<const std::uint8_t> none;
    EXPECT_EQ(Error::ERR_UNAVAILABLE, peers_.back()->get_packet(&none));
    EXPECT_FALSE(is_readable(descriptor));
  }
  server_->wake();
  EXPECT_TRUE(is_readable(descriptor));
  EXPECT_EQ(Error::OK, server_->poll());
  EXPECT_FALSE(is_readable(descriptor));
}

TEST_P(ServerWholeTest, PollDescriptorOfASocketOfItsOwn) {
  PacketPeerUDP peer(engine_);
  EXPECT_EQ(-1, peer.get_poll_descriptor());
  ASSERT_EQ(Error::OK, peer.bind(0, "127.0.0.1"));
  const int descriptor = peer.get_poll_descriptor();
  EXPECT_EQ(0, peer.get_available_packet_count());
  EXPECT_FALSE(is_readable(descriptor));
  PacketPeerUDP other(engine_);
  ASSERT_EQ(Error::OK, other.bind(0, "127.0.0.1"));
  ASSERT_EQ(Error::OK, other.put_packet_to("127.0.0.1", peer.get_local_port(), bytes_of("x")));
  ASSERT_EQ(Error::OK, engine_->sync());
  EXPECT_TRUE(is_readable(descriptor));
  EXPECT_EQ("x", text_of(peer.get_packet()));
  EXPECT_EQ(0, peer.get_available_packet_count());
  EXPECT_FALSE(is_readable(descriptor));
}

TEST_P(ServerWholeTest, IdlePeersAreReportedOnceUntilTheyCome) {
  ServerOptions options;
  options.idle_timeout = milliseconds(60);
  listen(options);
  connect_and_take(2);
  EXPECT_FALSE(peers_[0]->is_idle());
  EXPECT_EQ(nullptr, server_->next_disconnected());
  std::this_thread::sleep_for(milliseconds(80));
  ASSERT_EQ(Error::OK, clients_[1]->put_packet(bytes_of("here")));
  ASSERT_EQ(Error::OK, engine_->sync());
  EXPECT_EQ(peers_[0].get(), server_->next_disconnected());
  EXPECT_EQ(nullptr, server_->next_disconnected());
  EXPECT_TRUE(peers_[0]->is_idle());
  EXPECT_TRUE(peers_[0]->is_disconnected());
  EXPECT_FALSE(peers_[1]->is_disconnected());
  ASSERT_EQ(Error::OK, clients_[0]->put_packet(bytes_of("back")));
  ASSERT_EQ(Error::OK, engine_->sync());
  EXPECT_EQ(1, peers_[0]->get_available_packet_count());
  EXPECT_FALSE(peers_[0]->is_disconnected());
}

INSTANTIATE_TEST_SUITE_P(Backends, ServerWholeTest, test::every_backend(), test::backend_name);

}  // namespace
}  // namespace ringpeer
