#include "ringpeer/worker/send_chunks.h"

#include <sys/mman.h>

namespace ringpeer::worker {

SendChunks::SendChunks() : chunks_(std::make_unique<SendChunk[]>(kChunkCount)) {
  void* mapped = ::mmap(nullptr, kChunkCount * kChunkSize, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return;
  memory_ = static_cast<std::uint8_t*>(mapped);
  for (std::size_t i = kChunkCount; i-- > 0;) {
    chunks_[i].bytes = memory_ + i * kChunkSize;
    give_back(&chunks_[i]);
  }
}

SendChunks::~SendChunks() {
  if (memory_ != nullptr) ::munmap(memory_, kChunkCount * kChunkSize);
}

SendChunk* SendChunks::take() {
  std::uint64_t head = head_.load(std::memory_order_acquire);
  while ((head & kIndexMask) != 0) {
    SendChunk& chunk = chunks_[(head & kIndexMask) - 1];
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
  const auto index = static_cast<std::uint64_t>(chunk - chunks_.get()) + 1;
  std::uint64_t head = head_.load(std::memory_order_relaxed);
  std::uint64_t given = 0;
  do {
    chunk->next.store(static_cast<std::uint32_t>(head & kIndexMask), std::memory_order_relaxed);
    given = (head & ~kIndexMask) + kOneChange + index;
  } while (!head_.compare_exchange_weak(head, given, std::memory_order_release,
                                        std::memory_order_relaxed));
}

}  // namespace ringpeer::worker
