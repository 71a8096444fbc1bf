// A server on several workers: one socket each on one port, and every remote on one of them.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using test::loopback_ipv4;
using test::Sender;

constexpr std::size_t kPacketSize = 40;

class ServerWorkersTest : public testing::TestWithParam<BackendKind> {
 protected:
  void create_engine(int workers, LatencyBudget latency_budget = EngineOptions().latency_budget) {
    EngineOptions options;
    options.latency_budget = latency_budget;
    options.backend = GetParam();
    options.workers = workers;
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }

  std::shared_ptr<Engine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Backends, ServerWorkersTest, test::every_backend(), test::backend_name);

// Takes all new connections; how many remotes among them came a second time.
std::size_t take_all(UDPServer& server, std::vector<std::shared_ptr<PacketPeerUDP>>* peers,
                     std::set<int>* ports) {
  std::size_t repeated = 0;
  while (auto peer = server.take_connection()) {
    if (!ports->insert(peer->get_packet_port()).second) ++repeated;
    peers->push_back(std::move(peer));
  }
  return repeated;
}

// A program of the same user that asks for a shared port again and again, and has it for a while.
void intrude(std::uint16_t port, const std::atomic<bool>& stop) {
  net::Endpoint endpoint = loopback_ipv4();
  endpoint.port = port;
  while (!stop) {
    net::Socket socket;
    if (socket.open(net::SocketFamily::kIpv4) != 0 || socket.set_reuse_port(true) != 0) continue;
    while (!stop && socket.bind(endpoint) != 0) continue;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    socket.close();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the server's turn
  }
}

// A server that listens has all senders, or says that it cannot have the port.
TEST_P(ServerWorkersTest, WhoSlipsInWhileItBeginsToListenGetsNoSenders) {
  create_engine(2);
  if (engine_ == nullptr) return;
  constexpr std::size_t kSenders = 32;
  const std::uint16_t port = test::port_of(test::open_receiver());
  std::atomic<bool> stop{false};
  std::thread intruder(intrude, port, std::ref(stop));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (std::chrono::steady_clock::now() < end) {
    UDPServer server(engine_);
    server.set_max_pending_connections(100);
    if (server.listen(port, "127.0.0.1") != Error::OK) continue;
    std::vector<Sender> senders;
    for (std::size_t i = 0; i < kSenders; ++i) senders.emplace_back(port);
    for (const Sender& sender : senders) EXPECT_TRUE(sender.send_numbered(1, kPacketSize));
    std::vector<std::shared_ptr<PacketPeerUDP>> peers;
    std::set<int> ports;
    const auto take = [&] { return take_all(server, &peers, &ports), peers.size() == kSenders; };
    if (!test::eventually(take)) {
      ADD_FAILURE() << peers.size() << " of " << kSenders;
      break;
    }
  }
  stop = true;
  intruder.join();
}

// With the first of three sockets alone on the port all remotes are its own; two thirds of
// them are not once the others are there.
TEST_P(ServerWorkersTest, WhoSendsWhileItBeginsToListenBelongsToOneWorker) {
  create_engine(3);
  if (engine_ == nullptr) return;
  const std::uint16_t port = test::port_of(test::open_receiver());
  std::atomic<bool> stop{false};
  std::thread crowd([&] {
    std::vector<Sender> senders;
    for (int i = 0; i < 30; ++i) senders.emplace_back(port);
    while (!stop.load(std::memory_order_relaxed)) {
      for (const Sender& sender : senders) sender.send_numbered(1, kPacketSize);
    }
  });
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    UDPServer server(engine_);
    server.set_max_pending_connections(100);
    ASSERT_EQ(Error::OK, server.listen(port, "127.0.0.1"));
    std::vector<std::shared_ptr<PacketPeerUDP>> peers;
    std::set<int> ports;
    EXPECT_TRUE(test::eventually([&] {
      EXPECT_EQ(take_all(server, &peers, &ports), 0u);
      return peers.size() == 30;
    })) << peers.size();
    server.stop();
  }
  stop = true;
  crowd.join();
  EXPECT_EQ(engine_->counters()[Counter::kDropWrongWorker], 0u);
}

