#include "ringpeer/engine/stream/byte_ring.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace ringpeer {

bool ByteRing::reserve(std::size_t capacity) {
  assert(std::has_single_bit(capacity));
  if (capacity == capacity_ || (capacity < capacity_ && !empty())) return true;
  // Not initialised: pages that are never written to are never touched.
  std::unique_ptr<std::uint8_t[]> bytes(new (std::nothrow) std::uint8_t[capacity]);
  if (bytes == nullptr) return false;
  copy(0, std::span(bytes.get(), size()));
  end_ = size();
  begin_ = 0;
  bytes_ = std::move(bytes);
  capacity_ = capacity;
  return true;
}

std::span<std::uint8_t> ByteRing::free_run() {
  if (room() == 0) return {};
  const std::size_t first = index(end_);
  return {bytes_.get() + first, std::min(room(), capacity_ - first)};
}

void ByteRing::push(std::size_t count) {
  assert(count <= free_run().size());
  end_ += count;
}

void ByteRing::append(std::span<const std::uint8_t> bytes) {
  assert(bytes.size() <= room());
  while (!bytes.empty()) {
    const std::span<std::uint8_t> run = free_run();
    const std::size_t count = std::min(run.size(), bytes.size());
    std::memcpy(run.data(), bytes.data(), count);
    push(count);
    bytes = bytes.subspan(count);
  }
}

std::span<const std::uint8_t> ByteRing::front_run() const {
  if (empty()) return {};
  const std::size_t first = index(begin_);
  return {bytes_.get() + first, std::min(size(), capacity_ - first)};
}

void ByteRing::copy(std::size_t offset, std::span<std::uint8_t> to) const {
  assert(offset <= size() && to.size() <= size() - offset);
  if (to.empty()) return;
  const std::size_t first = index(begin_ + offset);
  const std::size_t count = std::min(to.size(), capacity_ - first);
  std::memcpy(to.data(), bytes_.get() + first, count);
  if (count < to.size()) std::memcpy(to.data() + count, bytes_.get(), to.size() - count);
}

void ByteRing::drop_front(std::size_t count) {
  assert(count <= size());
  begin_ += count;
  rewind_if_empty();
}

void ByteRing::drop_back(std::size_t count) {
  assert(count <= size());
  end_ -= count;
  rewind_if_empty();
}

}  // namespace ringpeer
