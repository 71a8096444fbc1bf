#include "ringpeer/codec/value/entry_list.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_tree.h"

namespace ringpeer {

std::size_t EntryList::capacity() const {
  std::size_t capacity = 0;
  for (const EntryBlock* block = head_; block != nullptr; block = block->link) {
    capacity += block->capacity;
  }
  return capacity;
}

std::size_t EntryList::grown_by() const { return std::max(kSmallestBlock, capacity() / 2); }

std::size_t EntryList::next_block_bytes() const {
  const bool room = head_ != nullptr &&
                    (head_->last->used < head_->last->capacity || head_->last->link != nullptr);
  return room ? 0 : block_bytes(grown_by());
}

void EntryList::clear() noexcept { VariantTree::destroy_entry_blocks(detach()); }

bool EntryList::erase(DictionaryEntry* entry) noexcept {
  assert(!empty() && !entry->key.erased_);
  auto* key = const_cast<Variant*>(&entry->key);
  key->clear();
  entry->value.clear();
  key->erased_ = true;
  --head_->count;
  ++head_->holes;
  if (empty()) {
    clear();
    return false;
  }
  trim_front();
  trim_back();
  constexpr std::uint32_t kHolesKept = 8;  // too few to be worth a walk
  if (head_->holes <= head_->count + kHolesKept) return false;
  close_holes();
  return true;
}

// So that the list begins with an entry.
void EntryList::trim_front() noexcept {
  for (;;) {
    if (head_->first == head_->used) {
      EntryBlock* next = head_->link;
      next->last = head_->last;
      next->count = head_->count;
      next->holes = head_->holes;
      HeapMemory::release(std::exchange(head_, next));
    }
    if (!head_->entries()[head_->first].key.erased_) return;
    ++head_->first;
    --head_->holes;
  }
}

// So that the list ends with an entry.
void EntryList::trim_back() noexcept {
  for (;;) {
    EntryBlock* last = head_->last;
    if (last->used == 0) {
      EntryBlock* before = head_;
      while (before->link != last) before = before->link;
      head_->last = before;
      continue;
    }
    if (!last->entries()[last->used - 1].key.erased_) return;
    --last->used;
    --head_->holes;
  }
}

// Moves the entries together and releases the blocks that are left over.
void EntryList::close_holes() noexcept {
  EntryBlock* to = head_;
  std::uint32_t filled = 0;
  EntryBlock* from = head_;
  for (DictionaryEntry* entry = head_->entries() + head_->first; entry != nullptr;) {
    if (filled == to->capacity) {
      to->used = filled;
      to = to->link;
      filled = 0;
    }
    DictionaryEntry* place = to->entries() + filled++;
    // What moves is behind its new place, and so is the next.
    DictionaryEntry* next = next_entry(&from, entry);
    // As a Variant moves: its bytes are the value, and what was there is nobody's any more.
    if (place != entry) {
      std::memcpy(static_cast<void*>(place), static_cast<const void*>(entry), sizeof(*entry));
    }
    entry = next;
  }
  assert(filled > 0);
  to->used = filled;
  EntryBlock* left_over = std::exchange(to->link, nullptr);
  head_->last = to;
  head_->first = 0;
  head_->holes = 0;
  while (left_over != nullptr) HeapMemory::release(std::exchange(left_over, left_over->link));
}

}  // namespace ringpeer
