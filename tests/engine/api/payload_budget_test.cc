// The payload budget is a bound on memory, and all of it can be used, by packets of any size.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer {
namespace {

constexpr std::uint32_t kTooMany = 400000;

// A batch is lent or copied as a whole: of two runs one may have lent a few more.
constexpr std::uint32_t kFewBatches = 4 * 64;

class PayloadBudgetTest : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    if (open(kMinPayloadBudgetPerWorker) == nullptr) GTEST_SKIP() << message_;
  }

  std::shared_ptr<Engine> open(std::size_t budget) {
    EngineOptions options;
    options.backend = GetParam();
    options.payload_budget = budget;
    return Engine::create(options, nullptr, &message_);
  }

  static void send(Engine& engine, const test::Sender& sender, std::uint32_t count,
                   std::size_t size) {
    for (std::uint32_t i = 0; i < count; ++i) ASSERT_TRUE(sender.send_numbered(i, size));
    ASSERT_EQ(engine.sync(), Error::OK);
  }

  // How many packets of that size wait, behind one of another size, when the first is dropped
  // for want of memory: in the kernel's buffers and in the budget.
  std::uint32_t most_waiting(std::size_t budget, std::size_t size, std::size_t first = 0) {
    const auto engine = open(budget);
    PacketPeerUDP other(engine);
    PacketPeerUDP peer(engine);
    EXPECT_EQ(other.bind(0, "127.0.0.1"), Error::OK);
    EXPECT_EQ(peer.bind(0, "127.0.0.1", 64 << 20), Error::OK);
    const test::Sender to_other(static_cast<std::uint16_t>(other.get_local_port()));
    const test::Sender to_peer(static_cast<std::uint16_t>(peer.get_local_port()));
    if (first > 0) send(*engine, to_other, 1, first);
    const auto dropped = [&engine] { return engine->counters()[Counter::kDropBudget]; };
    for (std::uint32_t sent = 0; dropped() == 0 && sent < kTooMany; sent += 64) {
      send(*engine, to_peer, 64, size);
    }
    EXPECT_GT(dropped(), 0u);
    EXPECT_EQ(engine->counters().dropped_packets(), dropped());
    return static_cast<std::uint32_t>(peer.get_available_packet_count());
  }

  std::string message_;
};

TEST_P(PayloadBudgetTest, IsUsedToTheLastBlock) {
  constexpr std::size_t kSmall = kMinPayloadBudgetPerWorker;
  constexpr std::size_t kLarge = 4 * kMinPayloadBudgetPerWorker;
  struct Size {
    std::size_t payload;
    std::size_t block;  // with header and address, up to a power of two
  };
  for (const Size size : {Size{4, 128}, Size{36, 128}, Size{100, 256}, Size{1200, 2048}}) {
    SCOPED_TRACE(size.payload);
    // What the kernel's buffers hold is the same for both.
    const std::uint32_t more =
        most_waiting(kLarge, size.payload) - most_waiting(kSmall, size.payload);
    EXPECT_NEAR(more, (kLarge - kSmall) / size.block, kFewBatches);
  }
}

// One packet of another size that waits takes what it takes, and no more.
TEST_P(PayloadBudgetTest, IsNotSpoiltByAPacketOfAnotherSize) {
  constexpr std::size_t kBudget = kMinPayloadBudgetPerWorker;
  for (const std::size_t first : {std::size_t{4}, std::size_t{3000}, std::size_t{30000}}) {
    for (const std::size_t size : {std::size_t{4}, std::size_t{1200}}) {
      SCOPED_TRACE(testing::Message() << size << " bytes behind " << first);
      const std::uint32_t alone = most_waiting(kBudget, size);
      const std::uint32_t behind = most_waiting(kBudget, size, first);
      // The share of the one, be it of the kernel's buffers or of the budget.
      EXPECT_GE(behind + first / 32 + kFewBatches, alone);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, PayloadBudgetTest, test::every_backend(), test::backend_name);

}  // namespace
}  // namespace ringpeer
