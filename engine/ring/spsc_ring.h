#ifndef RINGPEER_ENGINE_RING_SPSC_RING_H_
#define RINGPEER_ENGINE_RING_SPSC_RING_H_

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "ringpeer/codec/base/atomics.h"

namespace ringpeer::ring {

// Two cache lines: the processor prefetches lines in pairs, so one line of padding
// still lets the two sides disturb each other.
inline constexpr std::size_t kInterferenceSize = 128;

// A bounded queue between one producer thread and one consumer thread, without
// locks and without a shared counter.
//
// Indices count elements, without a gap, and wrap with their type: the ring is empty exactly
// when head and tail are equal, whatever else has happened. Which slot an element lies in is
// a matter of its own: (index + shift) & mask. A producer that finds the ring empty may choose
// another shift (rewind_if_empty()), so that what comes next lies in the first slots again: a
// large ring that is seldom full then lives in a few warm cache lines instead of passing
// through all of its memory. Each side keeps a copy of the other's index and looks again only
// when the copy says full or empty, so in steady state the two touch each other's cache line
// once a batch.
//
// Memory order: publish() releases what push() wrote, and the shift that it went by; the
// consumer's look at the tail acquires both. pop() releases the slot back; the producer's look
// at the head acquires it. All elements that the consumer knows of went by one shift, the one
// that it reads right after the tail: another is chosen only once the head has come up to all
// that was staged, which takes a pop() of the last of them, and so comes after that reading.
//
// Threads: push, stage, stage_written, publish, next_slots, has_free_slots, rewind_if_empty:
// the producer. front, front_run, knows_more, look, pop: the consumer.
// size: any thread; exact for a side's own end, a moment old for the other's.
//
// kWarmSlots: what a producer passes through before it goes back. Smaller for tests only.
template <typename T, std::size_t kWarmSlots = 512>  // 16 KiB of packet descriptors
class SpscRing {
  static_assert(std::is_trivially_copyable_v<T>, "slots are overwritten, never destroyed");

 public:
  // capacity is rounded up to a power of two. first_index is for tests of the wrap.
  explicit SpscRing(std::size_t capacity, std::size_t first_index = 0)
      : mask_(std::bit_ceil(capacity) - 1),
        slots_(std::make_unique_for_overwrite<T[]>(mask_ + 1)),
        tail_(first_index),
        staged_(first_index),
        known_head_(first_index),
        head_(first_index),
        next_(first_index),
        known_tail_(first_index) {
    assert(capacity > 0);
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  std::size_t capacity() const { return mask_ + 1; }

  // Whether that many push() calls will succeed.
  bool has_free_slots(std::size_t wanted = 1) {
    if (known_free_slots() >= wanted) return true;
    known_head_ = head_.load(std::memory_order_acquire);
    return known_free_slots() >= wanted;
  }

  // To be called now and then.
  void rewind_if_empty() {
    const std::size_t shift = shift_.load(std::memory_order_relaxed);
    if (((staged_ + shift) & mask_) < kWarmSlots) [[likely]]
      return;
    // Not empty either while something is staged: the consumer cannot have taken it.
    if (head_.load(std::memory_order_acquire) != staged_) return;
    known_head_ = staged_;
    shift_.store(0 - staged_, std::memory_order_relaxed);  // published with the tail
  }

  // Writes into the ring; the consumer sees it after publish(). False when full.
  bool push(const T& value) {
    if (!has_free_slots()) return false;
    stage(value);
    return true;
  }
  // The same after has_free_slots() has said that there is room.
  void stage(const T& value) {
    assert(known_free_slots() >= 1);
    slots_[slot_of_staged()] = value;
    ++staged_;
  }
  // The next slots as far as they lie in one piece, at most `most`, which has_free_slots()
  // has said are there: to be written, and to be counted in with stage_written().
  std::span<T> next_slots(std::size_t most) {
    assert(known_free_slots() >= most);
    const std::size_t index = slot_of_staged();
    return {&slots_[index], std::min(most, capacity() - index)};
  }
  void stage_written(std::size_t count) {
    assert(known_free_slots() >= count);
    staged_ += count;
  }

  void publish() { tail_.store(staged_, std::memory_order_release); }

  // The oldest published element, or null. The consumer's to change until pop().
  T* front() {
    if (!knows_more() && !look()) return nullptr;
    return &slots_[(next_ + known_shift_) & mask_];
  }
  // The oldest published elements as far as they lie in one piece, at most `most`.
  std::span<T> front_run(std::size_t most) {
    if (!knows_more() && !look()) return {};
    const std::size_t index = (next_ + known_shift_) & mask_;
    return {&slots_[index], std::min({most, known_tail_ - next_, capacity() - index})};
  }

  // Whether the consumer knows of an element without a look at what the producer writes.
  bool knows_more() const { return next_ != known_tail_; }
  // The look: whether there is more than it knows of, which is nothing.
  bool look() {
    assert(!knows_more());
    known_tail_ = tail_.load(std::memory_order_acquire);
    if (next_ == known_tail_) return false;
    known_shift_ = shift_.load(std::memory_order_relaxed);
    return true;
  }

  // The first `count` elements, which front() or front_run() has shown, are done with.
  void pop(std::size_t count = 1) {
    assert(count <= known_tail_ - next_);
    next_ += count;
    head_.store(next_, std::memory_order_release);
  }

  std::size_t size() const {
    // The head first: the other way round a pop between the two loads could make
    // the difference negative.
    const std::size_t head = head_.load(std::memory_order_acquire);
    // Acquires nothing: no slot is looked at here.
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    // A third thread may be stopped between the loads while the two ends go on.
    return std::min(tail - head, capacity());
  }

 private:
  std::size_t known_free_slots() const {
    assert(staged_ - known_head_ <= capacity());  // nothing is staged over what may still be read
    return capacity() - (staged_ - known_head_);
  }
  std::size_t slot_of_staged() const {
    return (staged_ + shift_.load(std::memory_order_relaxed)) & mask_;
  }

  const std::size_t mask_;
  const std::unique_ptr<T[]> slots_;

  // Written by the producer.
  alignas(kInterferenceSize) Atomic<std::size_t> tail_;
  std::size_t staged_;
  std::size_t known_head_;
  Atomic<std::size_t> shift_{0};

  // Written by the consumer.
  alignas(kInterferenceSize) Atomic<std::size_t> head_;
  std::size_t next_;
  std::size_t known_tail_;
  std::size_t known_shift_ = 0;
};

}  // namespace ringpeer::ring

#endif  // RINGPEER_ENGINE_RING_SPSC_RING_H_
