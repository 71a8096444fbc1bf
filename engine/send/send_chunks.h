#ifndef RINGPEER_ENGINE_SEND_SEND_CHUNKS_H_
#define RINGPEER_ENGINE_SEND_SEND_CHUNKS_H_

#include <array>
#include <cassert>
#include <cstddef>
#include <memory>

#include "ringpeer/engine/packet/mapped_memory.h"
#include "ringpeer/engine/send/send_chunk_stack.h"

namespace ringpeer::worker {

// The chunks of a send queue that nobody uses.
//
// Threads: any, without locks; make_room_for_threads: one at a time.
class SendChunks {
 public:
  static constexpr std::size_t kChunkSize = SendChunk::kSize;
  // 8 MiB: what a thousand players are sent in a tick, several times over.
  static constexpr std::size_t kChunkCount = 512;
  // Chunks are mapped so many at a time.
  static constexpr std::size_t kChunksPerBlock = 64;
  // More threads than Linux gives a process by default (32,768), a chunk each.
  static constexpr std::size_t kMaxBlocks = 1024;

  SendChunks();
  SendChunks(const SendChunks&) = delete;
  SendChunks& operator=(const SendChunks&) = delete;

  // Null when all are in use.
  SendChunk* take() {
    return unused_.pop([this](std::size_t index) -> SendChunk& { return chunk_at(index); });
  }
  void give_back(SendChunk* chunk) {
    assert(&chunk_at(chunk->index) == chunk);  // it is of this queue
    assert(chunk->left() == 0);                // nothing in it waits
    unused_.push(chunk);
  }

  // Each thread that puts may keep one chunk while none of its packets waits. Those come on
  // top of kChunkCount, so that idle threads, however many, leave the others that much.
  // False when there is no memory for them.
  bool make_room_for_threads(std::size_t threads);

 private:
  struct Block {
    packet::MappedMemory memory;
    std::array<SendChunk, kChunksPerBlock> chunks;
  };
  bool add_block();
  SendChunk& chunk_at(std::size_t index) const {
    return blocks_[index / kChunksPerBlock]->chunks[index % kChunksPerBlock];
  }

  // An entry is written before an index into it is on the stack, and never again.
  std::array<std::unique_ptr<Block>, kMaxBlocks> blocks_;
  std::size_t block_count_ = 0;
  SendChunkStack unused_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_CHUNKS_H_
