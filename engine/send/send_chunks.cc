#include "ringpeer/engine/send/send_chunks.h"

#include <cassert>
#include <new>
#include <utility>

namespace ringpeer::worker {

static_assert(SendChunks::kChunkCount % SendChunks::kChunksPerBlock == 0);

SendChunks::SendChunks() { make_room_for_threads(0); }

bool SendChunks::make_room_for_threads(std::size_t threads) {
  const std::size_t wanted = kChunkCount + threads;
  while (block_count_ * kChunksPerBlock < wanted) {
    if (!add_block()) return false;
  }
  return true;
}

bool SendChunks::add_block() {
  if (block_count_ == kMaxBlocks) return false;
  std::unique_ptr<Block> block(new (std::nothrow) Block);
  if (block == nullptr) return false;
  if (!block->memory.map(kChunksPerBlock * kChunkSize, packet::MappedMemory::Pages::kSmall)) {
    return false;
  }
  const std::size_t first = block_count_ * kChunksPerBlock;
  blocks_[block_count_++] = std::move(block);
  for (std::size_t i = kChunksPerBlock; i-- > 0;) {
    SendChunk& chunk = chunk_at(first + i);
    chunk.index = static_cast<std::uint32_t>(first + i);
    chunk.bytes = blocks_[block_count_ - 1]->memory.data() + i * kChunkSize;
    give_back(&chunk);
  }
  return true;
}

SendChunk* SendChunks::take() {
  std::uint64_t head = head_.load(std::memory_order_acquire);
  while ((head & kIndexMask) != 0) {
    SendChunk& chunk = chunk_at((head & kIndexMask) - 1);
    const std::uint64_t below = chunk.next.load(std::memory_order_relaxed);
    const std::uint64_t taken = (head & ~kIndexMask) + kOneChange + below;
    if (head_.compare_exchange_weak(head, taken, std::memory_order_acquire,
                                    std::memory_order_acquire)) {
      return &chunk;
    }
  }
  return nullptr;
}

void SendChunks::give_back(SendChunk* chunk) {
  assert(&chunk_at(chunk->index) == chunk);                     // it is of this queue
  assert(chunk->pending.load(std::memory_order_relaxed) == 0);  // nothing in it waits
  const std::uint64_t index = std::uint64_t{chunk->index} + 1;
  std::uint64_t head = head_.load(std::memory_order_relaxed);
  std::uint64_t given = 0;
  do {
    chunk->next.store(static_cast<std::uint32_t>(head & kIndexMask), std::memory_order_relaxed);
    given = (head & ~kIndexMask) + kOneChange + index;
  } while (!head_.compare_exchange_weak(head, given, std::memory_order_release,
                                        std::memory_order_relaxed));
}

}  // namespace ringpeer::worker