// The kernel chooses a socket by a hash over their number: a third one moves a sixth of the
// remotes from the first to the second.
TEST_P(ServerWorkersTest, ARemoteThatTurnsUpOnAnotherWorkerIsDroppedAndCounted) {
  create_engine(2);
  if (engine_ == nullptr) return;
  constexpr std::uint32_t kRemotes = 150;
  UDPServer server(engine_);
  server.set_max_pending_connections(2 * kRemotes);
  ServerOptions options;
  options.socket.share_port = true;
  ASSERT_EQ(Error::OK, server.listen(0, "127.0.0.1", options));
  const auto port = static_cast<std::uint16_t>(server.get_local_port());
  std::vector<Sender> senders;
  for (std::uint32_t i = 0; i < kRemotes; ++i) senders.emplace_back(port);
  const auto send_all = [&](std::uint32_t number) {
    for (const Sender& sender : senders) ASSERT_TRUE(sender.send_numbered(number, kPacketSize));
    ASSERT_EQ(Error::OK, engine_->sync());
  };
  send_all(1);
  std::vector<std::shared_ptr<PacketPeerUDP>> peers;
  std::set<int> ports;
  EXPECT_EQ(take_all(server, &peers, &ports), 0u);
  ASSERT_EQ(peers.size(), kRemotes);
  for (const auto& peer : peers) EXPECT_EQ(peer->get_packet().size(), kPacketSize);

  net::Socket other;
  ASSERT_EQ(other.open(net::SocketFamily::kIpv4), 0);
  ASSERT_EQ(other.set_reuse_port(true), 0);
  ASSERT_EQ(other.bind(loopback_ipv4(port)), 0);
  constexpr std::uint32_t kRounds = 3;
  std::uint64_t delivered = 0;
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    send_all(2 + round);
    EXPECT_FALSE(server.is_connection_available());
    for (const auto& peer : peers) {
      while (peer->get_available_packet_count() > 0) {
        EXPECT_TRUE(test::is_numbered_payload(peer->get_packet(), 2 + round));
        ++delivered;
      }
    }
  }
  const CounterSnapshot counters = engine_->counters();
  EXPECT_GT(counters[Counter::kDropWrongWorker], 0u);
  EXPECT_GT(delivered, 0u);
  EXPECT_EQ(counters[Counter::kReceivedPackets],
            kRemotes + delivered + counters[Counter::kDropWrongWorker]);
  EXPECT_EQ(counters.dropped_packets(), counters[Counter::kDropWrongWorker]);

  // Whoever was turned away is welcome again once its peer is closed.
  peers.clear();
  send_all(9);
  const std::size_t repeated = take_all(server, &peers, &ports);
  EXPECT_EQ(repeated, peers.size()) << "all have been here before";
  EXPECT_EQ(engine_->counters()[Counter::kDropWrongWorker], counters[Counter::kDropWrongWorker]);
  EXPECT_GT(peers.size(), delivered / kRounds) << "those who stayed, and those who moved";
}

std::shared_ptr<PacketPeerUDP> take_first(UDPServer& server, const Sender& sender) {
  EXPECT_TRUE(sender.send_numbered(0, kPacketSize));
  EXPECT_TRUE(test::eventually([&] { return server.is_connection_available(); }));
  const auto peer = server.take_connection();
  EXPECT_EQ(peer->get_packet().size(), kPacketSize);
  return peer;
}

