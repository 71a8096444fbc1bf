#ifndef RINGPEER_CODEC_VALUE_COMPACT_VECTOR_H_
#define RINGPEER_CODEC_VALUE_COMPACT_VECTOR_H_

#include "ringpeer/codec/base/language.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/codec/base/memory.h"

namespace ringpeer {

// What stands before the elements of a CompactVector. `link` chains blocks while a
// tree of them is being destroyed, so that destruction needs neither recursion nor
// memory.
struct CompactBlock {
  std::uint32_t size;
  std::uint32_t capacity;
  CompactBlock* link;

  template <typename T>
  T* elements() {
    return reinterpret_cast<T*>(this + 1);
  }
};

// Destroys the elements of a heap block and releases it. Element types that can nest
// (Variant and what holds it) specialise this with a loop.
template <typename T>
void destroy_compact_block(CompactBlock* block) noexcept {
  if constexpr (!std::is_trivially_destructible_v<T>) {
    std::destroy_n(block->elements<T>(), block->size);
  }
  HeapMemory::release(block);
}

// A vector one pointer wide whose empty state owns no memory, with value semantics.
// It differs from std::vector where a Variant needs it to: the small footprint, growth
// in either kind of memory, and elements that move by copying their bytes (every type
// used here allows that: none points into itself).
//
// At most kMostElements elements: more is std::bad_alloc, whoever asks. Not thread-safe; like
// std::vector, references are valid until the next growth, and what is put in may be a
// part of the vector itself.
template <typename T>
class CompactVector {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  // What a CompactBlock counts to.
  static constexpr std::size_t kMostElements = std::numeric_limits<std::uint32_t>::max();

