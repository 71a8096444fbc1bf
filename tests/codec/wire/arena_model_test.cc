// Random requests of an arena beside copies of what was written into them: each block is its own
// until the reset, and little is held in vain.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "ringpeer/codec/wire/arena.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer {
namespace {

using test::Draws;

constexpr std::size_t kChunk = 1024;
constexpr std::size_t kLargest = 64;

class ArenaModel final : public test::Model {
 public:
  void step(std::size_t kind, Draws& draws) override {
    if (kind == 0) {
      for (std::size_t i = draws.below(200); i > 0; --i) take(1 + draws.below(kLargest));
    } else {
      reset();
    }
    // A part of what was asked for at most, and the ends of chunks.
    ASSERT_LE(arena_.capacity(), most_ + most_ / 4 + kChunk);
    ASSERT_GE(arena_.capacity(), most_);
  }
  void end() override { reset(); }

 private:
  struct Block {
    std::uint8_t* begin;
    std::size_t size;
    std::uint8_t filler;
  };

  void take(std::size_t size) {
    auto* const begin = static_cast<std::uint8_t*>(arena_.allocate(size));
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(begin) % kMemoryAlignment, 0u);
    std::memset(begin, ++filler_, size);
    blocks_.push_back({begin, size, filler_});
    taken_ += (size + kMemoryAlignment - 1) / kMemoryAlignment * kMemoryAlignment;
    most_ = std::max(most_, taken_);
  }
  void reset() {
    for (const Block& block : blocks_) {
      ASSERT_TRUE(std::all_of(block.begin, block.begin + block.size,
                              [&block](std::uint8_t byte) { return byte == block.filler; }));
    }
    blocks_.clear();
    taken_ = 0;
    arena_.reset();
  }

  Arena arena_{kChunk};
  std::vector<Block> blocks_;
  std::size_t taken_ = 0;
  std::size_t most_ = 0;  // between two resets
  std::uint8_t filler_ = 0;
};

TEST(ArenaModelTest, HoldsLittleInVainAndNoByteTwice) {
  test::ModelPlan plan;
  plan.kinds = {{"take", 6}, {"reset", 1}};
  plan.sequences = 300;
  plan.make = [](Draws&) { return std::make_unique<ArenaModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer
