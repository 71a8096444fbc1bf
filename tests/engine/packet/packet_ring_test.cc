#include "ringpeer/engine/packet/packet_ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

namespace ringpeer::packet {
namespace {

const std::uint8_t kPayload[1] = {0};

PacketDescriptor packet_of(std::uint16_t size, std::uint16_t segment_size = 0) {
  PacketDescriptor descriptor{};
  descriptor.payload = kPayload;
  descriptor.size = size;
  descriptor.segment_size = segment_size;
  return descriptor;
}

// What a consumer does with the descriptor in front.
void take_front(PacketRing& ring) {
  const PacketDescriptor taken = *ring.consumer().front();
  ring.consumer().take(1, taken.packet_count(), taken.charge());
}

TEST(PacketRing, DepthCountsWhatIsPublishedAndNotTaken) {
  PacketRing ring(8, 10000);
  ring.producer().push(packet_of(10));
  ring.producer().push(packet_of(20));
  EXPECT_EQ(ring.depth(), 0u);
  ring.producer().publish();
  EXPECT_EQ(ring.depth(), 2u);
  take_front(ring);
  EXPECT_EQ(ring.depth(), 1u);
  take_front(ring);
  EXPECT_EQ(ring.depth(), 0u);
  EXPECT_EQ(ring.consumer().front(), nullptr);
}

TEST(PacketRing, DepthCountsTheSegmentsOfATrainOneByOne) {
  PacketRing ring(8, 10000);
  ring.producer().push(packet_of(250, 100));
  ring.producer().push(packet_of(10));
  ring.producer().publish();
  EXPECT_EQ(ring.depth(), 4u);
  PacketDescriptor train = *ring.consumer().front();
  for (std::size_t left = 3; left > 0; --left) {
    const std::size_t size = train.take_packet().size();
    ring.consumer().take(train.size == 0 ? 1 : 0, 1, size + kRecordOverhead);
    EXPECT_EQ(ring.depth(), left);
  }
}

TEST(PacketRing, KnowsWhenItIsHalfFullBySlotsOrByBytes) {
  PacketRing by_slots(8, 10000);
  for (int i = 0; i < 3; ++i) by_slots.producer().push(packet_of(10));
  by_slots.producer().publish();
  EXPECT_FALSE(by_slots.is_half_full());
  by_slots.producer().push(packet_of(10));
  by_slots.producer().publish();
  EXPECT_TRUE(by_slots.is_half_full());

  const std::uint32_t charge = packet_of(100).charge();
  PacketRing by_bytes(1024, 4 * std::uint64_t{charge});
  by_bytes.producer().push(packet_of(100));
  EXPECT_FALSE(by_bytes.is_half_full());
  by_bytes.producer().push(packet_of(100));
  by_bytes.producer().publish();
  EXPECT_TRUE(by_bytes.is_half_full());
  take_front(by_bytes);
  EXPECT_FALSE(by_bytes.is_half_full());
}

TEST(PacketRing, EventsTakeSlotsButAreNoPackets) {
  PacketRing ring(2, 24);
  PacketDescriptor event{};
  event.size = 1;
  EXPECT_TRUE(ring.producer().push_event(event));
  EXPECT_TRUE(ring.producer().has_bytes(24));
  EXPECT_TRUE(ring.producer().push_event(event));
  EXPECT_FALSE(ring.producer().push_event(event));
  EXPECT_FALSE(ring.producer().has_slots());
  ring.producer().publish();
  EXPECT_EQ(ring.depth(), 0u);
  EXPECT_EQ(ring.slots_in_use(), 2u);
}

TEST(PacketRing, IsBoundedInSlots) {
  PacketRing ring(4, 1 << 20);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(ring.producer().has_slots());
    ring.producer().push(packet_of(0));
  }
  EXPECT_FALSE(ring.producer().has_slots());
  EXPECT_TRUE(ring.producer().has_bytes(1000));
  ring.producer().publish();
  take_front(ring);
  EXPECT_TRUE(ring.producer().has_slots());
  EXPECT_FALSE(ring.producer().has_slots(2));
}

TEST(PacketRing, IsBoundedInBytesToTheLastOne) {
  const std::uint32_t charge = packet_of(76).charge();  // 100
  PacketRing ring(64, 250);
  ASSERT_TRUE(ring.producer().has_bytes(charge));
  ring.producer().push(packet_of(76));
  ASSERT_TRUE(ring.producer().has_bytes(charge));
  ring.producer().push(packet_of(76));
  EXPECT_TRUE(ring.producer().has_bytes(50));
  EXPECT_FALSE(ring.producer().has_bytes(51));
  EXPECT_FALSE(ring.producer().has_bytes(charge));
  ring.producer().publish();
  take_front(ring);
  EXPECT_TRUE(ring.producer().has_bytes(150));
  EXPECT_FALSE(ring.producer().has_bytes(151));
}

TEST(PacketRing, APacketLargerThanTheLimitNeverFits) {
  PacketRing ring(64, 100);
  EXPECT_FALSE(ring.producer().has_bytes(101));
  EXPECT_TRUE(ring.producer().has_bytes(100));
}

// The promise that get_available_packet_count makes: what it says can be taken now,
// and it never says a number that never was.
TEST(PacketRingTorture, DepthIsNeverMoreThanCanBeTaken) {
  PacketRing ring(16, 2000);
  std::atomic<bool> producer_done{false};
  std::uint64_t produced = 0;
  std::thread producer([&] {
    std::minstd_rand random(7);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    while (std::chrono::steady_clock::now() < deadline) {
      for (unsigned burst = random() % 4 + 1; burst > 0; --burst) {
        const bool train = random() % 4 == 0;
        const PacketDescriptor packet = train ? packet_of(60, 20) : packet_of(20);
        if (!ring.producer().has_slots() || !ring.producer().has_bytes(packet.charge())) break;
        ring.producer().push(packet);
        produced += packet.packet_count();
      }
      ring.producer().publish();
      if (random() % 8 == 0) std::this_thread::yield();
    }
    producer_done.store(true, std::memory_order_release);
  });

  // 16 slots of at most three packets.
  constexpr std::size_t kMaxPackets = 48;
  std::uint64_t taken = 0;
  std::uint64_t impossible = 0;
  std::uint64_t broken_promises = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    const bool was_done = producer_done.load(std::memory_order_acquire);
    const std::size_t promised = ring.depth();
    if (promised > kMaxPackets) ++impossible;
    std::size_t found = 0;
    while (const PacketDescriptor* front = ring.consumer().front()) {
      found += front->packet_count();
      take_front(ring);
      // Asked right after a take: the moment at which a count that lags behind the
      // ring would go below zero.
      if (ring.depth() > kMaxPackets) ++impossible;
    }
    if (promised <= kMaxPackets && found < promised) ++broken_promises;
    taken += found;
    if (was_done && found == 0) break;
  }
  producer.join();
  EXPECT_GT(produced, 0u);
  EXPECT_EQ(taken, produced);
  EXPECT_EQ(impossible, 0u);
  EXPECT_EQ(broken_promises, 0u);
  EXPECT_EQ(ring.depth(), 0u);
}

}  // namespace
}  // namespace ringpeer::packet
