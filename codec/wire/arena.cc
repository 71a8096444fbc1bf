#include "ringpeer/codec/wire/arena.h"

#include <algorithm>

namespace ringpeer {

Arena::~Arena() {
  while (first_ != nullptr) {
    Chunk* next = first_->next;
    HeapMemory::release(first_);
    first_ = next;
  }
}

void Arena::reset() noexcept {
  if (first_ != nullptr) use(first_);
}

void Arena::use(Chunk* chunk) {
  current_ = chunk;
  position_ = chunk->begin();
  end_ = position_ + chunk->size;
}

void* Arena::allocate_slow(std::size_t bytes) {
  // A chunk kept by reset() that is large enough; smaller ones wait for the next reset.
  while (current_ != nullptr && current_->next != nullptr) {
    use(current_->next);
    if (bytes <= current_->size) return allocate(bytes);
  }
  // In steps of a part of what is held: doubling would hold up to as much again in vain.
  const std::size_t size = std::max({bytes, chunk_size_, capacity_ / kGrowth});
  auto* chunk = static_cast<Chunk*>(HeapMemory::allocate(sizeof(Chunk) + size));
  chunk->next = nullptr;
  chunk->size = size;
  (current_ == nullptr ? first_ : current_->next) = chunk;
  capacity_ += size;
  use(chunk);
  return allocate(bytes);
}

}  // namespace ringpeer
