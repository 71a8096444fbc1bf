#ifndef RINGPEER_ENGINE_SEND_SEND_CHUNKS_H_
#define RINGPEER_ENGINE_SEND_SEND_CHUNKS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "ringpeer/engine/packet/mapped_memory.h"
#include "ringpeer/engine/send/send_item.h"

namespace ringpeer::worker {

// A piece of memory that one thread fills with packets, one after another, while the
// worker sends them.
struct SendChunk : SendMemory {
  static constexpr std::size_t kSize = std::size_t{16} << 10;

  SendChunk() : SendMemory(false, kSize) {}
  std::uint8_t* bytes = nullptr;
  std::uint32_t index = 0;
  std::atomic<std::uint32_t> next{0};  // on the stack: one more than the index below it
};

// The chunks of a send queue that nobody uses. Last in, first out: the chunk that was
// sent last is the one that the caches still hold, and memory beyond what is needed at a
// time is never touched.
//
// The head of the stack counts its changes, so that a thread that looked at it long ago
// cannot take an old state for the present one.
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
  SendChunk* take();
  void give_back(SendChunk* chunk);

  // Each thread that puts may keep one chunk while none of its packets waits. Those come on
  // top of kChunkCount, so that idle threads, however many, leave the others that much.
  // False when there is no memory for them.
  bool make_room_for_threads(std::size_t threads);

 private:
  static constexpr std::uint64_t kIndexMask = UINT32_MAX;
  static constexpr std::uint64_t kOneChange = std::uint64_t{1} << 32;

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
  std::atomic<std::uint64_t> head_{0};  // changes, and one more than the index of the top
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_CHUNKS_H_
