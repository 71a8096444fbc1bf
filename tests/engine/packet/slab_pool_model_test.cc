// Random sequences of every call of a slab pool, beside a map of the bytes that are taken: a block
// is refused only where the budget, or the strangers' share of it, has no room, or there is no
// memory; no byte is given twice; and the pages count.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "ringpeer/engine/packet/slab_pool.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer::packet {
namespace {

using test::Draws;

constexpr std::size_t kUnit = SlabPool::kSmallestBlock;
constexpr std::size_t kUnitsOfPage = SlabPool::kPageSize / kUnit;
// The payload and its sender's address.
constexpr std::array<std::size_t, 9> kSizes{10, 64, 65, 500, 1200, 4032, 20000, 65507, 65563};

struct Page {
  const std::uint8_t* base;
  std::array<std::uint8_t, kUnitsOfPage> units{};  // 1: taken
};

struct Block {
  PacketBuffer* buffer;
  std::size_t size;     // in all
  std::size_t payload;  // that was asked for
  bool is_strangers;
  std::uint8_t mark;
};

class PoolModel final : public test::Model {
 public:
  enum Kind { kAllocate, kAllocateAny, kAllocateForStranger, kFill, kFree, kFreeMany, kRefused };

  explicit PoolModel(std::size_t budget) : budget_(budget), pool_(budget, &home_) {}
  ~PoolModel() override {
    for (const Block& block : blocks_) pool_.free(block.buffer);
  }

  void step(std::size_t kind, Draws& draws) override {
    switch (kind) {
      case kAllocate:
        allocate(draws.one_of(kSizes), false);
        break;
      case kAllocateAny:
        allocate(draws.below(SlabPool::kMaxBlock + 100), draws.one_in(3));
        break;
      case kAllocateForStranger:
        allocate(draws.one_of(kSizes), true);
        break;
      case kFill: {
        const std::size_t size = draws.one_of(kSizes);
        for (std::size_t left = draws.below(300); left > 0; --left) {
          if (!allocate(size, false)) break;
        }
        break;
      }
      case kFree:
        free_one(draws.below(std::max<std::size_t>(blocks_.size(), 1)));
        break;
      case kFreeMany:
        for (std::size_t left = draws.below(300); left > 0 && !blocks_.empty(); --left) {
          free_one(draws.below(blocks_.size()));
        }
        break;
      default:
        allocate_without_memory(draws.one_of(kSizes));
    }
    check_pages();
  }

  // What is free serves any size: the whole budget can be had in the largest blocks.
  void end() override {
    while (!blocks_.empty()) free_one(blocks_.size() - 1);
    check_pages();
    const std::size_t pages = budget_ / SlabPool::kPageSize;
    for (std::size_t i = 0; i < 2 * pages; ++i) allocate(65563, false);
    ASSERT_EQ(blocks_.size(), 2 * pages);
    ASSERT_EQ(pool_.allocate(1), nullptr);
  }

 private:
  static std::size_t whole(std::size_t size) { return SlabPool::block_size(size); }
  std::size_t strangers_bytes() const {
    std::size_t sum = 0;
    for (const Block& block : blocks_) sum += block.is_strangers ? block.size : 0;
    return sum;
  }
  bool is_within_share(std::size_t size) const {
    const std::size_t pages = budget_ / SlabPool::kPageSize;
    const std::size_t share = pages * SlabPool::kPageSize / SlabPool::kStrangersShare;
    return strangers_bytes() == 0 || strangers_bytes() + whole(size) <= share;
  }
  // Pages that may come, and the aligned free places of the present ones.
  bool has_room(std::size_t size) const {
    if (taken_.size() < budget_ / SlabPool::kPageSize) return true;
    return has_room_in_pages(whole(size));
  }
  bool has_room_in_pages(std::size_t block_size) const {
    const std::size_t units = block_size / kUnit;
    for (const Page& page : taken_) {
      for (std::size_t unit = 0; unit < kUnitsOfPage; unit += units) {
        if (std::memchr(&page.units[unit], 1, units) == nullptr) return true;
      }
    }
    return false;
  }
  static bool is_too_large(std::size_t size) { return whole(size) > SlabPool::kMaxBlock; }

