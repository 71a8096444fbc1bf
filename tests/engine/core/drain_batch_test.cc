#include "ringpeer/drain_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer {
namespace {

using test::is_numbered_payload;
using test::number_of;
using test::numbered_payload;

struct EngineVariant {
  std::string name;
  BackendKind backend;
  int workers;
};

// A batch of a peer with a socket of its own, and everything else that may happen to the
// peer while the batch is open.
class DrainBatchTest : public testing::TestWithParam<EngineVariant> {
 protected:
  void SetUp() override { open({}); }

  void open(EngineOptions options) {
    sender_.reset();
    peer_.reset();
    options.backend = GetParam().backend;
    options.workers = GetParam().workers;
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    peer_ = std::make_unique<PacketPeerUDP>(engine_);
    ASSERT_EQ(peer_->bind(0, "127.0.0.1", 1 << 20), Error::OK);
    sender_ = std::make_unique<test::Sender>(static_cast<std::uint16_t>(peer_->get_local_port()));
  }
  // They are in the ring when it returns.
  void send(std::uint32_t first, std::uint32_t count) {
    for (std::uint32_t i = first; i < first + count; ++i) {
      ASSERT_TRUE(sender_->send_numbered(i, kSize));
    }
    ASSERT_EQ(engine_->sync(), Error::OK);
  }
  // Trains of ten, as descriptors that hold ten packets where the kernel merges them.
  bool send_trains(std::uint32_t count) {
    EngineOptions options;
    options.gro = true;
    open(options);
    for (std::uint32_t train = 0; train < count; ++train) {
      std::vector<std::uint8_t> bytes;
      for (std::uint32_t i = 0; i < kTrain; ++i) {
        const auto packet = numbered_payload(train * kTrain + i, kSize);
        bytes.insert(bytes.end(), packet.begin(), packet.end());
      }
      if (!sender_->send_train(bytes, kSize)) return false;
    }
    return engine_->sync() == Error::OK;
  }
  std::uint64_t counted(Counter counter) const { return engine_->counters()[counter]; }

