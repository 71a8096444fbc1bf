#ifndef RINGPEER_ENGINE_SEND_SEND_CHUNK_STACK_H_
#define RINGPEER_ENGINE_SEND_SEND_CHUNK_STACK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ringpeer/codec/base/atomics.h"
#include "ringpeer/engine/send/send_item.h"

namespace ringpeer::worker {

// A piece of memory that one thread fills with packets, one after another, while the
// worker sends them.
struct SendChunk : SendMemory {
  static constexpr std::size_t kSize = std::size_t{16} << 10;

  SendChunk() : SendMemory(false, kSize) {}
  std::uint8_t* bytes = nullptr;
  std::uint32_t index = 0;
  Atomic<std::uint32_t> next{0};  // on the stack: one more than the index below it
};

// Chunks that nobody uses. Last in, first out: the chunk that was sent last is the one that the
// caches still hold, and memory beyond what is needed at a time is never touched.
//
// The head of the stack counts its changes, so that a thread that looked at it long ago
// cannot take an old state for the present one.
//
// Threads: any, without locks.
class SendChunkStack {
 public:
  // Null when there is none. chunk_at(index) is the chunk of that index, which was pushed before.
  template <typename ChunkAt>
  SendChunk* pop(ChunkAt chunk_at) {
    for (;;) {
      std::uint64_t head = head_.load(std::memory_order_acquire);
      if ((head & kIndexMask) == 0) return nullptr;
      SendChunk& chunk = chunk_at((head & kIndexMask) - 1);
      const std::uint64_t below = chunk.next.load(std::memory_order_relaxed);
      const std::uint64_t taken = (head & ~kIndexMask) + kOneChange + below;
      // Acquires nothing: a value of the head is there but once, so this is the one that the load
      // has acquired.
      if (head_.compare_exchange_weak(head, taken, std::memory_order_relaxed)) return &chunk;
    }
  }

  void push(SendChunk* chunk) {
    const std::uint64_t index = std::uint64_t{chunk->index} + 1;
    std::uint64_t head = head_.load(std::memory_order_relaxed);
    std::uint64_t given = 0;
    do {
      chunk->next.store(static_cast<std::uint32_t>(head & kIndexMask), std::memory_order_relaxed);
      given = (head & ~kIndexMask) + kOneChange + index;
    } while (!head_.compare_exchange_weak(head, given, std::memory_order_release,
                                          std::memory_order_relaxed));
  }

 private:
  static constexpr std::uint64_t kIndexMask = UINT32_MAX;
  static constexpr std::uint64_t kOneChange = std::uint64_t{1} << 32;

  Atomic<std::uint64_t> head_{0};  // changes, and one more than the index of the top
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_CHUNK_STACK_H_
