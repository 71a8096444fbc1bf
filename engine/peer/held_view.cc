#include "ringpeer/engine/peer/held_view.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <new>

#include "ringpeer/engine/packet/slab_pool.h"

namespace ringpeer::internal {
namespace {

// A peer's copy is of this size at least.
constexpr std::size_t kSmallestCopy = 128;

}  // namespace

bool HeldView::copy(std::span<const std::uint8_t>* packet) {
  if (packet->size() > room_) {
    const std::size_t room = std::max(std::bit_ceil(packet->size()), kSmallestCopy);
    std::unique_ptr<std::uint8_t[]> larger(new (std::nothrow) std::uint8_t[room]);
    if (larger == nullptr) return false;
    copy_ = std::move(larger);
    room_ = room;
  }
  std::memcpy(copy_.get(), packet->data(), packet->size());
  *packet = {copy_.get(), packet->size()};
  return true;
}

bool ViewLimit::admit(const packet::PacketBuffer* buffer) {
  if (buffer->kind == packet::BufferKind::kSlab) {
    const std::size_t size = packet::SlabPool::block_size(buffer->capacity);
    if (bytes_ + size > most_bytes_) return false;
    bytes_ += size;
    return true;
  }
  for (std::size_t i = held_count_; i > 0; --i) {  // the last is the likeliest
    if (held_[i - 1].buffer != buffer) continue;
    ++held_[i - 1].views;
    return true;
  }
  if (held_count_ == held_.size()) return false;
  held_[held_count_++] = {buffer, 1};
  return true;
}

void ViewLimit::let_go(const packet::PacketBuffer* buffer) {
  if (buffer->kind == packet::BufferKind::kSlab) {
    assert(bytes_ >= packet::SlabPool::block_size(buffer->capacity));
    bytes_ -= packet::SlabPool::block_size(buffer->capacity);
    return;
  }
  for (std::size_t i = held_count_; i > 0; --i) {
    if (held_[i - 1].buffer != buffer) continue;
    if (--held_[i - 1].views == 0) {
      std::move(&held_[i], &held_[held_count_], &held_[i - 1]);  // in the order of their coming
      --held_count_;
    }
    return;
  }
  assert(false);
}

}  // namespace ringpeer::internal
