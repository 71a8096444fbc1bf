#include "ringpeer/worker/send_chunks.h"

namespace ringpeer::worker {

SendChunks::SendChunks() : chunks_(std::make_unique<SendChunk[]>(kChunkCount)) {
  if (!memory_.map(kChunkCount * kChunkSize, packet::MappedMemory::Pages::kSmall)) return;
  for (std::size_t i = kChunkCount; i-- > 0;) {
    chunks_[i].bytes = memory_.data() + i * kChunkSize;
    give_back(&chunks_[i]);
  }
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
