// Random sequences of every call of a packet ring, refusals included, beside a queue that
// cannot be wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <span>
#include <thread>

#include "ringpeer/engine/packet/packet_ring.h"

namespace ringpeer::packet {
namespace {

constexpr int kSteps = 2000;
const std::array<std::uint8_t, 65536> kPayload{};

PacketDescriptor packet_of(std::uint16_t size, std::uint16_t segment_size) {
  PacketDescriptor descriptor{};
  descriptor.payload = kPayload.data();
  descriptor.size = size;
  descriptor.segment_size = segment_size < size ? segment_size : 0;
  return descriptor;
}

bool are_same(const PacketDescriptor& a, const PacketDescriptor& b) {
  return a.payload == b.payload && a.source == b.source && a.size == b.size &&
         a.segment_size == b.segment_size;
}

class Model {
 public:
  Model(std::size_t capacity, std::uint64_t max_bytes, unsigned seed)
      : capacity_(capacity), max_bytes_(max_bytes), ring_(capacity, max_bytes), random_(seed) {}

  void step() {
    switch (random_() % 10) {
      case 0:
        return ring_.producer().rewind_if_empty();
      case 1:
      case 2:
        return publish();
      case 3:
        return deliver(1);
      case 4:
        return deliver(64);
      case 5:
        return deliver_run(random_() % 64 + 1);
      case 6:
        return push_event();
      case 7:
        return take(random_() % 4 + 1);
      case 8:
        return take(SIZE_MAX);
      default:
        return take_run(random_() % 100 + 1);
    }
  }

  void check() {
    ASSERT_EQ(ring_.slots_in_use(), published_.size());
    ASSERT_EQ(ring_.depth(), packets_in(published_));
    const PacketDescriptor* const front = ring_.consumer().front();
    ASSERT_EQ(front == nullptr, published_.empty());
    if (front != nullptr) {
      ASSERT_TRUE(are_same(*front, published_.front()));
    }
    ASSERT_EQ(ring_.is_nearly_empty(),
              bytes() <= max_bytes_ / 4 && published_.size() <= slots() / 4);
    ASSERT_EQ(ring_.is_half_full(), bytes() >= max_bytes_ / 2 || published_.size() >= slots() / 2);
  }

 private:
  using Queue = std::deque<PacketDescriptor>;

  std::size_t slots() const { return std::bit_ceil(capacity_); }
  std::size_t free_slots() const { return slots() - staged_.size() - published_.size(); }
  static bool is_event(const PacketDescriptor& descriptor) { return descriptor.payload == nullptr; }
  static std::size_t packets_in(const Queue& queue) {
    std::size_t sum = 0;
    for (const PacketDescriptor& d : queue) sum += is_event(d) ? 0 : d.packet_count();
    return sum;
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const Queue* queue : {&staged_, &published_}) {
      for (const PacketDescriptor& d : *queue) sum += is_event(d) ? 0 : d.charge();
    }
    return sum;
  }
  PacketDescriptor any_packet() {
    // Small ones, trains, and some that never fit.
    switch (random_() % 8) {
      case 0:
        return packet_of(40000, 0);
      case 1:
        return packet_of(static_cast<std::uint16_t>(random_() % 2000), 100);
      default:
        return packet_of(static_cast<std::uint16_t>(random_() % 100), 0);
    }
  }

  // As a sink does that looks at each packet.
  void deliver(std::size_t most) {
    for (std::size_t i = 0; i < most; ++i) {
      const PacketDescriptor packet = any_packet();
      const bool fits = bytes() + packet.charge() <= max_bytes_;
      ASSERT_EQ(ring_.producer().has_bytes(packet.charge()), fits);
      ASSERT_EQ(ring_.producer().has_slots(), free_slots() > 0);
      if (!fits || free_slots() == 0) continue;
      ring_.producer().push(packet);
      staged_.push_back(packet);
    }
  }
  // As one does that has room for all.
  void deliver_run(std::size_t count) {
    const PacketDescriptor packet = packet_of(static_cast<std::uint16_t>(random_() % 100), 0);
    const std::uint64_t charge = count * packet.charge();
    const bool fits = free_slots() >= count && bytes() + charge <= max_bytes_;
    ASSERT_EQ(ring_.producer().has_slots(count) && ring_.producer().has_bytes(charge), fits);
    if (!fits) return;
    for (std::size_t left = count; left > 0;) {
      const std::span<PacketDescriptor> places = ring_.producer().next_slots(left);
      std::fill(places.begin(), places.end(), packet);
      ring_.producer().stage_written(places.size());
      left -= places.size();
    }
    ring_.producer().count_staged(count, charge);
    staged_.insert(staged_.end(), count, packet);
  }
  void push_event() {
    PacketDescriptor event{};
    event.size = 1;
    const bool has_room = free_slots() > 0;
    ASSERT_EQ(ring_.producer().push_event(event), has_room);
    if (has_room) staged_.push_back(event);
  }
  void publish() {
    ring_.producer().publish();
    published_.insert(published_.end(), staged_.begin(), staged_.end());
    staged_.clear();
  }