  CompactVector() = default;
  // Not by way of a span: clang 14 makes none of a type that is incomplete where this is named.
  // They delegate so that what they have built is destroyed when they throw.
  CompactVector(std::initializer_list<T> values) : CompactVector() {
    assign_fresh(values.begin(), values.size());
  }
  explicit CompactVector(std::span<const T> values) : CompactVector() {
    assign_fresh(values.data(), values.size());
  }
  CompactVector(const CompactVector& other) : CompactVector() {
    assign_fresh(other.data(), other.size());
  }
  CompactVector(CompactVector&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  CompactVector& operator=(const CompactVector& other) {
    if (this != &other) CompactVector(other).swap(*this);
    return *this;
  }
  CompactVector& operator=(CompactVector&& other) noexcept {
    CompactVector(std::move(other)).swap(*this);
    return *this;
  }
  ~CompactVector() { clear(); }

  std::size_t size() const { return block_ == nullptr ? 0 : block_->size; }
  std::size_t capacity() const { return block_ == nullptr ? 0 : block_->capacity; }
  bool empty() const { return size() == 0; }

  T* data() { return block_ == nullptr ? nullptr : block_->template elements<T>(); }
  const T* data() const { return block_ == nullptr ? nullptr : block_->template elements<T>(); }
  T* begin() { return data(); }
  T* end() { return data() + size(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }

  // The index must be below size().
  T& operator[](std::size_t index) {
    assert(index < size());
    return data()[index];
  }
  const T& operator[](std::size_t index) const {
    assert(index < size());
    return data()[index];
  }
  T& back() {
    assert(!empty());
    return data()[size() - 1];
  }
  const T& back() const {
    assert(!empty());
    return data()[size() - 1];
  }

  void push_back(const T& value) {
    T copy(value);
    push_back(std::move(copy));
  }
  void push_back(T&& value) {
    HeapMemory memory;
    T moved(std::move(value));  // growing moves the elements, and it may be one
    new (append_uninitialized(memory)) T(std::move(moved));
  }

  // Exactly as much for an empty vector; one that grows step by step grows as push_back does.
  void reserve(std::size_t capacity) {
    HeapMemory memory;
    if (capacity <= this->capacity()) return;
    regrow(memory, empty() ? capacity : std::max(capacity, grown_capacity()));
  }

  // New elements are T().
  void resize(std::size_t size) {
    HeapMemory memory;
    while (this->size() > size) pop_back();
    reserve(size);
    while (this->size() < size) new (append_uninitialized(memory)) T();
  }

  void pop_back() {
    T* last = &back();
    --block_->size;
    std::destroy_at(last);
  }

  // Keeps the order of the others.
  void erase(std::size_t index) {
    assert(index < size());
    T* gone = data() + index;
    std::destroy_at(gone);
    std::memmove(static_cast<void*>(gone), static_cast<const void*>(gone + 1),
                 (size() - index - 1) * sizeof(T));
    --block_->size;
  }

  // Releases the memory as well.
  void clear() noexcept {
    if (block_ != nullptr) destroy_compact_block<T>(std::exchange(block_, nullptr));
  }

  void swap(CompactVector& other) noexcept { std::swap(block_, other.block_); }

  // --- For builders; `memory` is a HeapMemory or an Arena (see memory.h). ---

  // Bytes that a block of `capacity` elements takes: what a budget is charged.
  static constexpr std::size_t block_bytes(std::size_t capacity) {
    return sizeof(CompactBlock) + capacity * sizeof(T);
  }

  // What append_uninitialized would allocate now; 0 while there is room.
  std::size_t next_block_bytes() const {
    return size() == capacity() ? block_bytes(grown_capacity()) : 0;
  }

  template <typename Memory>
  void reserve_in(Memory& memory, std::size_t capacity) {
    regrow(memory, capacity);
  }

  // Room for one more element, already counted: the caller constructs it at once.
  template <typename Memory>
  T* append_uninitialized(Memory& memory) {
    if (size() == capacity()) regrow(memory, grown_capacity());
    return block_->template elements<T>() + block_->size++;
  }

  // The same while there is room, otherwise null.
  T* append_within_capacity() {
    if (block_ == nullptr || block_->size == block_->capacity) return nullptr;
    return block_->template elements<T>() + block_->size++;
  }

  // `count` elements whose bytes the caller fills at once; the vector must be empty.
  template <typename Memory>
  T* fill_uninitialized(Memory& memory, std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    assert(empty());
    if (count == 0) return nullptr;
    regrow(memory, count);
    block_->size = static_cast<std::uint32_t>(count);
    return block_->template elements<T>();
  }

  // Takes back the last append_uninitialized, whose element was not constructed.
  void drop_uninitialized() {
    assert(!empty());
    --block_->size;
  }

  // Hands the block over to whoever destroys a tree of them.
  CompactBlock* detach() noexcept { return std::exchange(block_, nullptr); }

 private:
  static constexpr std::size_t kSmallestCapacity = 4;

  std::size_t grown_capacity() const {
    // Half of one is nothing: small capacities step to the smallest first.
    if (capacity() < kSmallestCapacity) return kSmallestCapacity;
    const std::size_t grown = capacity() + capacity() / 2;
    return capacity() < kMostElements ? std::min(grown, kMostElements) : grown;
  }

  void assign_fresh(const T* values, std::size_t count) {
    if (count == 0) return;
    HeapMemory memory;
    regrow(memory, count);
    if constexpr (std::is_trivially_copyable_v<T>) {
      std::memcpy(static_cast<void*>(data()), values, count * sizeof(T));
      block_->size = static_cast<std::uint32_t>(count);
    } else {
      for (; block_->size < count; ++block_->size)
        new (data() + block_->size) T(values[block_->size]);
    }
  }

  template <typename Memory>
  void regrow(Memory& memory, std::size_t capacity) {
    if (capacity == 0) return;
    if (capacity > kMostElements) refuse_memory();
    assert(capacity >= size());
    static_assert(alignof(T) <= kMemoryAlignment);
    auto* block = static_cast<CompactBlock*>(memory.allocate(block_bytes(capacity)));
    block->size = static_cast<std::uint32_t>(size());
    block->capacity = static_cast<std::uint32_t>(capacity);
    if (block_ != nullptr) {
      std::memcpy(static_cast<void*>(block->template elements<T>()),
                  static_cast<const void*>(data()), size() * sizeof(T));
      memory.release(block_);
    }
    block_ = block;
  }

  CompactBlock* block_ = nullptr;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_COMPACT_VECTOR_H_
