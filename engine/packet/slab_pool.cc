#include "ringpeer/engine/packet/slab_pool.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <new>

#include "ringpeer/engine/packet/mapped_memory.h"

namespace ringpeer::packet {
namespace {

// Keeps payloads on cache lines of their own.
constexpr std::size_t kHeaderSize = (sizeof(PacketBuffer) + 63) / 64 * 64;

// Blocks of a size that are kept whole: a batch of the worker's, but no more than a page.
constexpr std::size_t kMaxKept = 64;
constexpr std::size_t most_kept(std::size_t level) {
  return std::min(kMaxKept, SlabPool::kPageSize / (SlabPool::kSmallestBlock << level));
}

// A block's level and whether it is free, noted where it begins.
constexpr std::uint8_t kIsFree = 0x80;

std::size_t level_of(std::size_t block_size) {
  assert(std::has_single_bit(block_size) && block_size >= SlabPool::kSmallestBlock);
  return static_cast<std::size_t>(std::bit_width(block_size / SlabPool::kSmallestBlock)) - 1;
}

}  // namespace

struct SlabPool::Page {
  MappedMemory memory;
  std::uint16_t index = 0;
  // Of the block that begins there; nothing where none does.
  std::array<std::uint8_t, kPageSize / kSmallestBlock> states;

