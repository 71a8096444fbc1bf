#include "ringpeer/engine/send/waiting_items.h"

#include <algorithm>
#include <cassert>

namespace ringpeer::worker {

// Neighbours mostly lie in the same memory, which is counted once for each run of them.

void WaitingItems::push_back(SendItem* item) {
  ++came_;
  item->next = nullptr;
  if (last_ == nullptr || last_->memory != item->memory) held_bytes_ += item->memory->size;
  (last_ == nullptr ? first_ : last_->next) = item;
  last_ = item;
}

void WaitingItems::push_front(SendItem* item) {
  assert(went_ > 0);
  --went_;
  item->next = first_;
  if (first_ == nullptr || first_->memory != item->memory) held_bytes_ += item->memory->size;
  first_ = item;
  if (last_ == nullptr) last_ = item;
}

SendItem* WaitingItems::pop_front() {
  SendItem* const item = first_;
  if (item == nullptr) return nullptr;
  ++went_;
  first_ = item->next;
  if (first_ == nullptr) last_ = nullptr;
  if (first_ == nullptr || first_->memory != item->memory) held_bytes_ -= item->memory->size;
  assert(first_ != nullptr || (held_bytes_ == 0 && went_ == came_));
  return item;
}

void WaitingItems::settle() {
  if (went_ < covered_) return;
  settled_mark_ = std::max(settled_mark_, covering_mark_);
  if (next_mark_ <= covering_mark_) return;
  covering_mark_ = next_mark_;
  covered_ = came_;
}

}  // namespace ringpeer::worker