  // One by one, trains in parts.
  void take(std::size_t most) {
    for (std::size_t i = 0; i < most && !published_.empty(); ++i) {
      PacketDescriptor* const front = ring_.consumer().front();
      ASSERT_NE(front, nullptr);
      if (is_event(*front)) {
        ring_.consumer().pop();
        published_.pop_front();
        continue;
      }
      const std::size_t size = front->take_packet().size();
      ring_.consumer().take(front->size == 0 ? 1 : 0, 1, size + kRecordOverhead);
      published_.front().take_packet();
      if (published_.front().size == 0) published_.pop_front();
    }
  }
  void take_run(std::size_t most) {
    const std::span<PacketDescriptor> run = ring_.consumer().front_run(most);
    ASSERT_LE(run.size(), published_.size());
    std::uint64_t packets = 0;
    std::uint64_t charge = 0;
    for (const PacketDescriptor& descriptor : run) {
      ASSERT_TRUE(are_same(descriptor, published_.front()));
      packets += is_event(descriptor) ? 0 : descriptor.packet_count();
      charge += is_event(descriptor) ? 0 : descriptor.charge();
      published_.pop_front();
    }
    ring_.consumer().take(run.size(), packets, charge);
  }

  const std::size_t capacity_;
  const std::uint64_t max_bytes_;
  PacketRing ring_;
  std::minstd_rand random_;
  Queue staged_;
  Queue published_;
};

TEST(PacketRingModel, HoldsWhatWasAdmittedAndNothingElse) {
  for (const std::size_t capacity : {1u, 8u, 1024u, 4096u}) {
    for (const std::uint64_t max_bytes : {std::uint64_t{100}, std::uint64_t{32767}, UINT64_MAX}) {
      for (unsigned seed = 1; seed <= 2; ++seed) {
        SCOPED_TRACE(testing::Message()
                     << "capacity " << capacity << ", bytes " << max_bytes << ", seed " << seed);
        Model model(capacity, max_bytes, seed);
        for (int step = 0; step < kSteps; ++step) {
          model.step();
          model.check();
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

// Every datagram of some runs is refused; the ring is rewound before each run, as sinks do.
TEST(PacketRingTorture, KeepsEveryPacketWhileRunsAreRefused) {
  constexpr std::uint64_t kMaxBytes = 32767;
  PacketRing ring(2048, kMaxBytes);
  std::atomic<bool> producer_done{false};
  std::uint64_t admitted = 0;
  std::thread producer([&] {
    std::minstd_rand random(3);
    std::uintptr_t number = 1;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    while (std::chrono::steady_clock::now() < deadline) {
      ring.producer().rewind_if_empty();
      const std::uint16_t size = random() % 3 == 0 ? 40000 : 8;
      for (unsigned left = random() % 700; left > 0; --left) {
        PacketDescriptor packet = packet_of(size, 0);
        packet.source = reinterpret_cast<const void*>(number);
        if (!ring.producer().has_bytes(packet.charge()) || !ring.producer().has_slots()) continue;
        ring.producer().push(packet);
        ++number;
      }
      ring.producer().publish();
      if (random() % 4 == 0) std::this_thread::yield();
    }
    admitted = number - 1;
    producer_done.store(true, std::memory_order_release);
  });

  std::uintptr_t expected = 1;
  std::uint64_t wrong = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    const bool was_done = producer_done.load(std::memory_order_acquire);
    const PacketDescriptor* front = ring.consumer().front();
    if (front == nullptr && was_done) break;
    for (int i = 0; front != nullptr && i < 10000; ++i, front = ring.consumer().front()) {
      if (front->source != reinterpret_cast<const void*>(expected++)) ++wrong;
      ring.consumer().take(1, 1, front->charge());
    }
  }
  producer.join();
  EXPECT_GT(admitted, 0u);
  EXPECT_EQ(expected - 1, admitted);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(ring.depth(), 0u);
  EXPECT_TRUE(ring.producer().has_bytes(kMaxBytes));
}

}  // namespace
}  // namespace ringpeer::packet