  static constexpr std::size_t kSize = 100;
  static constexpr std::uint32_t kTrain = 10;
  // More than a window of the ring.
  static constexpr std::uint32_t kMany = 200;

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<PacketPeerUDP> peer_;
  std::unique_ptr<test::Sender> sender_;
};

INSTANTIATE_TEST_SUITE_P(
    Engines, DrainBatchTest,
    testing::Values(EngineVariant{"io_uring", BackendKind::kIoUring, 1},
                    EngineVariant{"io_uring_inline", BackendKind::kIoUring, 0},
                    EngineVariant{"recvmmsg", BackendKind::kRecvmmsg, 1},
                    EngineVariant{"recvmmsg_inline", BackendKind::kRecvmmsg, 0}),
    [](const testing::TestParamInfo<EngineVariant>& variant) { return variant.param.name; });

TEST_P(DrainBatchTest, GivesEveryPacketOnceWithAllThatIsKnownOfIt) {
  const auto before = std::chrono::steady_clock::now();
  send(0, kMany);
  std::uint32_t next = 0;
  for (const ReceivedPacket& packet : peer_->drain()) {
    ASSERT_TRUE(is_numbered_payload(packet.payload, next++));
    EXPECT_EQ(packet.payload.size(), kSize);
    EXPECT_EQ(packet.sender, sender_->endpoint());
    EXPECT_EQ(packet.peer, nullptr);
    EXPECT_FALSE(packet.local.is_known());
    // The engine's clock counts whole microseconds.
    EXPECT_GE(packet.arrived, before - std::chrono::microseconds(1));
    EXPECT_LE(packet.arrived, std::chrono::steady_clock::now());
  }
  EXPECT_EQ(next, kMany);
  EXPECT_EQ(counted(Counter::kDeliveredPackets), kMany);
  EXPECT_EQ(counted(Counter::kDeliveredBytes), kMany * kSize);
}

TEST_P(DrainBatchTest, ViewsOfAWholeBatchStayValidUntilItEnds) {
  send(0, kMany);
  std::vector<std::span<const std::uint8_t>> views;
  DrainBatch batch = peer_->drain();
  ReceivedPacket packet;
  while (batch.next(&packet)) views.push_back(packet.payload);
  EXPECT_EQ(batch.count(), kMany);
  send(kMany, kMany);  // which must not go where the views look
  ASSERT_EQ(views.size(), kMany);
  for (std::uint32_t i = 0; i < kMany; ++i) ASSERT_TRUE(is_numbered_payload(views[i], i)) << i;
}

TEST_P(DrainBatchTest, TheCountOfPacketsFollowsTheBatch) {
  send(0, kMany);
  DrainBatch batch = peer_->drain();
  ReceivedPacket packet;
  for (std::uint32_t taken = 1; taken <= kMany; ++taken) {
    ASSERT_TRUE(batch.next(&packet));
    ASSERT_EQ(peer_->get_available_packet_count(), static_cast<int>(kMany - taken));
  }
  EXPECT_FALSE(batch.next(&packet));
}

TEST_P(DrainBatchTest, GetPacketTakesWhatTheBatchHasLeft) {
  send(0, kMany);
  DrainBatch batch = peer_->drain();
  ReceivedPacket packet;
  std::span<const std::uint8_t> other;
  for (std::uint32_t i = 0; i < kMany; i += 2) {
    ASSERT_TRUE(batch.next(&packet));
    ASSERT_EQ(number_of(packet.payload), i);
    ASSERT_EQ(peer_->get_packet(&other), Error::OK);
    ASSERT_EQ(number_of(other), i + 1);
    ASSERT_EQ(number_of(packet.payload), i);
  }
  EXPECT_FALSE(batch.next(&packet));
  EXPECT_EQ(batch.count(), kMany / 2);
}

TEST_P(DrainBatchTest, TakesNoMoreThanItsBudget) {
  send(0, kMany);
  EXPECT_EQ(peer_->drain({.max_packets = 0}).count(), 0u);
  std::uint32_t next = 0;
  for (const std::size_t most : {std::size_t{1}, std::size_t{64}, std::size_t{100}}) {
    std::size_t taken = 0;
    for (const ReceivedPacket& packet : peer_->drain({.max_packets = most})) {
      ASSERT_EQ(number_of(packet.payload), next++);
      ++taken;
    }
    EXPECT_EQ(taken, most);
    EXPECT_EQ(peer_->get_available_packet_count(), static_cast<int>(kMany - next));
  }
  // A loop that is left early leaves the rest.
  for (const ReceivedPacket& packet : peer_->drain()) {
    ASSERT_EQ(number_of(packet.payload), next++);
    break;
  }
  EXPECT_EQ(peer_->get_available_packet_count(), static_cast<int>(kMany - next));
  EXPECT_EQ(counted(Counter::kDeliveredPackets), next);
}

TEST_P(DrainBatchTest, EndsWhenItsTimeIsOver) {
  send(0, kMany);
  // A machine that stands still may spend the time before the first packet.
  constexpr int kAttempts = 100;
  std::uint32_t taken = 0;
  for (int attempt = 0; attempt < kAttempts && taken == 0; ++attempt) {
    for ([[maybe_unused]] const ReceivedPacket& packet :
         peer_->drain({.max_time = std::chrono::milliseconds(2)})) {
      ++taken;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  EXPECT_GE(taken, 1u);
  EXPECT_LE(taken, 3u);
}

TEST_P(DrainBatchTest, ASecondBatchIsEmpty) {
  send(0, 2);
  DrainBatch first = peer_->drain();
  ReceivedPacket packet;
  ASSERT_TRUE(first.next(&packet));
  {
    DrainBatch second = peer_->drain();
    EXPECT_FALSE(second.next(&packet));
  }
  EXPECT_TRUE(first.next(&packet));
}

TEST_P(DrainBatchTest, OutlivesItsPeer) {
  send(0, kMany);
  DrainBatch batch = peer_->drain();
  ReceivedPacket packet;
  ASSERT_TRUE(batch.next(&packet));
  peer_->close();
  ReceivedPacket none;
  EXPECT_FALSE(batch.next(&none));
  EXPECT_TRUE(is_numbered_payload(packet.payload, 0));
  EXPECT_EQ(counted(Counter::kDeliveredPackets), 1u);
  EXPECT_EQ(counted(Counter::kDropClosed), kMany - 1);
}

TEST_P(DrainBatchTest, EndsWhenItsPeerIsConnectedAnew) {
  send(0, kMany);
  DrainBatch batch = peer_->drain();
  ReceivedPacket packet;
  ASSERT_TRUE(batch.next(&packet));
  ASSERT_EQ(peer_->connect_to_host("127.0.0.1", sender_->endpoint().port), Error::OK);
  ReceivedPacket none;
  EXPECT_FALSE(batch.next(&none));
  EXPECT_TRUE(is_numbered_payload(packet.payload, 0));
  EXPECT_EQ(counted(Counter::kDropClosed), kMany - 1);
  EXPECT_EQ(peer_->get_available_packet_count(), 0);
}

TEST_P(DrainBatchTest, TakesTrainsApart) {
  if (!send_trains(kMany / kTrain)) GTEST_SKIP() << "this kernel has no UDP_SEGMENT";
  EXPECT_EQ(peer_->get_available_packet_count(), static_cast<int>(kMany));
  std::uint32_t next = 0;
  for (const std::size_t most : {std::size_t{15}, std::size_t{1}, std::size_t{1000}}) {
    for (const ReceivedPacket& packet : peer_->drain({.max_packets = most})) {
      ASSERT_TRUE(is_numbered_payload(packet.payload, next++));
      ASSERT_EQ(packet.payload.size(), kSize);
    }
    ASSERT_EQ(next, std::min<std::size_t>(next, kMany));
    ASSERT_EQ(peer_->get_available_packet_count(), static_cast<int>(kMany - next));
  }
  EXPECT_EQ(next, kMany);
}

TEST_P(DrainBatchTest, ATrainMayBeSharedWithGetPacket) {
  if (!send_trains(kMany / kTrain)) GTEST_SKIP() << "this kernel has no UDP_SEGMENT";
  std::vector<std::span<const std::uint8_t>> views;
  DrainBatch batch = peer_->drain();
  ReceivedPacket packet;
  std::span<const std::uint8_t> other;
  for (std::uint32_t i = 0; i + 3 <= kMany; i += 3) {
    ASSERT_TRUE(batch.next(&packet));
    ASSERT_EQ(number_of(packet.payload), i);
    views.push_back(packet.payload);
    // Which takes a train to its end now and then.
    for (std::uint32_t k = 1; k <= 2; ++k) {
      ASSERT_EQ(peer_->get_packet(&other), Error::OK);
      ASSERT_EQ(number_of(other), i + k);
    }
  }
  for (std::uint32_t i = 0; i < views.size(); ++i) {
    ASSERT_TRUE(is_numbered_payload(views[i], 3 * i)) << i;
  }
}

TEST_P(DrainBatchTest, OfAHalfTakenTrainOutlivesItsPeer) {
  if (!send_trains(2)) GTEST_SKIP() << "this kernel has no UDP_SEGMENT";
  DrainBatch batch = peer_->drain();
  ReceivedPacket packet;
  ASSERT_TRUE(batch.next(&packet));
  ASSERT_TRUE(batch.next(&packet));
  peer_->close();
  EXPECT_TRUE(is_numbered_payload(packet.payload, 1));
  EXPECT_EQ(counted(Counter::kDeliveredPackets), 2u);
  EXPECT_EQ(counted(Counter::kDropClosed), 2 * kTrain - 2);
}

}  // namespace
}  // namespace ringpeer
