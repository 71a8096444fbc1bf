#include "ringpeer/engine/packet/packet_buffer.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "ringpeer/engine/packet/packet_release.h"
#include "ringpeer/engine/ring/spsc_ring.h"

namespace ringpeer::packet {
namespace {

std::vector<PacketBuffer*> take(BufferReturn& home) {
  std::vector<PacketBuffer*> buffers;
  for (PacketBuffer* buffer = home.take_all(); buffer != nullptr; buffer = buffer->next) {
    buffers.push_back(buffer);
  }
  return buffers;
}

struct OneBuffer {
  BufferReturn home;
  PacketBuffer buffer;
  OneBuffer() { buffer.home = &home; }
  // As the worker does for each datagram that the kernel put into an open buffer.
  void issue(std::uint32_t n) { buffer.issued += n; }
};

TEST(BufferReturn, GivesBackAllAtOnceTheLatestFirst) {
  BufferReturn home;
  std::array<PacketBuffer, 3> buffers;
  EXPECT_EQ(home.take_all(), nullptr);
  for (PacketBuffer& buffer : buffers) home.push(&buffer);
  EXPECT_EQ(take(home), (std::vector<PacketBuffer*>{&buffers[2], &buffers[1], &buffers[0]}));
  EXPECT_EQ(home.take_all(), nullptr);
}

TEST(PacketBuffer, ComesHomeWithTheLastOfItsReferences) {
  OneBuffer one;
  one.buffer.references.store(3);
  one.buffer.release();
  EXPECT_TRUE(take(one.home).empty());
  one.buffer.release(2);
  EXPECT_EQ(take(one.home).size(), 1u);
}

TEST(PacketBuffer, StaysWithTheKernelWhileItIsOpen) {
  OneBuffer one;
  one.buffer.open();
  one.issue(2);
  one.buffer.release(2);
  EXPECT_TRUE(take(one.home).empty()) << "the kernel may still write into it";
  one.issue(1);
  one.buffer.retire();
  EXPECT_TRUE(take(one.home).empty()) << "one datagram is still out";
  one.buffer.release();
  EXPECT_EQ(take(one.home).size(), 1u);
}

TEST(PacketBuffer, ComesHomeFromRetireWhenAllDatagramsAreBack) {
  OneBuffer one;
  one.buffer.open();
  one.issue(5);
  one.buffer.release(5);
  one.buffer.retire();
  EXPECT_EQ(take(one.home).size(), 1u);
}

TEST(PacketBuffer, RetiredUnusedComesHomeAtOnce) {
  OneBuffer one;
  one.buffer.open();
  one.buffer.retire();
  EXPECT_EQ(take(one.home).size(), 1u);
}

TEST(PacketBuffer, OpenForgetsTheLastUse) {
  OneBuffer one;
  one.buffer.open();
  one.issue(4);
  one.buffer.consumed = 1000;
  one.buffer.retire();
  one.buffer.release(4);
  ASSERT_EQ(take(one.home).size(), 1u);
  one.buffer.open();
  EXPECT_EQ(one.buffer.issued, 0u);
  EXPECT_EQ(one.buffer.consumed, 0u);
  one.buffer.retire();
  EXPECT_EQ(take(one.home).size(), 1u);
}

TEST(PacketRelease, GivesARunBackInOneGo) {
  OneBuffer a;
  OneBuffer b;
  a.buffer.references.store(3);
  b.buffer.references.store(1);
  PacketRelease release;
  release.add(&a.buffer);
  release.add(&a.buffer);
  EXPECT_EQ(a.buffer.references.load(), 3) << "nothing is given back inside a run";
  release.add(&b.buffer);
  EXPECT_EQ(a.buffer.references.load(), 1);
  release.add(&a.buffer);
  EXPECT_EQ(take(b.home).size(), 1u);
  EXPECT_TRUE(take(a.home).empty());
  release.flush();
  EXPECT_EQ(take(a.home).size(), 1u);
  release.flush();
  EXPECT_TRUE(take(a.home).empty()) << "flushed twice";
}

TEST(PacketRelease, GivesBackWhatItHoldsWhenItEnds) {
  OneBuffer one;
  one.buffer.references.store(2);
  {
    PacketRelease release;
    release.add(&one.buffer);
    release.add(&one.buffer);
  }
  EXPECT_EQ(take(one.home).size(), 1u);
}

TEST(PacketRelease, IgnoresPacketsWithoutABuffer) {
  OneBuffer one;
  one.buffer.references.store(1);
  PacketRelease release;
  release.add(nullptr);
  release.add(&one.buffer);
  release.add(nullptr);
  EXPECT_EQ(take(one.home).size(), 1u);
}

// The owner opens buffers, hands datagrams of them to several threads and retires
// them while those give back: every buffer must come home once, never while a
// datagram of it is out.
class PacketBufferTorture : public testing::Test {
 protected:
  static constexpr std::size_t kConsumers = 3;
  static constexpr std::size_t kBuffers = 8;
  static constexpr std::uint32_t kPerBuffer = 24;

