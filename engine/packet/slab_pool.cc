#include "ringpeer/packet/slab_pool.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <memory>
#include <new>

#include "ringpeer/packet/mapped_memory.h"

namespace ringpeer::packet {
namespace {

// Keeps payloads on cache lines of their own.
constexpr std::size_t kHeaderSize = (sizeof(PacketBuffer) + 63) / 64 * 64;

}  // namespace

struct SlabPool::Page {
  MappedMemory memory;
  std::uint16_t index = 0;
  std::uint8_t size_class = 0;
  std::uint32_t in_use = 0;
  PacketBuffer* free_blocks = nullptr;
  Page* previous = nullptr;
  Page* next = nullptr;
};

SlabPool::SlabPool(std::size_t budget, BufferReturn* home)
    : max_pages_(std::min<std::size_t>(budget / kPageSize, UINT16_MAX)), home_(home) {}

SlabPool::~SlabPool() {
  for (Page* page : pages_) delete page;
}

PacketBuffer* SlabPool::allocate(std::size_t size) {
  if (size > kLargestBlock - kHeaderSize) return nullptr;
  const std::size_t block_size = std::bit_ceil(std::max(size + kHeaderSize, kSmallestBlock));
  const auto size_class = static_cast<std::size_t>(std::bit_width(block_size / kSmallestBlock) - 1);
  Page* page = page_with_room(size_class);
  if (page == nullptr) return nullptr;
  PacketBuffer* block = page->free_blocks;
  page->free_blocks = block->next;
  ++page->in_use;
  if (page->free_blocks == nullptr) unlink(page);
  block->references.store(1, std::memory_order_relaxed);
  return block;
}

void SlabPool::free(PacketBuffer* block) {
  Page* page = pages_[block->index];
  const bool was_full = page->free_blocks == nullptr;
  block->next = page->free_blocks;
  page->free_blocks = block;
  assert(page->in_use > 0);
  --page->in_use;
  if (was_full) {
    // An empty page stays with its class only while it is the class's only page with
    // room (see below).
    if (Page* first = with_room_[page->size_class]; first != nullptr && first->in_use == 0) {
      set_free(first);
    }
    page->previous = nullptr;
    page->next = with_room_[page->size_class];
    if (page->next != nullptr) page->next->previous = page;
    with_room_[page->size_class] = page;
  }
  // One empty page stays with its class, so that a single packet to and fro does not
  // cut a page anew each time.
  const bool only_page = page->previous == nullptr && page->next == nullptr;
  if (page->in_use == 0 && !only_page) set_free(page);
}

// The page serves any class from here on.
void SlabPool::set_free(Page* page) {
  unlink(page);
  empty_pages_.push_back(page);
}

// The last resort when the budget is used up: the empty pages that stayed with their
// classes, each of which is the only one in its list.
void SlabPool::free_kept_pages() {
  for (Page* page : with_room_) {
    if (page != nullptr && page->in_use == 0) set_free(page);
  }
}

SlabPool::Page* SlabPool::page_with_room(std::size_t size_class) {
  if (with_room_[size_class] != nullptr) return with_room_[size_class];
  if (empty_pages_.empty() && pages_.size() >= max_pages_) free_kept_pages();
  Page* page = nullptr;
  if (!empty_pages_.empty()) {
    page = empty_pages_.back();
    empty_pages_.pop_back();
  } else {
    if (pages_.size() >= max_pages_) return nullptr;
    auto made = std::make_unique<Page>();
    if (!made->memory.map(kPageSize, MappedMemory::Pages::kSmall)) return nullptr;
    page = made.release();
    page->index = static_cast<std::uint16_t>(pages_.size());
    pages_.push_back(page);
  }
  page->size_class = static_cast<std::uint8_t>(size_class);
  page->free_blocks = nullptr;
  const std::size_t block_size = kSmallestBlock << size_class;
  for (std::size_t offset = 0; offset < kPageSize; offset += block_size) {
    auto* block = new (page->memory.data() + offset) PacketBuffer;
    block->home = home_;
    block->memory = page->memory.data() + offset + kHeaderSize;
    block->capacity = static_cast<std::uint32_t>(block_size - kHeaderSize);
    block->index = page->index;
    block->kind = BufferKind::kSlab;
    block->next = page->free_blocks;
    page->free_blocks = block;
  }
  page->previous = page->next = nullptr;
  with_room_[size_class] = page;
  return page;
}

void SlabPool::unlink(Page* page) {
  if (page->previous != nullptr) page->previous->next = page->next;
  if (page->next != nullptr) page->next->previous = page->previous;
  if (with_room_[page->size_class] == page) with_room_[page->size_class] = page->next;
  page->previous = page->next = nullptr;
}

}  // namespace ringpeer::packet
