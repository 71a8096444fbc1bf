#ifndef RINGPEER_CODEC_WIRE_ENCODE_POOL_H_
#define RINGPEER_CODEC_WIRE_ENCODE_POOL_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "ringpeer/codec/base/atomics.h"

namespace ringpeer {

// Preallocated buffers for encoding, in power-of-two size classes, shared by any
// number of threads.
//
// Threads: every member may be called from any thread at any time; only the
// destructor needs the pool for itself. Nothing waits and nothing is retried: taking a
// buffer looks at each of its class at most once, giving it back is one store.
// Lifetime: a Lease must not outlive its pool.
// Errors: none. A class whose buffers are all out grows; one that may not grow further
// hands out a buffer of the heap that is freed when it comes back. Both are counted.
//
// Each thread begins its search at a buffer of its own, so that as long as there are
// as many buffers as threads it finds the one it had last, still in its core's cache,
// with one atomic exchange on a cache line that no other core writes. (A shared stack
// or queue of free buffers costs two contended exchanges, and moves warm buffers to
// other cores.)
class EncodePool {
 public:
  // Godot's smallest encode_buffer_max_size: no class below it pays off, since a
  // thread holds one buffer at a time.
  static constexpr std::size_t kSmallestBuffer = 1024;
  // The power of two above the largest datagram (65,507 bytes). An encoding that is
  // larger is only counted: no socket would take it.
  static constexpr std::size_t kMaxBuffer = std::size_t{64} << 10;
  static constexpr std::size_t kClassCount = 7;  // 1, 2, 4, 8, 16, 32, 64 KiB
  static_assert(kSmallestBuffer << (kClassCount - 1) == kMaxBuffer);

  struct Options {
    // Buffers of every class that exist before the first lease; one for each
    // thread that encodes is enough to never grow.
    std::size_t prefilled_per_class = 4;
    // Buffers a class may keep. More at once come from the heap and go back to it,
    // so that one burst does not keep its peak pinned, and a search stays short.
    std::size_t kept_per_class = 64;
  };

  struct ClassStatistics {
    std::size_t buffer_size = 0;
    std::uint64_t leases = 0;     // buffers handed out so far
    std::uint64_t prefilled = 0;  // buffers made by the constructor
    std::uint64_t grown = 0;      // buffers added since, and kept
    std::uint64_t unkept = 0;     // buffers made beyond what the class may keep
  };
  using Statistics = std::array<ClassStatistics, kClassCount>;

  class Lease;

  EncodePool() : EncodePool(Options{}) {}
  explicit EncodePool(const Options& options);
  ~EncodePool();
  EncodePool(const EncodePool&) = delete;
  EncodePool& operator=(const EncodePool&) = delete;

  // A buffer of the smallest class that holds `bytes`; an empty lease when no class
  // does (bytes > kMaxBuffer).
  Lease lease(std::size_t bytes);

  // A snapshot; classes are read one after the other.
  Statistics statistics() const;

 private:
  static constexpr std::size_t kCacheLine = 64;

  // On a line of its own. All but `taken` belongs to who has taken the slot.
  struct alignas(kCacheLine) Slot {
    Atomic<bool> taken{true};  // a slot without a buffer cannot be taken
    Atomic<std::uint64_t> leases{0};
    std::unique_ptr<std::uint8_t[]> buffer;
  };

  struct SizeClass {
    Atomic<std::size_t> made{0};  // slots ever asked for, kept or not
    std::unique_ptr<Slot[]> places;
  };

  static std::size_t class_of(std::size_t bytes);
  Slot* take(const SizeClass& size_class) const;
  Lease grow(std::size_t class_index);

  std::size_t prefilled_per_class_;
  std::size_t kept_per_class_;
  std::array<SizeClass, kClassCount> classes_;
};

// One buffer, given back when the lease ends. Movable; an empty lease holds nothing.
class EncodePool::Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept { swap(other); }
  Lease& operator=(Lease&& other) noexcept {
    Lease moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Lease() { reset(); }

  void reset() {
    if (slot_ != nullptr) {
      // Pairs with the exchange of whoever takes it next.
      slot_->taken.store(false, std::memory_order_release);
    } else {
      delete[] buffer_;
    }
    slot_ = nullptr;
    buffer_ = nullptr;
    size_ = 0;
  }

  explicit operator bool() const { return buffer_ != nullptr; }
  std::uint8_t* data() const { return buffer_; }
  std::size_t size() const { return size_; }
  std::span<std::uint8_t> bytes() const { return {buffer_, size_}; }

 private:
  friend class EncodePool;
  Lease(Slot* slot, std::uint8_t* buffer, std::size_t size)
      : slot_(slot), buffer_(buffer), size_(size) {}

  void swap(Lease& other) noexcept {
    std::swap(slot_, other.slot_);
    std::swap(buffer_, other.buffer_);
    std::swap(size_, other.size_);
  }

  Slot* slot_ = nullptr;  // null when the pool does not keep the buffer
  std::uint8_t* buffer_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_ENCODE_POOL_H_
