#ifndef RINGPEER_CODEC_ENCODE_POOL_H_
#define RINGPEER_CODEC_ENCODE_POOL_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace ringpeer {

// Preallocated buffers for encoding, in power-of-two size classes, shared by any
// number of threads.
//
// Threads: every member may be called from any thread at any time; only the
// destructor needs the pool for itself. Taking and giving back are lock-free.
// Lifetime: a Lease must not outlive its pool.
// Errors: none. A pool that is empty grows; one that may not grow further hands
// out a buffer of the heap that is freed when it comes back. Both are counted.
//
// Each class keeps its free buffers in a stack rather than a queue: the buffer that
// came back last is the one still in the cache, and one compare-and-swap takes it.
class EncodePool {
 public:
  // Godot's smallest encode_buffer_max_size: no class below it pays off, since a
  // thread holds one buffer at a time.
  static constexpr std::size_t kSmallestBuffer = 1024;
  // The power of two above the largest datagram (65,507 bytes). An encoding that is
  // larger is only counted: no socket would take it.
  static constexpr std::size_t kLargestBuffer = std::size_t{64} << 10;
  static constexpr std::size_t kClassCount = 7;  // 1, 2, 4, 8, 16, 32, 64 KiB
  static_assert(kSmallestBuffer << (kClassCount - 1) == kLargestBuffer);

  // Free-list indices are 16 bits wide and the last one marks the end of a list.
  static constexpr std::size_t kMostBuffersPerClass = 0xffff;

  struct Options {
    // Buffers of every class that exist before the first lease; one for each
    // thread that encodes is enough to never grow.
    std::size_t prefilled_per_class = 4;
    // Buffers a class may keep. More at once come from the heap and go back to it,
    // so that one burst does not pin its peak for ever.
    std::size_t kept_per_class = 256;
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
  // does (bytes > kLargestBuffer).
  Lease lease(std::size_t bytes);

  // A snapshot; classes are read one after the other.
  Statistics statistics() const;

 private:
  static constexpr std::uint32_t kNone = 0xffff;
  static constexpr std::size_t kCacheLine = 64;

  struct Slot {
    std::atomic<std::uint32_t> next{kNone};
    std::unique_ptr<std::uint8_t[]> buffer;
  };

  // `head` is the index of the top slot in its low 16 bits; the other 48 count the
  // takes. The count makes a compare-and-swap fail when the top slot was taken and
  // put back meanwhile (its `next` may be another by then), and it is the statistic.
  struct alignas(kCacheLine) SizeClass {
    std::atomic<std::uint64_t> head{kNone};
    std::atomic<std::uint64_t> made{0};  // slots ever asked for, kept or not
    std::unique_ptr<Slot[]> slots;
  };

  static std::size_t class_of(std::size_t bytes);
  std::uint32_t take(SizeClass& size_class);
  void give_back(std::size_t class_index, std::uint32_t slot, std::uint8_t* buffer);
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
    if (buffer_ != nullptr) pool_->give_back(class_index_, slot_, std::exchange(buffer_, nullptr));
  }

  explicit operator bool() const { return buffer_ != nullptr; }
  std::uint8_t* data() const { return buffer_; }
  std::size_t size() const { return buffer_ == nullptr ? 0 : kSmallestBuffer << class_index_; }
  std::span<std::uint8_t> bytes() const { return {buffer_, size()}; }

 private:
  friend class EncodePool;
  Lease(EncodePool* pool, std::size_t class_index, std::uint32_t slot, std::uint8_t* buffer)
      : pool_(pool),
        buffer_(buffer),
        class_index_(static_cast<std::uint32_t>(class_index)),
        slot_(slot) {}

  void swap(Lease& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(buffer_, other.buffer_);
    std::swap(class_index_, other.class_index_);
    std::swap(slot_, other.slot_);
  }

  EncodePool* pool_ = nullptr;
  std::uint8_t* buffer_ = nullptr;
  std::uint32_t class_index_ = 0;
  std::uint32_t slot_ = kNone;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_ENCODE_POOL_H_
