#include "ringpeer/engine/packet/slab_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <set>
#include <vector>

namespace ringpeer::packet {
namespace {

constexpr std::size_t kPage = 256 * 1024;
constexpr std::size_t kMax = 65535 + 28;  // a payload and its sender's address

std::size_t bytes_of(const std::vector<PacketBuffer*>& blocks) {
  std::size_t sum = 0;
  for (const PacketBuffer* block : blocks) sum += SlabPool::block_size(block->capacity);
  return sum;
}

TEST(SlabPool, GivesAtLeastTheBytesAskedForAndOneReference) {
  BufferReturn home;
  SlabPool pool(64 << 20, &home);
  std::vector<PacketBuffer*> blocks;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{65}, std::size_t{1200},
        std::size_t{4032}, std::size_t{4033}, std::size_t{65507}, kMax}) {
    PacketBuffer* block = pool.allocate(size);
    ASSERT_NE(block, nullptr) << size;
    EXPECT_GE(block->capacity, size);
    EXPECT_EQ(block->kind, BufferKind::kSlab);
    EXPECT_EQ(block->references.load(), 1);
    std::memset(block->memory, 0xa5, block->capacity);
    blocks.push_back(block);
  }
  for (PacketBuffer* block : blocks) {
    block->release();
    ASSERT_EQ(home.take_all(), block) << "the way home is the worker's";
    pool.free(block);
  }
}

TEST(SlabPool, RefusesWhatNoBlockHolds) {
  BufferReturn home;
  SlabPool pool(64 << 20, &home);
  EXPECT_EQ(pool.allocate(128 * 1024), nullptr);
  EXPECT_EQ(pool.allocate(SIZE_MAX / 2), nullptr);
  EXPECT_EQ(pool.pages_in_use(), 0u);
}

TEST(SlabPool, BlocksDoNotOverlap) {
  BufferReturn home;
  SlabPool pool(16 * kPage, &home);
  std::vector<PacketBuffer*> blocks;
  std::minstd_rand random(3);
  for (;;) {
    PacketBuffer* block = pool.allocate(random() % 3000);
    if (block == nullptr) break;
    std::memset(block->memory, static_cast<int>(blocks.size() & 0xff), block->capacity);
    blocks.push_back(block);
  }
  ASSERT_GT(blocks.size(), 100u);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (std::uint32_t k = 0; k < blocks[i]->capacity; ++k) {
      ASSERT_EQ(blocks[i]->memory[k], i & 0xff) << "block " << i << " byte " << k;
    }
  }
  for (PacketBuffer* block : blocks) pool.free(block);
}

TEST(SlabPool, KeepsToItsBudget) {
  BufferReturn home;
  SlabPool pool(3 * kPage, &home);
  std::vector<PacketBuffer*> blocks;
  while (PacketBuffer* block = pool.allocate(kMax)) blocks.push_back(block);
  EXPECT_EQ(blocks.size(), 6u) << "two of the largest blocks a page";
  EXPECT_EQ(pool.pages_in_use(), 3u);
  EXPECT_EQ(pool.allocate(1), nullptr);
  pool.free(blocks.back());
  blocks.pop_back();
  EXPECT_NE(pool.allocate(kMax), nullptr);
}

TEST(SlabPool, WithoutBudgetGivesNothing) {
  BufferReturn home;
  SlabPool pool(kPage - 1, &home);
  EXPECT_EQ(pool.allocate(1), nullptr);
}

TEST(SlabPool, AFreedBlockIsTheNextOneOut) {
  BufferReturn home;
  SlabPool pool(kPage, &home);
  PacketBuffer* block = pool.allocate(100);
  pool.free(block);
  EXPECT_EQ(pool.allocate(100), block) << "it is the one still in the cache";
}

// What is free must serve any size, else a burst of one size starves every other from then on.
TEST(SlabPool, WhatIsFreeServesEverySize) {
  BufferReturn home;
  SlabPool pool(2 * kPage, &home);
  for (const std::size_t size : {std::size_t{10}, kMax, std::size_t{1200}, std::size_t{10}}) {
    std::vector<PacketBuffer*> blocks;
    while (PacketBuffer* block = pool.allocate(size)) blocks.push_back(block);
    EXPECT_GE(blocks.size() * (size + 64), kPage / 2) << "both pages serve size " << size;
    EXPECT_EQ(pool.pages_in_use(), 2u) << size;
    for (PacketBuffer* block : blocks) pool.free(block);
  }
}

TEST(SlabPool, APacketThatStaysTakesNothingButItsBlock) {
  BufferReturn home;
  SlabPool pool(kPage, &home);
  PacketBuffer* const small = pool.allocate(10);
  PacketBuffer* const large = pool.allocate(kMax);
  ASSERT_TRUE(small != nullptr && large != nullptr);
  EXPECT_EQ(pool.allocate(kMax), nullptr) << "half of the page is not free";
  // The other half but for the small one's block: of any size.
  std::size_t taken = SlabPool::block_size(10);
  for (const std::size_t size : {std::size_t{60000}, std::size_t{1200}, std::size_t{10}}) {
    while (pool.allocate(size) != nullptr) taken += SlabPool::block_size(size);
  }
  EXPECT_EQ(taken, kPage / 2);
  pool.free(large);
  EXPECT_NE(pool.allocate(kMax), nullptr);
}

