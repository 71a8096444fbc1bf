// A stock of buffers through random hands: the kernel's, consumers' who hold packets, give them
// back in runs or make more of them, and the way home. Each buffer has one owner at a time, comes
// home once, and not before its last packet.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "ringpeer/engine/packet/buffer_stock.h"
#include "ringpeer/engine/packet/packet_release.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::packet {
namespace {

using test::Draws;

constexpr std::size_t kSize = 100;
constexpr std::size_t kStride = 128;

class StockModel final : public test::Model {
 public:
  enum Kind { kTake, kIssue, kRetire, kRelease, kMultiply, kAdd, kFlush, kMove, kComeHome };

  explicit StockModel(std::size_t count) : held_(2) {
    EXPECT_TRUE(stock_.make(count, kSize, kStride, MappedMemory::Pages::kSmall, &home_));
    for (std::size_t i = count; i-- > 0;) spare_.insert(spare_.begin(), stock_.at(i));
  }

  void step(std::size_t kind, Draws& draws) override {
    const std::size_t which = draws.below(std::max<std::size_t>(stock_.count(), 1));
    PacketBuffer* const buffer = stock_.at(which);
    switch (kind) {
      case kTake:
        take();
        break;
      case kIssue:
        issue(buffer, 1 + draws.below(5));
        break;
      case kRetire:
        retire(buffer);
        break;
      case kRelease:
        release(buffer, 1 + draws.below(6));
        break;
      case kMultiply:
        if (packets_[buffer] > 0) {
          const std::size_t more = 1 + draws.below(5);
          buffer->add_references(static_cast<std::int64_t>(more));
          packets_[buffer] += more;
        }
        break;
      case kAdd:
        add(buffer, draws.below(2), 1 + draws.below(3));
        break;
      case kFlush:
        flush(draws.below(2));
        break;
      case kMove:
        move(draws.below(2));
        break;
      default:
        come_home();
    }
    check();
  }

  // All lets go, and all are spare again.
  void end() override {
    flush(0);
    flush(1);
    for (std::size_t i = 0; i < stock_.count(); ++i) {
      retire(stock_.at(i));
      release(stock_.at(i), packets_[stock_.at(i)]);
    }
    come_home();
    check();
    ASSERT_EQ(stock_.spare_count(), stock_.count());
  }

 private:
  struct Held {
    PacketBuffer* buffer = nullptr;
    std::size_t packets = 0;
  };