  std::size_t unit_of(const void* block) const {
    return static_cast<std::size_t>(static_cast<const std::uint8_t*>(block) - memory.data()) /
           kSmallestBlock;
  }
  FreeBlock* at(std::size_t unit) const {
    return reinterpret_cast<FreeBlock*>(memory.data() + unit * kSmallestBlock);
  }
};

SlabPool::SlabPool(std::size_t budget, BufferReturn* home)
    : max_pages_(std::min<std::size_t>(budget / kPageSize, UINT16_MAX)),
      most_of_strangers_(max_pages_ * kPageSize / kStrangersShare),
      home_(home) {
  static_assert(sizeof(FreeBlock) <= kSmallestBlock && kHeaderSize < kSmallestBlock);
  pages_.reserve(max_pages_);  // so that a worker never allocates for it
}

SlabPool::~SlabPool() {
  for (Page* page : pages_) delete page;
}

std::size_t SlabPool::block_size(std::size_t size) {
  return std::bit_ceil(std::max(size + kHeaderSize, kSmallestBlock));
}

PacketBuffer* SlabPool::allocate(std::size_t size, Use use) {
  lacks_memory_ = false;
  if (size > kMaxBlock - kHeaderSize) return nullptr;
  const std::size_t whole = block_size(size);
  const std::size_t strangers = use == Use::kStranger ? whole : 0;
  if (strangers > 0 && strangers_bytes_ > 0 && strangers_bytes_ + strangers > most_of_strangers_) {
    return nullptr;
  }
  FreeBlock* const memory = take(level_of(whole));
  if (memory == nullptr) return nullptr;
  strangers_bytes_ += strangers;
  assert(strangers == 0 || strangers_bytes_ <= std::max(most_of_strangers_, strangers));
  const std::uint16_t page = memory->page->index;
  assert(page < pages_.size() && pages_[page] == memory->page && pages_.size() <= max_pages_);
  auto* const block = new (memory) PacketBuffer;
  block->home = home_;
  block->memory = reinterpret_cast<std::uint8_t*>(memory) + kHeaderSize;
  block->capacity = static_cast<std::uint32_t>(whole - kHeaderSize);
  block->index = page;
  block->kind = BufferKind::kSlab;
  block->is_strangers = use == Use::kStranger;
  block->references.store(1, std::memory_order_relaxed);
  return block;
}

SlabPool::FreeBlock* SlabPool::take(std::size_t level) {
  if (FreeBlock* const kept = kept_[level]; kept != nullptr) {
    assert(kept_count_[level] > 0);
    kept_[level] = kept->next;
    --kept_count_[level];
    return kept;
  }
  do {
    for (std::size_t from = level; from < kLevels; ++from) {
      if (free_[from] != nullptr) return cut(free_[from], from, level);
    }
  } while (release_kept() || add_page());
  return nullptr;
}

// The lower half, again and again; the upper ones become free.
SlabPool::FreeBlock* SlabPool::cut(FreeBlock* block, std::size_t from, std::size_t level) {
  assert(from >= level);
  unlink(block, from);
  Page* const page = block->page;
  const std::size_t unit = page->unit_of(block);
  while (from > level) {
    --from;
    FreeBlock* const upper = page->at(unit + (std::size_t{1} << from));
    upper->page = page;
    link(upper, from);
  }
  page->states[unit] = static_cast<std::uint8_t>(level);
  return block;
}

bool SlabPool::add_page() {
  if (pages_.size() >= max_pages_) return false;
  auto* const page = new (std::nothrow) Page;
  if (page == nullptr || !page->memory.map(kPageSize, MappedMemory::Pages::kSmall)) {
    delete page;
    lacks_memory_ = true;
    return false;
  }
  page->index = static_cast<std::uint16_t>(pages_.size());
  pages_.push_back(page);
  page->at(0)->page = page;
  link(page->at(0), kLevels - 1);
  return true;
}

void SlabPool::free(PacketBuffer* block) {
  assert(block->kind == BufferKind::kSlab && block->home == home_);
  const std::size_t level = level_of(block->capacity + kHeaderSize);
  assert(!block->is_strangers || strangers_bytes_ >= kSmallestBlock << level);
  if (block->is_strangers) strangers_bytes_ -= kSmallestBlock << level;
  Page* const page = pages_[block->index];
  assert(page->states[page->unit_of(block)] == level);  // it is out, and as large as it was
  auto* const memory = new (block) FreeBlock{page, nullptr, nullptr};
  if (kept_count_[level] >= most_kept(level)) {
    give_back(memory, level);
    return;
  }
  memory->next = kept_[level];
  kept_[level] = memory;
  ++kept_count_[level];
}

// False when there was none.
bool SlabPool::release_kept() {
  bool was_any = false;
  for (std::size_t level = 0; level < kLevels; ++level) {
    while (FreeBlock* const block = kept_[level]) {
      kept_[level] = block->next;
      give_back(block, level);
      was_any = true;
    }
    kept_count_[level] = 0;
  }
  return was_any;
}

bool SlabPool::is_whole() {
  release_kept();
  return pages_in_use() == 0 && strangers_bytes_ == 0;
}

// Becomes one with its other half, as long as that is free.
void SlabPool::give_back(FreeBlock* block, std::size_t level) {
  Page* const page = block->page;
  std::size_t unit = page->unit_of(block);
  for (; level < kLevels - 1; ++level) {
    const std::size_t other = unit ^ (std::size_t{1} << level);
    if (page->states[other] != (level | kIsFree)) break;
    unlink(page->at(other), level);
    unit &= ~(std::size_t{1} << level);
  }
  FreeBlock* const merged = page->at(unit);
  merged->page = page;
  link(merged, level);
}

void SlabPool::link(FreeBlock* block, std::size_t level) {
  assert(block->page->unit_of(block) % (std::size_t{1} << level) == 0);
  block->page->states[block->page->unit_of(block)] = static_cast<std::uint8_t>(level | kIsFree);
  block->previous = nullptr;
  block->next = free_[level];
  if (block->next != nullptr) block->next->previous = block;
  free_[level] = block;
  if (level == kLevels - 1) ++free_pages_;
}

void SlabPool::unlink(FreeBlock* block, std::size_t level) {
  assert(block->page->states[block->page->unit_of(block)] == (level | kIsFree));
  assert((block->previous == nullptr) == (free_[level] == block));
  if (block->previous != nullptr) block->previous->next = block->next;
  if (block->next != nullptr) block->next->previous = block->previous;
  if (free_[level] == block) free_[level] = block->next;
  if (level == kLevels - 1) --free_pages_;
}

}  // namespace ringpeer::packet