// A look at packets must not be a system call each, or a frame that asks every peer pays for
// them all.
TEST_P(ServerWorkersTest, WithoutThreadsManyLooksShareOneAtTheSocket) {
  create_engine(0, kMaxLatencyBudget);
  if (engine_ == nullptr) return;
  UDPServer server(engine_);
  ASSERT_EQ(Error::OK, server.listen(0, "127.0.0.1"));
  const Sender sender(static_cast<std::uint16_t>(server.get_local_port()));
  const auto peer = take_first(server, sender);
  constexpr std::uint64_t kLooks = 1000;
  const std::uint64_t before = engine_->counters()[Counter::kWakeups];
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < kLooks; ++i) peer->get_available_packet_count();
  const auto budgets = (std::chrono::steady_clock::now() - begin) / kMaxLatencyBudget;
  EXPECT_LE(engine_->counters()[Counter::kWakeups] - before,
            static_cast<std::uint64_t>(budgets) + 2);

  // An explicit poll looks at once, and who only asks finds it within the budget.
  ASSERT_TRUE(sender.send_numbered(2, kPacketSize));
  ASSERT_EQ(Error::OK, server.poll());
  EXPECT_EQ(peer->get_available_packet_count(), 1);
  ASSERT_TRUE(sender.send_numbered(3, kPacketSize));
  EXPECT_TRUE(test::eventually([&] { return peer->get_available_packet_count() == 2; }));
}

// More than one look takes from the socket, and few enough for an unprivileged one's buffer.
void expect_all_that_came(const std::shared_ptr<Engine>& engine) {
  UDPServer server(engine);
  ASSERT_EQ(Error::OK, server.listen(0, "127.0.0.1"));
  const Sender sender(static_cast<std::uint16_t>(server.get_local_port()));
  const auto peer = take_first(server, sender);
  constexpr std::uint32_t kPackets = 540;
  for (std::uint32_t i = 0; i < kPackets; ++i) ASSERT_TRUE(sender.send_numbered(i, kPacketSize));
  ASSERT_EQ(Error::OK, server.poll());
  std::uint32_t taken = 0;
  const std::uint64_t before = engine->counters()[Counter::kWakeups];
  while (peer->get_available_packet_count() > 0) {
    EXPECT_TRUE(test::is_numbered_payload(peer->get_packet(), taken));
    ++taken;
  }
  EXPECT_EQ(taken, kPackets);
  EXPECT_LE(engine->counters()[Counter::kWakeups] - before, kPackets / 10);
}

TEST_P(ServerWorkersTest, WithoutThreadsWhoComesOnceAFrameFindsAllThatCame) {
  create_engine(0, kMaxLatencyBudget);
  if (engine_ != nullptr) expect_all_that_came(engine_);
}

// Before Linux 6.12 a buffer holds one datagram: the kernel runs out of them on the way.
TEST_P(ServerWorkersTest, WithoutThreadsNorDoSmallBuffersHideWhatCame) {
  EngineOptions options;
  options.latency_budget = kMaxLatencyBudget;
  options.backend = GetParam();
  options.workers = 0;
  options.use_incremental_buffers = false;
  options.use_min_wait = false;
  std::string message;
  engine_ = Engine::create(options, nullptr, &message);
  if (engine_ == nullptr) GTEST_SKIP() << message;
  expect_all_that_came(engine_);
}

// Else what comes behind a flood waits a frame for each part of it.
TEST_P(ServerWorkersTest, WithoutThreadsOneLookBringsMoreThanTheCompletionRingHolds) {
  create_engine(0, kMaxLatencyBudget);
  if (engine_ == nullptr) return;
  constexpr std::uint64_t kPackets = 6'000;
  constexpr int kBytesEach = 1024;  // as the kernel counts small packets, and some more
  UDPServer server(engine_);
  ASSERT_EQ(Error::OK, server.listen(0, "127.0.0.1"));
  if (server.get_socket_receive_buffer() < static_cast<int>(kPackets) * kBytesEach) {
    GTEST_SKIP() << "a socket holds " << server.get_socket_receive_buffer() << " bytes only";
  }
  const Sender sender(static_cast<std::uint16_t>(server.get_local_port()));
  for (int round = 1; round <= 2; ++round) {  // the second finds the receive armed
    for (std::uint32_t i = 0; i < kPackets; ++i) {
      ASSERT_TRUE(sender.send_numbered(i, kPacketSize));
    }
    ASSERT_EQ(Error::OK, server.poll());
    EXPECT_EQ(engine_->counters()[Counter::kReceivedPackets], round * kPackets) << round;
  }
}

}  // namespace
}  // namespace ringpeer