  void take() {
    PacketBuffer* const buffer = stock_.take();
    ASSERT_EQ(buffer == nullptr, spare_.empty());
    if (buffer == nullptr) return;
    ASSERT_EQ(buffer, spare_.back()) << "not the last that came back";
    spare_.pop_back();
    ASSERT_TRUE(stock_.owns(buffer));
    ASSERT_EQ(buffer->home, &home_);
    ASSERT_EQ(buffer->kind, BufferKind::kKernel);
    ASSERT_EQ(buffer->capacity, kSize);
    ASSERT_EQ(buffer->memory, stock_.at(0)->memory + buffer->index * kStride);
    ASSERT_EQ(buffer->issued, 0u);
    ASSERT_EQ(buffer->consumed, 0u);
    std::fill_n(buffer->memory, kSize, static_cast<std::uint8_t>(buffer->index + 1));
    kernels_.insert(buffer);
  }
  // The kernel has written datagrams into it.
  void issue(PacketBuffer* buffer, std::size_t count) {
    if (!kernels_.contains(buffer)) return;
    buffer->issued += static_cast<std::uint32_t>(count);
    packets_[buffer] += count;
  }
  void retire(PacketBuffer* buffer) {
    if (kernels_.erase(buffer) == 0) return;
    buffer->retire();
    if (packets_[buffer] == 0) coming_.push_back(buffer);
  }
  // Those that no PacketRelease holds.
  std::size_t free_packets(PacketBuffer* buffer) {
    std::size_t count = packets_[buffer];
    for (const Held& held : held_) count -= held.buffer == buffer ? held.packets : 0;
    return count;
  }
  void let_go(PacketBuffer* buffer, std::size_t count) {
    packets_[buffer] -= count;
    if (count > 0 && packets_[buffer] == 0 && !kernels_.contains(buffer)) coming_.push_back(buffer);
  }
  void release(PacketBuffer* buffer, std::size_t count) {
    count = std::min(count, free_packets(buffer));
    if (count == 0) return;
    buffer->release(static_cast<std::int64_t>(count));
    let_go(buffer, count);
  }
  void add(PacketBuffer* buffer, std::size_t where, std::size_t count) {
    count = std::min(count, free_packets(buffer));
    if (count == 0) return;
    releases_[where].add(buffer, static_cast<std::int64_t>(count));
    if (held_[where].buffer != buffer) forget(where);
    held_[where].buffer = buffer;
    held_[where].packets += count;
  }
  void forget(std::size_t where) {
    const Held held = held_[where];
    held_[where] = {};
    if (held.buffer != nullptr) let_go(held.buffer, held.packets);
  }
  void flush(std::size_t where) {
    releases_[where].flush();
    forget(where);
  }
  void move(std::size_t from) {
    const std::size_t to = 1 - from;
    const Held moved = held_[from];
    releases_[from].move_to(&releases_[to]);
    held_[from] = {};
    if (moved.buffer == nullptr) return;
    if (held_[to].buffer != moved.buffer) forget(to);
    held_[to].buffer = moved.buffer;
    held_[to].packets += moved.packets;
  }
  void come_home() {
    PacketBuffer* buffer = home_.take_all();
    while (buffer != nullptr) {
      PacketBuffer* const next = buffer->next;
      ASSERT_FALSE(coming_.empty()) << "it has an owner";
      ASSERT_EQ(buffer, coming_.back());
      coming_.pop_back();
      ASSERT_EQ(buffer->memory[0], buffer->index + 1) << "its memory was another's";
      ASSERT_EQ(buffer->memory[kSize - 1], buffer->index + 1);
      stock_.give_back(buffer);
      spare_.push_back(buffer);
      buffer = next;
    }
    ASSERT_TRUE(coming_.empty()) << "a buffer has not come home";
  }
  void check() {
    ASSERT_EQ(stock_.spare_count(), spare_.size());
    ASSERT_FALSE(stock_.owns(stock_.at(0) + stock_.count()));
    ASSERT_FALSE(stock_.owns(&stranger_));
  }

  BufferReturn home_;
  BufferStock stock_;
  PacketBuffer stranger_;
  std::array<PacketRelease, 2> releases_;
  std::vector<PacketBuffer*> spare_;  // the next one last
  std::set<PacketBuffer*> kernels_;
  std::map<PacketBuffer*, std::size_t> packets_;  // that somebody holds
  std::vector<PacketBuffer*> coming_;             // home, the last on top
  std::vector<Held> held_;
};

TEST(PacketBufferModelTest, EachHasOneOwnerAndComesHomeOnce) {
  test::ModelPlan plan;
  plan.kinds = {{"take", 3}, {"issue", 4}, {"retire", 3},  {"release", 4},  {"add_references", 1},
                {"add", 4},  {"flush", 1}, {"move_to", 1}, {"come_home", 1}};
  plan.sequences = 10000;
  plan.make = [](Draws& draws) { return std::make_unique<StockModel>(1 + draws.below(5)); };
  run_model(plan);
}

TEST(BufferStockTest, MakesNoneWhereThereIsNoMemory) {
  BufferReturn home;
  BufferStock stock;
  EXPECT_FALSE(stock.make(1, 100, std::size_t{1} << 60, MappedMemory::Pages::kSmall, &home));
  EXPECT_EQ(0u, stock.count());
  EXPECT_EQ(nullptr, stock.take());
}

}  // namespace
}  // namespace ringpeer::packet
