// Random sequences of every call of the queues of a server's remotes, beside a queue each, without
// memory now and then.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "ringpeer/engine/packet/packet_descriptor.h"
#include "ringpeer/engine/remotes/remote.h"
#include "ringpeer/engine/server/remote_queues.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer::internal {
namespace {

using packet::PacketDescriptor;
using test::Draws;
using worker::Remote;

constexpr std::size_t kRemotes = 5;
const std::array<std::uint8_t, 2048> kPayload{};

struct Waiting {
  PacketDescriptor packet;
  std::uint64_t arrival_us;
};

class QueuesModel final : public test::Model {
 public:
  enum Kind { kPush, kPushTrain, kPushMany, kPushWithoutMemory, kTake, kTakeAll, kPassTime };

  QueuesModel() : models_(kRemotes) {
    for (std::size_t i = 0; i < kRemotes; ++i) {
      remotes_.push_back(std::make_unique<Remote>(net::Endpoint{}, std::uint16_t{0}));
    }
  }

  void step(std::size_t kind, Draws& draws) override {
    const std::size_t which = draws.below(kRemotes);
    switch (kind) {
      case kPush:
        push(which, packet_of(draws.below(100), 0));
        break;
      case kPushTrain:
        push(which, packet_of(draws.below(2000), 1 + draws.below(400)));
        break;
      case kPushMany:
        for (std::size_t i = draws.below(20); i > 0; --i) {
          push((which + i) % kRemotes, packet_of(1, 0));
        }
        break;
      case kPushWithoutMemory:
        push_without_memory(which, packet_of(draws.below(100), 0));
        break;
      case kTake:
        for (std::size_t i = draws.below(6); i > 0; --i) take(which);
        break;
      case kTakeAll:
        while (!models_[which].empty()) take(which);
        break;
      default:
        now_us_ += 1 + (draws.below(1000) << draws.below(30));
    }
    check();
  }
  void end() override {
    for (std::size_t i = 0; i < kRemotes; ++i) {
      while (!models_[i].empty()) take(i);
    }
    check();
  }

 private:
  // Each is another one.
  PacketDescriptor packet_of(std::size_t size, std::size_t segment_size) {
    PacketDescriptor packet{};
    packet.payload = kPayload.data();
    packet.source = kPayload.data() + ++serial_ % kPayload.size();
    packet.size = static_cast<std::uint16_t>(size);
    packet.segment_size = static_cast<std::uint16_t>(segment_size < size ? segment_size : 0);
    packet.received_at_us = static_cast<std::uint32_t>(now_us_);
    return packet;
  }
  static std::size_t waiting(const std::deque<Waiting>& queue) {
    std::size_t sum = 0;
    for (const Waiting& each : queue) sum += each.packet.packet_count();
    return sum;
  }
  std::size_t nodes_in_use() const {
    std::size_t sum = 0;
    for (const auto& model : models_) sum += model.size();
    return sum;
  }
  void record_pushed(std::size_t which, const PacketDescriptor& packet) {
    models_[which].push_back({packet, now_us_});
    most_nodes_ = std::max(most_nodes_, nodes_in_use());
  }

  void push(std::size_t which, const PacketDescriptor& packet) {
    Counter reason = Counter::kDropClosed;
    ASSERT_TRUE(queues_.push(*remotes_[which], packet, now_us_, &reason));
    record_pushed(which, packet);
  }
  // One of those that were in use before is free, or none is to be had.
  void push_without_memory(std::size_t which, const PacketDescriptor& packet) {
    const bool has_free = nodes_in_use() < most_nodes_;
    Counter reason = Counter::kDropClosed;
    bool was_pushed = false;
    bool was_refused = false;
    {
      const test::RefusedMemory refused(true);
      was_pushed = queues_.push(*remotes_[which], packet, now_us_, &reason);
      was_refused = refused.has_refused();
    }
    ASSERT_EQ(was_pushed, !was_refused);
    if (has_free) {
      ASSERT_TRUE(was_pushed) << "a free one is used again";
    }
    if (was_pushed) return record_pushed(which, packet);
    ASSERT_EQ(reason, Counter::kDropNoMemory);
  }
  // As a get does: of a train a packet at a time.
  void take(std::size_t which) {
    Remote& remote = *remotes_[which];
    auto& model = models_[which];
    PacketDescriptor* const front = queues_.front(remote);
    ASSERT_EQ(front == nullptr, model.empty());
    if (front == nullptr) return;
    Waiting& expected = model.front();
    ASSERT_EQ(front->source, expected.packet.source);
    ASSERT_EQ(front->payload, expected.packet.payload);
    ASSERT_EQ(front->size, expected.packet.size);
    ASSERT_EQ(queues_.front_arrival_us(remote), expected.arrival_us);
    front->take_packet();
    expected.packet.take_packet();
    --remote.queued_packets;
    if (front->size > 0) return;
    queues_.pop(remote);
    model.pop_front();
  }

  void check() {
    for (std::size_t i = 0; i < kRemotes; ++i) {
      ASSERT_EQ(remotes_[i]->queued_packets, waiting(models_[i]));
      const PacketDescriptor* const front = queues_.front(*remotes_[i]);
      ASSERT_EQ(front == nullptr, models_[i].empty());
      if (front != nullptr) {
        ASSERT_EQ(front->source, models_[i].front().packet.source);
      }
    }
  }

  std::vector<std::unique_ptr<Remote>> remotes_;
  RemoteQueues queues_;
  std::vector<std::deque<Waiting>> models_;
  std::size_t most_nodes_ = 0;
  std::size_t serial_ = 0;
  std::uint64_t now_us_ = (std::uint64_t{1} << 32) - 100;  // about to need its upper half
};

TEST(RemoteQueuesModelTest, AreAQueueEach) {
  test::ModelPlan plan;
  plan.kinds = {{"push", 4}, {"push_train", 2}, {"push_many", 1}, {"push_without_memory", 1},
                {"take", 4}, {"take_all", 1},   {"pass_time", 1}};
  plan.sequences = 5000;
  plan.make = [](Draws&) { return std::make_unique<QueuesModel>(); };
  run_model(plan);
}

// What waits is bounded, and says so.
TEST(RemoteQueuesTest, RefuseBeyondWhatTheyMayHold) {
  Remote remote({}, 0);
  RemoteQueues queues;
  PacketDescriptor packet{};
  Counter reason = Counter::kDropClosed;
  for (std::size_t i = 0; i < RemoteQueues::kMaxNodes; ++i) {
    packet.received_at_us = static_cast<std::uint32_t>(i);
    ASSERT_TRUE(queues.push(remote, packet, i, &reason));
  }
  packet.received_at_us = 0;
  EXPECT_FALSE(queues.push(remote, packet, 0, &reason));
  EXPECT_EQ(Counter::kDropBudget, reason);
  EXPECT_EQ(RemoteQueues::kMaxNodes, remote.queued_packets);
  --remote.queued_packets;
  queues.pop(remote);
  EXPECT_TRUE(queues.push(remote, packet, 0, &reason));
}

}  // namespace
}  // namespace ringpeer::internal
