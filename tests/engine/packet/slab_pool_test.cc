#include "ringpeer/packet/slab_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <set>
#include <vector>

namespace ringpeer::packet {
namespace {

constexpr std::size_t kPage = 256 * 1024;
constexpr std::size_t kLargest = 65535 + 28;  // a payload and its sender's address

TEST(SlabPool, GivesAtLeastTheBytesAskedForAndOneReference) {
  BufferReturn home;
  SlabPool pool(64 << 20, &home);
  std::vector<PacketBuffer*> blocks;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{192}, std::size_t{193}, std::size_t{1200},
        std::size_t{4032}, std::size_t{4033}, std::size_t{65507}, kLargest}) {
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
  while (PacketBuffer* block = pool.allocate(kLargest)) blocks.push_back(block);
  EXPECT_EQ(blocks.size(), 6u) << "two of the largest blocks a page";
  EXPECT_EQ(pool.pages_in_use(), 3u);
  EXPECT_EQ(pool.allocate(1), nullptr);
  pool.free(blocks.back());
  blocks.pop_back();
  EXPECT_NE(pool.allocate(kLargest), nullptr);
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

// Pages that are all free must serve any class, else a burst of one size starves
// every other size for ever.
TEST(SlabPool, AFreePageServesAnotherClass) {
  BufferReturn home;
  SlabPool pool(2 * kPage, &home);
  for (const std::size_t size : {std::size_t{10}, kLargest, std::size_t{1200}, std::size_t{10}}) {
    std::vector<PacketBuffer*> blocks;
    while (PacketBuffer* block = pool.allocate(size)) blocks.push_back(block);
    EXPECT_GE(blocks.size() * (size + 64), kPage / 2) << "both pages serve size " << size;
    EXPECT_EQ(pool.pages_in_use(), 2u) << size;
    for (PacketBuffer* block : blocks) pool.free(block);
  }
}

TEST(SlabPool, TheLastFreePageServesAnotherClassToo) {
  BufferReturn home;
  SlabPool pool(kPage, &home);
  PacketBuffer* small = pool.allocate(10);
  ASSERT_NE(small, nullptr);
  pool.free(small);
  PacketBuffer* large = pool.allocate(kLargest);
  ASSERT_NE(large, nullptr) << "an idle page of small blocks must not pin the budget";
  EXPECT_EQ(pool.allocate(10), nullptr) << "one page is all there is";
  pool.free(large);
  EXPECT_NE(pool.allocate(10), nullptr);
}

// Frees in any order, so that pages become empty at the head, the middle and the
// tail of their class's list.
TEST(SlabPool, StaysWholeUnderRandomUse) {
  BufferReturn home;
  SlabPool pool(16 * kPage, &home);
  std::minstd_rand random(11);
  std::vector<PacketBuffer*> blocks;
  const std::size_t sizes[] = {10, 200, 500, 1200, 2000, 9000, 30000, kLargest};
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
  }
  for (PacketBuffer* block : blocks) pool.free(block);
  // Nothing is stranded: the whole budget can be had in the largest blocks.
  std::size_t largest = 0;
  while (pool.allocate(kLargest) != nullptr) ++largest;
  EXPECT_EQ(largest, 32u);
}

}  // namespace
}  // namespace ringpeer::packet
