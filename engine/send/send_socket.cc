#include "ringpeer/engine/send/send_socket.h"

#include <algorithm>

namespace ringpeer::worker {

// Neighbours mostly lie in the same memory, which is counted once for each run of them.

void SendSocket::wait_last(SendItem* item) {
  ++came_;
  item->next = nullptr;
  if (last_ == nullptr || last_->memory != item->memory) held_bytes_ += item->memory->size;
  (last_ == nullptr ? first_ : last_->next) = item;
  last_ = item;
}

void SendSocket::wait_first(SendItem* item) {
  --went_;
  item->next = first_;
  if (first_ == nullptr || first_->memory != item->memory) held_bytes_ += item->memory->size;
  first_ = item;
  if (last_ == nullptr) last_ = item;
}

SendItem* SendSocket::take_first() {
  SendItem* const item = first_;
  if (item == nullptr) return nullptr;
  ++went_;
  first_ = item->next;
  if (first_ == nullptr) last_ = nullptr;
  if (first_ == nullptr || first_->memory != item->memory) held_bytes_ -= item->memory->size;
  return item;
}

void SendSocket::settle() {
  if (went_ < covered_) return;
  settled_mark_ = std::max(settled_mark_, covering_mark_);
  if (next_mark_ <= covering_mark_) return;
  covering_mark_ = next_mark_;
  covered_ = came_;
}

void SendSocket::tell(const SendItem& item, int error) const {
  if (!item.tells) return;
  if (errors_ != nullptr) {
    errors_->set(item.destination, error);
  } else if (ErrorLatch* latch = item.connected ? connected_latch_ : unconnected_latch_) {
    latch->set(error);
  }
}

}  // namespace ringpeer::worker
