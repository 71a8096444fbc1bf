// The chunks of a send queue in every interleaving: the stack of those that nobody uses, and the
// count that says when all packets of one are sent.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ringpeer/engine/ring/spsc_ring.h"
#include "ringpeer/engine/send/send_chunk_stack.h"
#include "ringpeer/tests/interleaving/explorer.h"
#include "ringpeer/tests/interleaving/trials.h"

namespace ringpeer::worker {
namespace {

using interleaving::expect;
using interleaving::Scenario;
using interleaving::Trial;
using interleaving::Trials;

// A few chunks of a byte each, all of them on the stack.
class Chunks {
 public:
  static constexpr std::size_t kMost = 3;

  explicit Chunks(std::size_t count) : count_(count) {
    for (std::size_t i = count; i-- > 0;) {
      chunks_[i].index = static_cast<std::uint32_t>(i);
      chunks_[i].bytes = &bytes_[i];
      stack_.push(&chunks_[i]);
    }
  }

  SendChunk* take() {
    return stack_.pop([this](std::size_t i) -> SendChunk& { return chunks_.at(i); });
  }
  void give_back(SendChunk* chunk) { stack_.push(chunk); }

  // A chunk is nobody else's while it is taken.
  static void use(SendChunk* chunk, std::uint8_t mine) {
    *chunk->bytes = mine;
    expect(*chunk->bytes == mine, "what was written");
  }
  void take_use_and_give_back(std::uint8_t mine, int times) {
    for (int i = 0; i < times; ++i) {
      SendChunk* const chunk = take();
      if (chunk == nullptr) continue;
      use(chunk, mine);
      give_back(chunk);
    }
  }
  // Two at a time, given back in the order in which they came: what was below is then above.
  void swap_two(std::uint8_t mine) {
    SendChunk* const first = take();
    SendChunk* const second = take();
    for (SendChunk* const chunk : {first, second}) {
      if (chunk == nullptr) continue;
      use(chunk, mine);
      give_back(chunk);
    }
  }

  void expect_all_there() {
    std::array<bool, kMost> is_seen{};
    for (std::size_t i = 0; i < count_; ++i) {
      const SendChunk* const chunk = take();
      expect(chunk != nullptr && !is_seen.at(chunk->index), "each is there once");
      is_seen.at(chunk->index) = true;
    }
    expect(take() == nullptr, "and no more");
  }

 private:
  SendChunkStack stack_;
  std::array<SendChunk, kMost> chunks_;
  std::array<std::uint8_t, kMost> bytes_{};
  std::size_t count_;
};

// One thread puts packets of a byte, into one chunk after another, and the worker sends them. As
// SendLane and SendStore do it, with a chunk that is full after kPackets.
class Lane {
 public:
  static constexpr int kPackets = 1;

  explicit Lane(Chunks& chunks) : chunks_(chunks) {}

  // ---- The thread's.
  void put(int count) {
    for (int i = 0; i < count; ++i) {
      if ((chunk_ == nullptr || issued_ == kPackets) && !change_chunk()) continue;
      *chunk_->bytes = kWritten;
      expect(items_.push(chunk_), "room");
      items_.publish();
      ++issued_;
      ++put_;
    }
  }
  void leave() {
    if (chunk_ != nullptr) release(chunk_, kOpen - issued_);
    chunk_ = nullptr;
  }

  // ---- The worker's.
  void send(int looks) {
    for (int i = 0; i < looks; ++i) {
      SendChunk** const front = items_.front();
      if (front == nullptr) continue;
      SendChunk* const chunk = *front;
      items_.pop();
      expect(*chunk->bytes == kWritten, "what was put");
      release(chunk, 1);
      ++sent_;
    }
  }

  // ---- At the end.
  void expect_all_sent() {
    send(put_ - sent_);
    leave();
    chunks_.expect_all_there();
  }

 private:
  static constexpr std::uint32_t kOpen = 1 << 16;
  static constexpr std::uint8_t kWritten = 7;

