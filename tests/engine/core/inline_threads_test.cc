// An engine without threads belongs to the application's threads, one after another.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using test::Sender;

constexpr std::size_t kSize = 40;
constexpr std::uint32_t kPackets = 100;

class InlineThreadsTest : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.backend = GetParam();
    options.workers = 0;
    options.log = [this](std::string_view line) { log_ += std::string(line) + "\n"; };
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }

  std::string log_;
  std::shared_ptr<Engine> engine_;
};
INSTANTIATE_TEST_SUITE_P(Backends, InlineThreadsTest, test::every_backend(), test::backend_name);

template <typename Function>
void on_another_thread(Function function) {
  std::thread(function).join();
}

void send_from(const Sender& sender, std::uint32_t first) {
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    ASSERT_TRUE(sender.send_numbered(first + i, kSize));
  }
}

void expect_to_get(PacketPeerUDP& peer, std::uint32_t first) {
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    ASSERT_TRUE(test::eventually([&] { return peer.get_available_packet_count() > 0; })) << i;
    EXPECT_TRUE(test::is_numbered_payload(peer.get_packet(), first + i)) << first + i;
  }
}

TEST_P(InlineThreadsTest, MadeByOneItIsUsedByAnotherWithTheSameBackend) {
  on_another_thread([&] {
    PacketPeerUDP peer(engine_);
    ASSERT_EQ(peer.bind(0, "127.0.0.1"), Error::OK);
    const Sender sender(static_cast<std::uint16_t>(peer.get_local_port()));
    send_from(sender, 1);
    expect_to_get(peer, 1);
    peer.close();
    EXPECT_EQ(engine_->sync(), Error::OK);
  });
  EXPECT_EQ(engine_->backend(), GetParam()) << log_;
  EXPECT_TRUE(engine_->is_running());
}

TEST_P(InlineThreadsTest, APeerThatChangesThreadsLosesNothing) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, "127.0.0.1"), Error::OK);
  const Sender sender(static_cast<std::uint16_t>(peer.get_local_port()));
  send_from(sender, 1);
  expect_to_get(peer, 1);
  // What is held stays: the buffer is one of the backend that is left.
  ASSERT_TRUE(sender.send_numbered(500, kSize));
  std::span<const std::uint8_t> held;
  ASSERT_TRUE(test::eventually([&] { return peer.get_packet(&held) == Error::OK; }));
  send_from(sender, 1000);
  ASSERT_EQ(peer.poll(), Error::OK);  // some of it may be taken here
  send_from(sender, 1000 + kPackets);
  on_another_thread([&] {
    EXPECT_GT(peer.get_available_packet_count(), 0);
    EXPECT_TRUE(test::is_numbered_payload(held, 500));
    expect_to_get(peer, 1000);
    expect_to_get(peer, 1000 + kPackets);
    EXPECT_EQ(engine_->backend(), BackendKind::kRecvmmsg) << "however it began";
    EXPECT_EQ(engine_->sync(), Error::OK);
  });
  send_from(sender, 5000);
  expect_to_get(peer, 5000);  // and back
  EXPECT_TRUE(engine_->is_running()) << log_;
  if (GetParam() == BackendKind::kIoUring) {
    EXPECT_NE(engine_->backend_reason().find("thread"), std::string_view::npos);
    EXPECT_NE(log_.find("another thread"), std::string::npos) << log_;
  }
  const CounterSnapshot counters = engine_->counters();
  EXPECT_EQ(counters[Counter::kReceivedPackets], 4 * kPackets + 1);
  EXPECT_EQ(counters[Counter::kDeliveredPackets], 4 * kPackets + 1);
}

// The change is told to the log, which may throw whatever it likes.
TEST_P(InlineThreadsTest, ALogThatThrowsEndsNothing) {
  EngineOptions options = engine_->options();
  options.log = [](std::string_view) { throw 42; };
  const std::shared_ptr<Engine> engine = Engine::create(options);
  ASSERT_NE(engine, nullptr);
  PacketPeerUDP peer(engine);
  ASSERT_EQ(peer.bind(0, "127.0.0.1"), Error::OK);
  const Sender sender(static_cast<std::uint16_t>(peer.get_local_port()));
  on_another_thread([&] {
    send_from(sender, 1);
    expect_to_get(peer, 1);
  });
}

TEST_P(InlineThreadsTest, SoDoesAServerWithItsPeersAndAWait) {
  UDPServer server(engine_);
  ASSERT_EQ(server.listen(0, "127.0.0.1"), Error::OK);
  const auto port = static_cast<std::uint16_t>(server.get_local_port());
  const Sender first(port);
  ASSERT_TRUE(first.send_numbered(1, kSize));
  ASSERT_TRUE(test::eventually([&] { return server.is_connection_available(); }));
  const auto peer = server.take_connection();
  on_another_thread([&] {
    EXPECT_TRUE(test::is_numbered_payload(peer->get_packet(), 1));
    ASSERT_TRUE(first.send_numbered(2, kSize));
    EXPECT_EQ(server.wait(test::kPatience), Error::OK);
    EXPECT_TRUE(test::is_numbered_payload(peer->get_packet(), 2));
    const Sender second(port);
    ASSERT_TRUE(second.send_numbered(3, kSize));
    EXPECT_TRUE(test::eventually([&] { return server.is_connection_available(); }));
  });
  EXPECT_NE(server.take_connection(), nullptr);
  server.stop();
  // The port is free, but for the moments that the ring takes to go.
  EXPECT_TRUE(test::eventually([&] {
    PacketPeerUDP next(engine_);
    return next.bind(port, "127.0.0.1") == Error::OK;
  }));
}

TEST_P(InlineThreadsTest, AnotherThreadMayStopTheEngineAndCloseThePeers) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, "127.0.0.1"), Error::OK);
  on_another_thread([&] { engine_->stop(); });
  EXPECT_EQ(peer.get_available_packet_count(), -1);
  EXPECT_EQ(log_.find("has ended"), std::string::npos) << log_;
  on_another_thread([&] { peer.close(); });
}

// The first put opens the socket; the consumer's thread begins to read it.
TEST_P(InlineThreadsTest, PutsOfOtherThreadsOpenTheirPeers) {
  constexpr std::size_t kThreads = 3;
  constexpr std::size_t kRounds = 20;
  UDPServer server(engine_);
  server.set_max_pending_connections(kThreads);
  ASSERT_EQ(server.listen(0, "127.0.0.1"), Error::OK);
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::vector<std::unique_ptr<PacketPeerUDP>> peers;
    for (std::size_t i = 0; i < kThreads; ++i) {
      peers.push_back(std::make_unique<PacketPeerUDP>(engine_));
      ASSERT_EQ(peers[i]->set_dest_address("127.0.0.1", server.get_local_port()), Error::OK);
    }
    std::vector<std::thread> threads;
    for (const auto& peer : peers) {
      threads.emplace_back(
          [&peer] { EXPECT_EQ(peer->put_packet(test::numbered_payload(1, kSize)), Error::OK); });
    }
    // Meanwhile the consumer looks at everything, whatever is open by now.
    std::vector<std::shared_ptr<PacketPeerUDP>> players;
    std::size_t answers = 0;
    EXPECT_TRUE(test::eventually([&] {
      while (server.is_connection_available()) {
        players.push_back(server.take_connection());
        EXPECT_EQ(players.back()->put_packet(players.back()->get_packet()), Error::OK);
      }
      for (const auto& peer : peers) {
        if (peer->get_available_packet_count() <= 0) continue;
        EXPECT_TRUE(test::is_numbered_payload(peer->get_packet(), 1));
        ++answers;
      }
      return answers == kThreads;
    })) << answers;
    for (std::thread& thread : threads) thread.join();
    if (round % 2 == 0) {
      for (const auto& peer : peers) peer->close();
    }
  }
  EXPECT_EQ(engine_->backend(), GetParam()) << "those who put are no consumers: " << log_;
  EXPECT_TRUE(engine_->is_running());
}

// Nobody has looked at the peer since the put that opened it.
TEST_P(InlineThreadsTest, APeerThatAPutHasOpenedMayBeUsedInEveryWay) {
  const net::Socket remote = test::open_receiver();
  const int port = test::port_of(remote);
  const auto open = [&](PacketPeerUDP& peer) {
    ASSERT_EQ(peer.set_dest_address("127.0.0.1", port), Error::OK);
    on_another_thread(
        [&] { ASSERT_EQ(peer.put_packet(test::numbered_payload(1, kSize)), Error::OK); });
    ASSERT_TRUE(peer.is_bound());
  };
  const auto answer = [&](const PacketPeerUDP& peer) {
    const auto local = static_cast<std::uint16_t>(peer.get_local_port());
    ASSERT_EQ(remote.send_to(test::numbered_payload(2, kSize),
                             net::to_socket_address(test::loopback_ipv4(local), remote.family())),
              0);
  };
  const auto expect_answer = [](PacketPeerUDP& peer) {
    EXPECT_TRUE(test::is_numbered_payload(peer.get_packet(), 2));
  };
  {
    SCOPED_TRACE("closed, or let go");
    PacketPeerUDP peer(engine_);
    open(peer);
    peer.close();
    open(peer);
  }
  {
    SCOPED_TRACE("connected");
    PacketPeerUDP peer(engine_);
    open(peer);
    EXPECT_EQ(peer.connect_to_host("127.0.0.1", port), Error::OK);
    answer(peer);
    EXPECT_EQ(peer.wait(test::kPatience), Error::OK);
    expect_answer(peer);
  }
  {
    SCOPED_TRACE("waited for");
    PacketPeerUDP peer(engine_);
    open(peer);
    answer(peer);
    EXPECT_EQ(peer.wait(test::kPatience), Error::OK);
    expect_answer(peer);
  }
  {
    SCOPED_TRACE("synced");
    PacketPeerUDP peer(engine_);
    open(peer);
    answer(peer);
    EXPECT_EQ(engine_->sync(), Error::OK);
    EXPECT_EQ(peer.get_available_packet_count(), 1);
  }
  {
    SCOPED_TRACE("drained");
    PacketPeerUDP peer(engine_);
    open(peer);
    answer(peer);
    EXPECT_TRUE(test::eventually([&] {
      DrainBatch batch = peer.drain();
      ReceivedPacket packet;
      return batch.next(&packet);
    }));
  }
  {
    SCOPED_TRACE("of an engine that is stopped");
    PacketPeerUDP peer(engine_);
    open(peer);
    engine_->stop();
    EXPECT_EQ(peer.get_available_packet_count(), -1);
    EXPECT_EQ(peer.put_packet(test::numbered_payload(1, kSize)), Error::FAILED);
  }
}

}  // namespace
}  // namespace ringpeer
