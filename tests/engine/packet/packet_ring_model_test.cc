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
#include <memory>
#include <random>
#include <span>
#include <thread>

#include "ringpeer/engine/packet/packet_ring.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::packet {
namespace {

using test::Draws;

const std::array<std::uint8_t, 65536> kPayload{};

PacketDescriptor packet_of(std::size_t size, std::uint16_t segment_size) {
  PacketDescriptor descriptor{};
  descriptor.payload = kPayload.data();
  descriptor.size = static_cast<std::uint16_t>(size);
  descriptor.segment_size = segment_size < size ? segment_size : 0;
  return descriptor;
}

// What a receive buffer is charged: said here once more, in another way.
std::uint64_t charge_of(const PacketDescriptor& packet) {
  std::uint64_t charge = 0;
  for (PacketDescriptor left = packet;;) {
    charge += left.take_packet().size() + kRecordOverhead;
    if (left.size == 0) return charge;
  }
}

class RingModel final : public test::Model {
 public:
  enum Kind { kRewind, kPublish, kDeliver, kDeliverRun, kPushEvent, kTake, kTakeRun, kPassTime };

  RingModel(std::size_t capacity, std::uint64_t max_bytes)
      : slots_(std::bit_ceil(capacity)), max_bytes_(max_bytes), ring_(capacity, max_bytes) {}

  void step(std::size_t kind, Draws& draws) override {
    do_it(static_cast<Kind>(kind), draws);
    check();
  }
  // Nothing is lost or left over, and a ring that is empty takes what it took at first.
  void end() override {
    publish();
    while (!published_.empty()) take(1);
    check();
    ASSERT_TRUE(ring_.producer().has_slots(slots_));
    ASSERT_FALSE(ring_.producer().has_slots(slots_ + 1));
    ASSERT_TRUE(ring_.producer().has_bytes(max_bytes_));
    ASSERT_EQ(ring_.producer().has_bytes(max_bytes_ + 1), max_bytes_ >= kTakesAnyDatagram);
    ASSERT_TRUE(ring_.producer().has_bytes_for_run(max_bytes_));
    ASSERT_FALSE(ring_.producer().has_bytes_for_run(max_bytes_ + 1));
  }

 private:
  using Queue = std::deque<PacketDescriptor>;

  void do_it(Kind kind, Draws& draws) {
    switch (kind) {
      case kRewind:
        return ring_.producer().rewind_if_empty();
      case kPublish:
        return publish();
      case kDeliver:
        return deliver(1 + draws.below(40), draws);
      case kDeliverRun:
        return deliver_run(1 + draws.below(64), draws.below(100));
      case kPushEvent:
        return push_event();
      case kTake:
        return take(1 + draws.below(40));
      case kTakeRun:
        return take_run(1 + draws.below(100));
      case kPassTime:
        now_us_ += draws.below(4) << draws.below(32);
    }
  }

  void check() {
    ASSERT_EQ(ring_.slots_in_use(), published_.size());
    ASSERT_EQ(ring_.consumer().slots_in_use(), published_.size());
    ASSERT_EQ(ring_.depth(), packets_in(published_));
    ASSERT_EQ(ring_.is_nearly_empty(),
              bytes() <= max_bytes_ / 4 && published_.size() <= slots_ / 4);
    ASSERT_EQ(ring_.is_half_full(), bytes() >= max_bytes_ / 2 || published_.size() >= slots_ / 2);
  }

  std::size_t free_slots() const { return slots_ - staged_.size() - published_.size(); }
  static bool is_event(const PacketDescriptor& descriptor) { return descriptor.payload == nullptr; }
  static std::size_t packets_in(const Queue& queue) {
    std::size_t sum = 0;
    for (PacketDescriptor d : queue) {
      while (!is_event(d)) {
        ++sum;
        d.take_packet();
        if (d.size == 0) break;
      }
    }
    return sum;
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const Queue* queue : {&staged_, &published_}) {
      for (const PacketDescriptor& d : *queue) sum += is_event(d) ? 0 : charge_of(d);
    }
    return sum;
  }
  // Each is another one, and its time of arrival is now.
  PacketDescriptor marked(PacketDescriptor descriptor) {
    descriptor.source = kPayload.data() + ++serial_ % kPayload.size();
    descriptor.received_at_us = static_cast<std::uint32_t>(now_us_);
    return descriptor;
  }
  // Small ones, trains, and some that seldom fit.
  PacketDescriptor any_packet(Draws& draws) {
    switch (draws.below(8)) {
      case 6:
        return marked(packet_of(draws.below(2000), 100));
      case 7:
        return marked(packet_of(draws.one_in(2) ? 65535 : 40000, 0));
      default:
        return marked(packet_of(draws.below(100), 0));
    }
  }