TEST(SlabPool, SmallPacketsUseUpTheWholeBudget) {
  BufferReturn home;
  SlabPool pool(2 * kPage, &home);
  std::size_t blocks = 0;
  while (pool.allocate(32) != nullptr) ++blocks;
  EXPECT_EQ(blocks * SlabPool::kSmallestBlock, 2 * kPage);
}

// Frees in any order, so that blocks leave their lists at the head, the middle and the tail.
TEST(SlabPool, StrangersGetAShareInWhatTheirPacketsHold) {
  BufferReturn home;
  SlabPool pool(4 * kPage, &home);
  std::vector<PacketBuffer*> blocks;
  while (PacketBuffer* block = pool.allocate(1, SlabPool::Use::kStranger)) blocks.push_back(block);
  EXPECT_EQ(blocks.size() * SlabPool::kSmallestBlock, 4 * kPage / SlabPool::kStrangersShare);
  // Others have the rest, and what comes back is the strangers' again.
  PacketBuffer* other = pool.allocate(kPage / 4);
  ASSERT_NE(other, nullptr);
  pool.free(other);
  pool.free(blocks.back());
  EXPECT_NE(pool.allocate(1, SlabPool::Use::kStranger), nullptr);
  EXPECT_EQ(pool.allocate(1, SlabPool::Use::kStranger), nullptr);
}

TEST(SlabPool, AStrangersSinglePacketMayBeOfAnySize) {
  BufferReturn home;
  SlabPool pool(kPage, &home);
  constexpr std::size_t kLargestDatagram = 65535;
  EXPECT_NE(pool.allocate(kLargestDatagram, SlabPool::Use::kStranger), nullptr);
  EXPECT_EQ(pool.allocate(1, SlabPool::Use::kStranger), nullptr);
}

TEST(SlabPool, StaysWholeUnderRandomUse) {
  BufferReturn home;
  SlabPool pool(16 * kPage, &home);
  std::minstd_rand random(11);
  std::vector<PacketBuffer*> blocks;
  const std::size_t sizes[] = {10, 200, 500, 1200, 2000, 9000, 30000, kMax};
  for (int round = 0; round < 40; ++round) {
    const std::size_t size = sizes[random() % 8];
    for (int i = 0; i < 3000; ++i) {
      PacketBuffer* block = pool.allocate(random() % 4 == 0 ? sizes[random() % 8] : size);
      if (block == nullptr) break;
      blocks.push_back(block);
    }
    ASSERT_EQ(std::set<PacketBuffer*>(blocks.begin(), blocks.end()).size(), blocks.size())
        << "a block was given out twice";
    const std::size_t keep = round % 5 == 4 ? 0 : blocks.size() / 3;
    while (blocks.size() > keep) {
      const std::size_t i = random() % blocks.size();
      pool.free(blocks[i]);
      blocks[i] = blocks.back();
      blocks.pop_back();
    }
    ASSERT_LE(pool.pages_in_use(), 16u);
    ASSERT_GE(pool.pages_in_use() * kPage, bytes_of(blocks));
  }
  for (PacketBuffer* block : blocks) pool.free(block);
  // Nothing is stranded: the whole budget can be had in the largest blocks.
  std::size_t largest = 0;
  while (pool.allocate(kMax) != nullptr) ++largest;
  EXPECT_EQ(largest, 32u);
}

// Refuses only what does not fit anywhere: beside a map of what is taken.
TEST(SlabPool, RefusesOnlyWhatNoFreeSpaceHolds) {
  constexpr std::size_t kUnits = kPage / SlabPool::kSmallestBlock;
  BufferReturn home;
  SlabPool pool(kPage, &home);
  std::minstd_rand random(5);
  std::vector<PacketBuffer*> blocks;
  std::vector<bool> taken(kUnits);
  const std::uint8_t* base = nullptr;
  const auto mark = [&](const PacketBuffer* block, bool value) {
    const auto* memory = reinterpret_cast<const std::uint8_t*>(block);
    if (base == nullptr) base = memory;  // the first block of an empty page
    const auto first = static_cast<std::size_t>(memory - base) / SlabPool::kSmallestBlock;
    const std::size_t count = SlabPool::block_size(block->capacity) / SlabPool::kSmallestBlock;
    ASSERT_EQ(first % count, 0u);
    for (std::size_t unit = first; unit < first + count; ++unit) {
      ASSERT_NE(taken[unit], value);
      taken[unit] = value;
    }
  };
  const auto has_room = [&](std::size_t size) {
    const std::size_t count = SlabPool::block_size(size) / SlabPool::kSmallestBlock;
    for (std::size_t first = 0; first < kUnits; first += count) {
      if (std::none_of(taken.begin() + static_cast<std::ptrdiff_t>(first),
                       taken.begin() + static_cast<std::ptrdiff_t>(first + count),
                       [](bool unit) { return unit; })) {
        return true;
      }
    }
    return false;
  };
  for (int step = 0; step < 20000; ++step) {
    // Fills up and empties in turn.
    if (random() % 10 < (step / 1000 % 2 == 0 ? 7u : 3u)) {
      const std::size_t size = random() % (std::size_t{1} << (random() % 16));
      const bool fits = has_room(size);
      PacketBuffer* const block = pool.allocate(size);
      ASSERT_EQ(block != nullptr, fits) << size;
      if (block == nullptr) continue;
      mark(block, true);
      blocks.push_back(block);
    } else if (!blocks.empty()) {
      const std::size_t i = random() % blocks.size();
      mark(blocks[i], false);
      pool.free(blocks[i]);
      blocks[i] = blocks.back();
      blocks.pop_back();
    }
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace ringpeer::packet
