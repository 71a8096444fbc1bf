#include "ringpeer/engine/send/send_lane.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "ringpeer/engine/send/send_store.h"

namespace ringpeer::worker {
namespace {

// What a chunk's count of pending packets begins with, more than ever fit: the chunk is
// not free, whatever is sent, before its thread has taken off what it did not use.
constexpr std::uint32_t kOpen = 1 << 16;
static_assert(kOpen > SendChunks::kChunkSize / sizeof(SendItem));

}  // namespace

SendLane::SendLane(SendStore& store) : store_(store), items_in_(store.items()) {}

int SendLane::push(std::span<const std::uint8_t> payload, const SendTarget& target) {
  const std::size_t item_size = SendItem::size_for(target);
  const std::size_t needed = align_for_item(item_size + payload.size());
  assert(needed <= SendChunks::kChunkSize);  // larger ones lie on the heap
  if (used_ + needed > SendChunks::kChunkSize && !change_chunk()) return EAGAIN;
  std::uint8_t* const place = chunk_->bytes + used_;
  std::uint8_t* const bytes = place + item_size;
  std::memcpy(bytes, payload.data(), payload.size());
  SendItem* const item = SendItem::make(place, chunk_, {bytes, payload.size()}, target);
  if (!store_.items().push(items_in_, item)) return ENOMEM;
  used_ += needed;
  ++issued_;
  count_pushed(1);
  // Where the next packet of this size will lie: on its way before it is wanted.
  __builtin_prefetch(chunk_->bytes + used_ + needed, 1);
  return 0;
}

int SendLane::push_all(SendItem** items, std::size_t count) {
  if (!store_.items().push_bulk(items_in_, items, count)) return ENOMEM;
  count_pushed(count);
  return 0;
}

std::size_t SendLane::pop_to_mark(std::span<SendItem*> items) {
  if (has_reached_mark()) return 0;
  assert(mark_ > popped_);
  const std::size_t left = static_cast<std::size_t>(mark_ - popped_);
  return store_.items().pop_bulk_of(items_in_, items.data(), std::min(items.size(), left));
}

bool SendLane::change_chunk() {
  if (chunk_ != nullptr) {
    const std::uint32_t sent = kOpen - chunk_->left();
    if (sent != issued_) {
      SendChunk* next = store_.chunks().take();
      if (next == nullptr) return false;
      store_.release(chunk_, kOpen - issued_);
      chunk_ = next;
    }
    // Else all of it has been sent: no other memory is as fresh in the caches.
  } else {
    chunk_ = store_.chunks().take();
    if (chunk_ == nullptr) return false;
  }
  chunk_->lane = this;
  chunk_->pending.store(kOpen, std::memory_order_relaxed);
  used_ = 0;
  issued_ = 0;
  return true;
}

void SendLane::leave() {
  if (chunk_ != nullptr) store_.release(chunk_, kOpen - issued_);
  chunk_ = nullptr;
  used_ = SendChunks::kChunkSize;
  issued_ = 0;
  is_claimed_.store(false, std::memory_order_release);
}

}  // namespace ringpeer::worker
