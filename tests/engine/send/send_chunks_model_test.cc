// Random sequences of every call of the chunks of a send queue, beside a stack, without memory for
// more of them now and then.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "ringpeer/engine/send/send_chunks.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer::worker {
namespace {

using test::Draws;

class ChunksModel final : public test::Model {
 public:
  enum Kind { kTake, kTakeMany, kGiveBack, kGiveBackMany, kMakeRoom, kMakeRoomWithoutMemory };

  void step(std::size_t kind, Draws& draws) override {
    switch (kind) {
      case kTake:
        take();
        break;
      case kTakeMany:
        for (std::size_t left = draws.below(800); left > 0; --left) take();
        break;
      case kGiveBack:
        give_back(draws.below(1000));
        break;
      case kGiveBackMany:
        for (std::size_t left = draws.below(800); left > 0; --left) give_back(draws.below(1000));
        break;
      case kMakeRoom:
        make_room(draws.below(200), false);
        break;
      default:
        make_room(draws.below(200), true);
    }
  }
  // Every one can be had, once.
  void end() override {
    while (!taken_.empty()) give_back(0);
    for (std::size_t i = 0; i < room_; ++i) take();
    ASSERT_EQ(taken_.size(), room_);
    ASSERT_EQ(chunks_.take(), nullptr);
  }

 private:
  void take() {
    SendChunk* const chunk = chunks_.take();
    ASSERT_EQ(chunk == nullptr, taken_.size() == room_);
    if (chunk == nullptr) return;
    ASSERT_TRUE(in_use_.insert(chunk).second) << "it is in use";
    if (!free_.empty()) {
      ASSERT_EQ(chunk, free_.back()) << "not the last that came back";
      free_.pop_back();
    }
    ASSERT_FALSE(chunk->from_heap);
    // All of it is this chunk's alone.
    std::memcpy(chunk->bytes, &chunk, sizeof(chunk));
    std::memcpy(chunk->bytes + SendChunks::kChunkSize - sizeof(chunk), &chunk, sizeof(chunk));
    taken_.push_back(chunk);
  }
  void give_back(std::size_t which) {
    if (taken_.empty()) return;
    std::swap(taken_[which % taken_.size()], taken_.back());
    SendChunk* const chunk = taken_.back();
    taken_.pop_back();
    in_use_.erase(chunk);
    ASSERT_EQ(std::memcmp(chunk->bytes, &chunk, sizeof(chunk)), 0);
    ASSERT_EQ(
        std::memcmp(chunk->bytes + SendChunks::kChunkSize - sizeof(chunk), &chunk, sizeof(chunk)),
        0);
    chunks_.give_back(chunk);
    free_.push_back(chunk);
  }
  // In whole blocks, which come on top.
  void make_room(std::size_t threads, bool without_memory) {
    const std::size_t wanted = SendChunks::kChunkCount + threads;
    bool was_made = false;
    {
      const test::RefusedMemory refused(without_memory);
      was_made = chunks_.make_room_for_threads(threads);
    }
    ASSERT_EQ(was_made, !without_memory || wanted <= room_);
    if (!was_made || wanted <= room_) return;
    room_ = (wanted + SendChunks::kChunksPerBlock - 1) / SendChunks::kChunksPerBlock *
            SendChunks::kChunksPerBlock;
    free_.clear();  // what is on top is not known
  }

  SendChunks chunks_;
  std::size_t room_ = SendChunks::kChunkCount;
  std::vector<SendChunk*> taken_;
  std::vector<SendChunk*> free_;  // as far as it is known; the top last
  std::set<SendChunk*> in_use_;
};

TEST(SendChunksModelTest, IsAStackOfAllOfThem) {
  test::ModelPlan plan;
  plan.kinds = {{"take", 4},           {"take_many", 1}, {"give_back", 4},
                {"give_back_many", 1}, {"make_room", 1}, {"make_room_without_memory", 1}};
  plan.sequences = 300;
  plan.make = [](Draws&) { return std::make_unique<ChunksModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::worker
