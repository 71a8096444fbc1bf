#include "ringpeer/engine/send/send_chunks.h"

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

}  // namespace ringpeer::worker