  // As a sink does that looks at each packet.
  void deliver(std::size_t most, Draws& draws) {
    for (std::size_t i = 0; i < most; ++i) {
      const PacketDescriptor packet = any_packet(draws);
      const std::uint64_t charge = charge_of(packet);
      const bool fits =
          bytes() + charge <= max_bytes_ || (bytes() == 0 && max_bytes_ >= kTakesAnyDatagram);
      ASSERT_EQ(packet.charge(), charge);
      ASSERT_EQ(ring_.producer().has_bytes(charge), fits);
      ASSERT_EQ(ring_.producer().has_slots(), free_slots() > 0);
      if (!fits || free_slots() == 0) continue;
      ring_.producer().push(packet);
      staged_.push_back(packet);
    }
  }
  // As one does that has room for all.
  void deliver_run(std::size_t count, std::size_t size) {
    const PacketDescriptor packet = packet_of(size, 0);
    const std::uint64_t charge = count * charge_of(packet);
    const bool has_bytes = bytes() + charge <= max_bytes_;
    ASSERT_EQ(ring_.producer().has_slots(count), free_slots() >= count);
    ASSERT_EQ(ring_.producer().has_bytes_for_run(charge), has_bytes);
    if (!has_bytes || free_slots() < count) return;
    for (std::size_t left = count; left > 0;) {
      const std::span<PacketDescriptor> places = ring_.producer().next_slots(left);
      for (PacketDescriptor& place : places) {
        place = marked(packet);
        staged_.push_back(place);
      }
      ring_.producer().stage_written(places.size());
      left -= places.size();
    }
    ring_.producer().count_staged(count, charge);
  }
  void push_event() {
    PacketDescriptor event{};
    event.size = 1;
    event = marked(event);
    const bool has_room = free_slots() > 0;
    ASSERT_EQ(ring_.producer().push_event(event), has_room);
    if (has_room) staged_.push_back(event);
  }
  // The time of what is published now may be one that the consumer learns of later.
  void publish() {
    ring_.producer().record_time(now_us_);
    ring_.producer().publish();
    published_.insert(published_.end(), staged_.begin(), staged_.end());
    staged_.clear();
  }

  void check_same(const PacketDescriptor& real, const PacketDescriptor& model) {
    ASSERT_EQ(real.payload, model.payload);
    ASSERT_EQ(real.source, model.source);
    ASSERT_EQ(real.size, model.size);
    ASSERT_EQ(real.segment_size, model.segment_size);
    ASSERT_EQ(real.received_at_us, model.received_at_us);
    ASSERT_LE(ring_.consumer().seen_at_us(), now_us_);
    const std::uint64_t arrival = ring_.consumer().arrival_us(real.received_at_us);
    ASSERT_EQ(static_cast<std::uint32_t>(arrival), real.received_at_us);
    ASSERT_LE(arrival, ring_.consumer().seen_at_us());
    ASSERT_GT(arrival + (std::uint64_t{1} << 32), ring_.consumer().seen_at_us());
  }
  // One by one, trains in parts.
  void take(std::size_t most) {
    for (std::size_t i = 0; i < most; ++i) {
      PacketDescriptor* const front = ring_.consumer().front();
      ASSERT_EQ(front == nullptr, published_.empty());
      if (front == nullptr) return;
      check_same(*front, published_.front());
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
    ASSERT_EQ(run.empty(), published_.empty());
    ASSERT_LE(run.size(), std::min(most, published_.size()));
    std::uint64_t packets = 0;
    std::uint64_t charge = 0;
    for (const PacketDescriptor& descriptor : run) {
      check_same(descriptor, published_.front());
      packets += is_event(descriptor) ? 0 : descriptor.packet_count();
      charge += is_event(descriptor) ? 0 : descriptor.charge();
      published_.pop_front();
    }
    ring_.consumer().take(run.size(), packets, charge);
  }

  const std::size_t slots_;
  const std::uint64_t max_bytes_;
  PacketRing ring_;
  std::size_t serial_ = 0;
  std::uint64_t now_us_ = (std::uint64_t{1} << 32) - 10;  // about to wrap in a descriptor
  Queue staged_;
  Queue published_;
};

TEST(PacketRingModelTest, HoldsWhatWasAdmittedAndNothingElse) {
  test::ModelPlan plan;
  plan.kinds = {{"rewind_if_empty", 1}, {"publish", 3}, {"deliver", 2},  {"deliver_run", 2},
                {"push_event", 1},      {"take", 2},    {"take_run", 2}, {"pass_time", 1}};
  plan.sequences = 3000;
  plan.make = [](Draws& draws) {
    constexpr std::array<std::size_t, 6> kCapacities{1, 2, 8, 60, 600, 2048};
    constexpr std::array<std::uint64_t, 5> kBytes{100, 1000, 32767, kTakesAnyDatagram,
                                                  UINT64_MAX / 2};
    const std::size_t capacity = draws.one_of(kCapacities);
    return std::make_unique<RingModel>(capacity, draws.one_of(kBytes));
  };
  run_model(plan);
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
