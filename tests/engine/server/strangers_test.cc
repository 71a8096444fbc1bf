// What senders may hold whom the application has not accepted yet, and who of them keeps his
// place.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/buffer_noise.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

class StrangersTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void listen(std::size_t budget, int max_pending, bool gro = false) {
    EngineOptions options = GetParam().options();
    options.gro = gro;
    options.payload_budget = budget;
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    server_ = std::make_unique<UDPServer>(engine_);
    server_->set_max_pending_connections(max_pending);
    ASSERT_EQ(server_->listen(0, "127.0.0.1"), Error::OK);
  }
  std::unique_ptr<test::Sender> make_sender() const {
    return std::make_unique<test::Sender>(static_cast<std::uint16_t>(server_->get_local_port()));
  }
  // The server's queues take them, but nobody takes them from there.
  void send(const test::Sender& sender, std::uint32_t count, std::size_t size) {
    for (std::uint32_t i = 0; i < count; ++i) {
      ASSERT_TRUE(sender.send_numbered(i, size));
      if (i % 64 != 63 && i + 1 != count) continue;
      ASSERT_EQ(engine_->sync(), Error::OK);
      ASSERT_EQ(server_->poll(), Error::OK);
    }
  }
  static std::uint32_t take_all(PacketPeerUDP& peer) {
    std::uint32_t count = 0;
    while (peer.get_available_packet_count() > 0) {
      EXPECT_TRUE(test::is_numbered_payload(peer.get_packet(), count));
      ++count;
    }
    return count;
  }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
};

TEST_P(StrangersTest, CannotHoldThePayloadBudgetOfThePlayers) {
  constexpr std::uint32_t kStrangers = 100;
  listen(std::size_t{16} << 20, kStrangers);
  if (IsSkipped()) return;
  std::vector<std::unique_ptr<test::Sender>> senders;
  std::vector<std::shared_ptr<PacketPeerUDP>> players;
  for (int i = 0; i < 10; ++i) {
    senders.push_back(make_sender());
    send(*senders.back(), 1, 10);
    players.push_back(server_->take_connection());
    ASSERT_NE(players.back(), nullptr);
    players.back()->get_packet();
  }
  test::BufferNoise noise(engine_);
  noise.make_worker_copy();
  // 19 MiB where each lies in the smallest block; charged with 25 bytes each, it is not 4.
  std::vector<std::unique_ptr<test::Sender>> strangers;
  for (std::uint32_t i = 0; i < kStrangers; ++i) {
    strangers.push_back(make_sender());
    send(*strangers.back(), 1500, 1);
  }
  for (const auto& sender : senders) send(*sender, 20, 100);
  for (const auto& player : players) EXPECT_EQ(take_all(*player), 20u);
  // What they held is free again when it has been read.
  while (const auto stranger = server_->take_connection()) {
    while (stranger->get_available_packet_count() > 0) stranger->get_packet();
  }
  const auto another = make_sender();
  send(*another, 60, 100);
  const auto peer = server_->take_connection();
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(take_all(*peer), 60u);
}