  bool allocate(std::size_t size, bool is_strangers) {
    const auto use = is_strangers ? SlabPool::Use::kStranger : SlabPool::Use::kAny;
    const bool fits =
        !is_too_large(size) && (!is_strangers || is_within_share(size)) && has_room(size);
    PacketBuffer* const buffer = pool_.allocate(size, use);
    EXPECT_EQ(buffer != nullptr, fits) << size;
    EXPECT_FALSE(pool_.lacks_memory());
    if (buffer != nullptr) add(buffer, size, is_strangers);
    return buffer != nullptr;
  }
  // Only a page that would have to come is missed.
  void allocate_without_memory(std::size_t size) {
    PacketBuffer* buffer = nullptr;
    {
      const test::RefusedMemory refused(true);
      buffer = pool_.allocate(size);
    }
    const bool has_page_to_come = taken_.size() < budget_ / SlabPool::kPageSize;
    ASSERT_EQ(buffer != nullptr, has_room_in_pages(whole(size)));
    ASSERT_EQ(pool_.lacks_memory(), buffer == nullptr && has_page_to_come);
    if (buffer != nullptr) add(buffer, size, false);
  }

  void add(PacketBuffer* buffer, std::size_t size, bool is_strangers) {
    ASSERT_GE(buffer->capacity, size);
    ASSERT_EQ(buffer->kind, BufferKind::kSlab);
    ASSERT_EQ(buffer->home, &home_);
    ASSERT_EQ(buffer->is_strangers, is_strangers);
    ASSERT_EQ(buffer->references.load(), 1);
    const Block block{buffer, whole(size), size, is_strangers, ++next_mark_};
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(buffer);
    ASSERT_GE(buffer->memory, begin + sizeof(PacketBuffer));
    ASSERT_EQ(buffer->memory + buffer->capacity, begin + block.size);
    mark(block, true);
    std::memset(buffer->memory, block.mark, size);
    blocks_.push_back(block);
  }
  void free_one(std::size_t index) {
    if (index >= blocks_.size()) return;
    std::swap(blocks_[index], blocks_.back());
    const Block block = blocks_.back();
    blocks_.pop_back();
    const std::uint8_t* const bytes = block.buffer->memory;
    for (std::size_t i = 0; i < block.payload; i += 61) ASSERT_EQ(bytes[i], block.mark) << i;
    mark(block, false);
    block.buffer->release();
    ASSERT_EQ(home_.take_all(), block.buffer);
    pool_.free(block.buffer);
  }

  // The first block of a page begins where it does.
  void mark(const Block& block, bool value) {
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(block.buffer);
    const std::size_t index = block.buffer->index;
    ASSERT_LE(index, taken_.size());
    if (index == taken_.size()) {
      ASSERT_FALSE(has_room_in_pages(block.size)) << "a page that was not needed";
      taken_.push_back({begin});
    }
    Page& page = taken_[index];
    const auto offset = static_cast<std::size_t>(begin - page.base);
    ASSERT_LE(offset + block.size, SlabPool::kPageSize);
    ASSERT_EQ(offset % block.size, 0u);
    for (std::size_t unit = offset / kUnit; unit < (offset + block.size) / kUnit; ++unit) {
      ASSERT_NE(page.units[unit] != 0, value);
      page.units[unit] = value ? 1 : 0;
    }
  }

  // At least those where something lies; blocks that are kept count too.
  void check_pages() {
    std::size_t used = 0;
    for (const Page& page : taken_) {
      used += std::memchr(page.units.data(), 1, kUnitsOfPage) != nullptr ? 1 : 0;
    }
    ASSERT_GE(pool_.pages_in_use(), used);
    ASSERT_LE(pool_.pages_in_use(), taken_.size());
    ASSERT_LE(taken_.size(), budget_ / SlabPool::kPageSize);
  }

  const std::size_t budget_;
  BufferReturn home_;
  SlabPool pool_;
  std::vector<Block> blocks_;
  std::vector<Page> taken_;  // by index
  std::uint8_t next_mark_ = 0;
};

TEST(SlabPoolModelTest, GivesWhatTheBudgetHoldsAndNothingTwice) {
  test::ModelPlan plan;
  plan.kinds = {{"allocate", 4}, {"allocate_any", 3}, {"allocate_for_stranger", 3},  {"fill", 1},
                {"free", 6},     {"free_many", 1},    {"allocate_without_memory", 1}};
  plan.sequences = 2000;
  plan.make = [](Draws& draws) {
    constexpr std::array<std::size_t, 5> kBudgets{
        SlabPool::kPageSize, SlabPool::kPageSize - 1, 2 * SlabPool::kPageSize,
        3 * SlabPool::kPageSize + 1000, 5 * SlabPool::kPageSize};
    return std::make_unique<PoolModel>(draws.one_of(kBudgets));
  };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::packet