  struct Tracked {
    PacketBuffer buffer;
    std::atomic<int> out{0};  // its datagrams that a consumer has not given back
  };

  PacketBufferTorture() {
    for (Tracked& entry : tracked_) {
      entry.buffer.home = &home_;
      entry.buffer.index = static_cast<std::uint16_t>(&entry - tracked_.data());
      free_.push_back(&entry);
    }
    for (std::size_t i = 0; i < kConsumers; ++i) {
      rings_.push_back(std::make_unique<ring::SpscRing<Tracked*>>(64));
    }
    for (std::size_t i = 0; i < kConsumers; ++i) {
      consumers_.emplace_back([this, i] { consume(*rings_[i], i == 0); });
    }
  }

  // One consumer's thread: takes datagrams until the owner is done and its ring is empty.
  void consume(ring::SpscRing<Tracked*>& ring, bool one_by_one) {
    PacketRelease release;
    for (;;) {
      const bool was_done = done_.load(std::memory_order_acquire);
      const bool any = give_back_all(ring, one_by_one ? nullptr : &release);
      release.flush();
      if (!any && was_done) return;
      if (!any) std::this_thread::yield();
    }
  }

  // What waits in the ring, in runs, or one by one without a release. True when there was any.
  static bool give_back_all(ring::SpscRing<Tracked*>& ring, PacketRelease* release) {
    bool any = false;
    while (Tracked* const* item = ring.front()) {
      Tracked* const taken = *item;
      ring.pop();
      taken->out.fetch_sub(1, std::memory_order_relaxed);
      if (release == nullptr) {
        taken->buffer.release();
      } else {
        release->add(&taken->buffer);
      }
      any = true;
    }
    return any;
  }

  // The owner's: opens a free buffer, hands its datagrams round, and retires it.
  void use_one_buffer() {
    Tracked* const entry = free_.back();
    free_.pop_back();
    entry->buffer.open();
    ++opened_;
    for (std::uint32_t n = 0; n < kPerBuffer; ++n) {
      auto& ring = *rings_[turn_++ % kConsumers];
      entry->out.fetch_add(1, std::memory_order_relaxed);
      ++entry->buffer.issued;
      while (!ring.push(entry)) std::this_thread::yield();
      ring.publish();
    }
    entry->buffer.retire();
  }

  // The owner's: takes the buffers that have come home.
  void reclaim() {
    for (PacketBuffer* buffer = home_.take_all(); buffer != nullptr;) {
      PacketBuffer* const next = buffer->next;
      Tracked& entry = tracked_[buffer->index];
      if (entry.out.load(std::memory_order_relaxed) != 0) ++returned_while_out_;
      free_.push_back(&entry);
      ++returned_;
      buffer = next;
    }
  }

  void finish() {
    done_.store(true, std::memory_order_release);
    for (std::thread& consumer : consumers_) consumer.join();
    reclaim();
  }

  BufferReturn home_;
  std::array<Tracked, kBuffers> tracked_;
  std::vector<Tracked*> free_;
  std::vector<std::unique_ptr<ring::SpscRing<Tracked*>>> rings_;
  std::vector<std::thread> consumers_;
  std::atomic<bool> done_{false};
  std::size_t turn_ = 0;
  std::uint64_t opened_ = 0;
  std::uint64_t returned_ = 0;
  std::uint64_t returned_while_out_ = 0;
};

TEST_F(PacketBufferTorture, EveryBufferComesHomeExactlyOnce) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(400);
  while (std::chrono::steady_clock::now() < deadline) {
    reclaim();
    if (free_.empty()) {
      std::this_thread::yield();
    } else {
      use_one_buffer();
    }
  }
  finish();
  EXPECT_GT(opened_, std::uint64_t{kBuffers});
  EXPECT_EQ(returned_, opened_);
  EXPECT_EQ(free_.size(), tracked_.size());
  EXPECT_EQ(returned_while_out_, 0u);
}

}  // namespace
}  // namespace ringpeer::packet