// Trains fill the kernel's buffers and each queue in a few datagrams, and a whole net of addresses
// knocks: neither takes anything from who is in.
TEST_P(StrangersTest, TrainsFromManyAddressesStarveNoPlayer) {
  constexpr int kPending = 64;
  constexpr int kAddresses = 200;
  constexpr int kTrains = 10;  // more than a queue holds
  constexpr std::uint16_t kSegment = 1400;
  const std::vector<std::uint8_t> train(std::size_t{44} * kSegment, 0xee);
  listen(std::size_t{16} << 20, kPending, true);
  if (IsSkipped()) return;
  std::vector<std::unique_ptr<test::Sender>> senders;
  std::vector<std::shared_ptr<PacketPeerUDP>> players;
  for (int i = 0; i < 5; ++i) {
    senders.push_back(make_sender());
    send(*senders.back(), 1, 10);
    players.push_back(server_->take_connection());
    ASSERT_NE(players.back(), nullptr);
    players.back()->get_packet();
  }
  const auto port = static_cast<std::uint16_t>(server_->get_local_port());
  for (int address = 0; address < kAddresses; ++address) {
    const net::Endpoint from{*net::IpAddress::parse("127.1.0." + std::to_string(1 + address))};
    const test::Sender stranger(port, from);
    for (int i = 0; i < kTrains; ++i) {
      if (!stranger.send_train(train, kSegment)) GTEST_SKIP() << "no UDP_SEGMENT";
      if (i % 2 == 1) {
        ASSERT_EQ(engine_->sync(), Error::OK);
        ASSERT_EQ(server_->poll(), Error::OK);
      }
    }
    if (address % 20 != 19) continue;
    for (const auto& sender : senders) send(*sender, 20, 100);
    for (const auto& player : players) ASSERT_EQ(take_all(*player), 20u) << address;
  }
  const CounterSnapshot counters = engine_->counters();
  EXPECT_GT(counters[Counter::kDropPendingFull], 0u);
  EXPECT_GT(counters[Counter::kDropPeerFull] + counters[Counter::kDropBudget], 0u);
  // Who is let in has a queue like everybody.
  int strangers = 0;
  while (const auto stranger = server_->take_connection()) {
    ++strangers;
    while (stranger->get_available_packet_count() > 0) stranger->get_packet();
  }
  EXPECT_EQ(strangers, kPending);
}

// Of whichever worker they are.
TEST_P(StrangersTest, WhoHasWaitedLongestKeepsItsPlace) {
  constexpr std::size_t kStrangers = 32;
  constexpr std::size_t kLeft = 10;
  listen(EngineOptions().payload_budget, kStrangers);
  if (IsSkipped()) return;
  std::vector<std::unique_ptr<test::Sender>> strangers;
  for (std::uint32_t i = 0; i < kStrangers; ++i) {
    strangers.push_back(make_sender());
    ASSERT_TRUE(strangers.back()->send_numbered(i, 10));
    ASSERT_EQ(engine_->sync(), Error::OK);
  }
  server_->set_max_pending_connections(kLeft);
  for (std::uint32_t i = 0; i < kLeft; ++i) {
    const auto peer = server_->take_connection();
    ASSERT_NE(peer, nullptr);
    EXPECT_EQ(peer->get_packet_port(), strangers[i]->endpoint().port);
  }
  EXPECT_EQ(server_->take_connection(), nullptr);
}

// Where nothing but poll() moves what has come, a new limit does not either; it holds for what
// the workers have let in before.
TEST_P(StrangersTest, ALimitWaitsForThePollToo) {
  constexpr std::size_t kStrangers = 12;
  constexpr std::size_t kLeft = 3;
  listen(EngineOptions().payload_budget, kStrangers);
  if (IsSkipped()) return;
  server_->set_automatic_poll(false);
  std::vector<std::unique_ptr<test::Sender>> strangers;
  for (std::uint32_t i = 0; i < kStrangers; ++i) {
    strangers.push_back(make_sender());
    ASSERT_TRUE(strangers.back()->send_numbered(i, 10));
    ASSERT_EQ(engine_->sync(), Error::OK);
  }
  server_->set_max_pending_connections(2 * kStrangers);
  EXPECT_FALSE(server_->is_connection_available());
  EXPECT_EQ(server_->take_connection(), nullptr);
  server_->set_max_pending_connections(kLeft);
  EXPECT_EQ(server_->take_connection(), nullptr);
  ASSERT_EQ(server_->poll(), Error::OK);
  for (std::uint32_t i = 0; i < kLeft; ++i) {
    const auto peer = server_->take_connection();
    ASSERT_NE(peer, nullptr);
    EXPECT_EQ(peer->get_packet_port(), strangers[i]->endpoint().port);
  }
  EXPECT_EQ(server_->take_connection(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Engines, StrangersTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
