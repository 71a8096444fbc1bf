// What the calls of an engine without threads ask of the kernel.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer {
namespace {

constexpr std::size_t kSize = 40;
constexpr std::chrono::milliseconds kBudget(1);

class InlineLooksTest : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.backend = GetParam();
    options.workers = 0;
    options.latency_budget = kBudget;
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    peer_ = std::make_unique<PacketPeerUDP>(engine_);
    ASSERT_EQ(peer_->bind(0, "127.0.0.1"), Error::OK);
    sender_.emplace(static_cast<std::uint16_t>(peer_->get_local_port()));
  }

  void send(std::uint32_t packets) {
    for (std::uint32_t i = 0; i < packets; ++i) ASSERT_TRUE(sender_->send_numbered(i, kSize));
  }
  std::uint64_t received() const { return engine_->counters()[Counter::kReceivedPackets]; }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<PacketPeerUDP> peer_;
  std::optional<test::Sender> sender_;
};
INSTANTIATE_TEST_SUITE_P(Backends, InlineLooksTest, test::every_backend(), test::backend_name);

// Else the next frame finds what had come when this one ended.
TEST_P(InlineLooksTest, ADrainOfNothingReceivesNothing) {
  EXPECT_EQ(peer_->get_available_packet_count(), 0);
  send(1);
  EXPECT_EQ(peer_->drain({.max_packets = 0}).count(), 0u);
  EXPECT_EQ(received(), 0u);
  send(2);
  EXPECT_EQ(peer_->get_available_packet_count(), 3);
}

TEST_P(InlineLooksTest, TheFirstLookOfAFrameFindsMoreThanWasLeft) {
  send(2);
  EXPECT_EQ(peer_->get_available_packet_count(), 2);
  send(3);
  std::this_thread::sleep_for(2 * kBudget);
  EXPECT_EQ(peer_->get_available_packet_count(), 5);
}

// Who takes what waits pays a system call for each look otherwise.
TEST_P(InlineLooksTest, ALoopThatTakesReceivesNothingBeforeTheRingIsEmpty) {
  send(2);
  EXPECT_EQ(peer_->get_available_packet_count(), 2);
  send(3);
  std::this_thread::sleep_for(2 * kBudget);
  for (int left = 1; left >= 0; --left) {
    peer_->get_packet();
    EXPECT_EQ(received(), 2u);
    if (left > 0) {
      EXPECT_EQ(peer_->get_available_packet_count(), left);
    }
  }
  EXPECT_EQ(peer_->get_available_packet_count(), 3);
}

}  // namespace
}  // namespace ringpeer