  bool change_chunk() {
    if (chunk_ != nullptr && kOpen - chunk_->left() != issued_) {
      SendChunk* const next = chunks_.take();
      if (next == nullptr) return false;
      release(chunk_, kOpen - issued_);
      chunk_ = next;
    } else if (chunk_ == nullptr) {
      chunk_ = chunks_.take();
      if (chunk_ == nullptr) return false;
    }
    chunk_->pending.store(kOpen, std::memory_order_relaxed);
    issued_ = 0;
    return true;
  }
  void release(SendChunk* chunk, std::uint32_t count) {
    if (!chunk->let_go(count)) return;
    *chunk->bytes = 0;  // as the next that takes it may
    chunks_.give_back(chunk);
  }

  Chunks& chunks_;
  ring::SpscRing<SendChunk*> items_{4};
  SendChunk* chunk_ = nullptr;
  std::uint32_t issued_ = 0;
  int put_ = 0;
  int sent_ = 0;  // the worker's
};

Trials stack_trials() {
  return {
      {"one chunk, two threads",
       [](Scenario& test) {
         auto& chunks = test.make<Chunks>(std::size_t{1});
         for (std::uint8_t i = 0; i < 2; ++i) {
           test.thread([&, i] { chunks.take_use_and_give_back(i, 1); });
         }
         test.at_end([&] { chunks.expect_all_there(); });
       },
       1},
      {"one chunk, two threads, twice each",
       [](Scenario& test) {
         auto& chunks = test.make<Chunks>(std::size_t{1});
         for (std::uint8_t i = 0; i < 2; ++i) {
           test.thread([&, i] { chunks.take_use_and_give_back(i, 2); });
         }
         test.at_end([&] { chunks.expect_all_there(); });
       }},
      {"three chunks, two that swap while one takes",
       [](Scenario& test) {
         auto& chunks = test.make<Chunks>(std::size_t{3});
         test.thread([&] { chunks.take_use_and_give_back(1, 1); });
         test.thread([&] { chunks.swap_two(2); });
         test.at_end([&] { chunks.expect_all_there(); });
       }},
      {"one chunk, three threads",
       [](Scenario& test) {
         auto& chunks = test.make<Chunks>(std::size_t{1});
         for (std::uint8_t i = 0; i < 3; ++i) {
           test.thread([&, i] { chunks.take_use_and_give_back(i, 1); });
         }
         test.at_end([&] { chunks.expect_all_there(); });
       }},
  };
}

Trials lane_trials() {
  return {
      {"two packets through two chunks",
       [](Scenario& test) {
         auto& chunks = test.make<Chunks>(std::size_t{2});
         auto& lane = test.make<Lane>(chunks);
         test.thread([&] { lane.put(2); });
         test.thread([&] { lane.send(2); });
         test.at_end([&] { lane.expect_all_sent(); });
       }},
      {"a packet, and the end of the thread",
       [](Scenario& test) {
         auto& chunks = test.make<Chunks>(std::size_t{1});
         auto& lane = test.make<Lane>(chunks);
         test.thread([&] {
           lane.put(1);
           lane.leave();
         });
         test.thread([&] { lane.send(1); });
         test.at_end([&] { lane.expect_all_sent(); });
       }},
      {"a chunk that another thread takes next",
       [](Scenario& test) {
         auto& chunks = test.make<Chunks>(std::size_t{1});
         auto& lane = test.make<Lane>(chunks);
         test.thread([&] {
           lane.put(1);
           lane.leave();
         });
         test.thread([&] { lane.send(1); });
         test.thread([&] { chunks.take_use_and_give_back(9, 1); });
         test.at_end([&] { lane.expect_all_sent(); });
       }},
      {"three packets through two chunks",
       [](Scenario& test) {
         auto& chunks = test.make<Chunks>(std::size_t{2});
         auto& lane = test.make<Lane>(chunks);
         test.thread([&] { lane.put(3); });
         test.thread([&] { lane.send(3); });
         test.at_end([&] { lane.expect_all_sent(); });
       }},
  };
}

Trials trials() {
  Trials all = stack_trials();
  for (const Trial& trial : lane_trials()) all.push_back(trial);
  return all;
}

TEST(SendChunkInterleavings, AreAllRightAndNeedEveryOrder) {
  interleaving::expect_right_and_tight(trials(), {"send_chunk_stack.h", "send_item.h"});
}

}  // namespace
}  // namespace ringpeer::worker
