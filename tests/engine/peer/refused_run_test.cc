// Datagrams that are all refused leave nothing behind that a get could take for a packet.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

// More than a ring keeps warm: the next packet makes it go back to its beginning.
constexpr std::uint32_t kSmallPackets = 600;

class RefusedRunTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    EngineOptions options = GetParam().options();
    options.payload_budget =
        kMinPayloadBudgetPerWorker * static_cast<std::size_t>(std::max(1, options.workers));
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }

  std::shared_ptr<Engine> engine_;
};

TEST_P(RefusedRunTest, APeerHasNoPacketAfterOneThatNeverFits) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, "127.0.0.1", 16384), Error::OK);
  const test::Sender sender(static_cast<std::uint16_t>(peer.get_local_port()));
  std::span<const std::uint8_t> packet;
  for (std::uint32_t round = 0; round < 3; ++round) {
    for (std::uint32_t i = 0; i < kSmallPackets; ++i) {
      ASSERT_TRUE(sender.send_numbered(i, 8));
      if (i % 64 != 63) continue;
      ASSERT_EQ(engine_->sync(), Error::OK);
    }
    ASSERT_EQ(engine_->sync(), Error::OK);
    for (std::uint32_t i = 0; i < kSmallPackets; ++i) {
      ASSERT_EQ(peer.get_packet(&packet), Error::OK);
      ASSERT_TRUE(test::is_numbered_payload(packet, i));
    }
    ASSERT_TRUE(sender.send_numbered(0, 40000));
    ASSERT_EQ(engine_->sync(), Error::OK);
    EXPECT_EQ(peer.get_packet(&packet), Error::ERR_UNAVAILABLE);
    EXPECT_EQ(peer.get_available_packet_count(), 0);
    for ([[maybe_unused]] const ReceivedPacket& none : peer.drain()) ADD_FAILURE();
  }
  EXPECT_EQ(engine_->counters()[Counter::kDropPeerFull], 3u);
}

// The budget is used up by what a batch holds, the ring is empty.
TEST_P(RefusedRunTest, AServerOfAllSendersHasNoPacketWhenTheBudgetIsUsedUp) {
  constexpr std::size_t kSize = 1200;
  // Half of the larger backend's buffers, and the budget.
  constexpr std::uint32_t kTooMany = 20000;
  UDPServer server(engine_);
  ServerOptions options;
  options.receive = ServerReceive::kTogether;
  ASSERT_EQ(server.listen(0, "127.0.0.1", options), Error::OK);
  const test::Sender sender(static_cast<std::uint16_t>(server.get_local_port()));
  std::vector<std::span<const std::uint8_t>> views;
  ReceivedPacket packet;
  std::uint32_t sent = 0;
  const auto send = [&](std::uint32_t count) {
    for (const std::uint32_t end = sent + count; sent < end; ++sent) {
      ASSERT_TRUE(sender.send_numbered(sent, kSize));
    }
    ASSERT_EQ(engine_->sync(), Error::OK);
  };
  while (engine_->counters()[Counter::kDropBudget] == 0 && sent < kTooMany) send(64);
  {
    DrainBatch batch = server.drain();
    while (batch.next(&packet)) views.push_back(packet.payload);
    if (views.size() < kSmallPackets) GTEST_SKIP() << "one datagram a buffer: the ring stays short";
    for (int round = 0; round < 3; ++round) {
      const std::uint64_t dropped = engine_->counters()[Counter::kDropBudget];
      send(1);
      ASSERT_EQ(engine_->counters()[Counter::kDropBudget], dropped + 1);
      EXPECT_EQ(server.get_packet(&packet), Error::ERR_UNAVAILABLE);
      EXPECT_FALSE(batch.next(&packet));
    }
    for (std::uint32_t i = 0; i < views.size(); ++i) {
      ASSERT_TRUE(test::is_numbered_payload(views[i], test::number_of(views[i])));
    }
  }
  ASSERT_TRUE(sender.send_numbered(7, kSize));
  ASSERT_EQ(engine_->sync(), Error::OK);
  ASSERT_EQ(server.get_packet(&packet), Error::OK);
  EXPECT_TRUE(test::is_numbered_payload(packet.payload, 7));
}

INSTANTIATE_TEST_SUITE_P(Engines, RefusedRunTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
