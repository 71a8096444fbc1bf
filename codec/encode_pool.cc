#include "ringpeer/codec/encode_pool.h"

#include <algorithm>
#include <bit>

namespace ringpeer {
namespace {

constexpr std::uint64_t kIndexMask = 0xffff;
constexpr std::uint64_t kOneTake = kIndexMask + 1;

std::unique_ptr<std::uint8_t[]> make_buffer(std::size_t class_index) {
  // Uninitialised: an encoder writes every byte it hands on, padding included.
  return std::unique_ptr<std::uint8_t[]>(
      new std::uint8_t[EncodePool::kSmallestBuffer << class_index]);
}

}  // namespace

EncodePool::EncodePool(const Options& options)
    : prefilled_per_class_(0),
      kept_per_class_(std::min(std::max(options.kept_per_class, options.prefilled_per_class),
                               kMostBuffersPerClass)) {
  prefilled_per_class_ = std::min(options.prefilled_per_class, kept_per_class_);
  for (std::size_t index = 0; index < kClassCount; ++index) {
    SizeClass& size_class = classes_[index];
    size_class.slots = std::make_unique<Slot[]>(kept_per_class_);
    for (std::size_t slot = 0; slot < prefilled_per_class_; ++slot) {
      size_class.slots[slot].buffer = make_buffer(index);
      give_back(index, static_cast<std::uint32_t>(slot), size_class.slots[slot].buffer.get());
    }
    size_class.made.store(prefilled_per_class_, std::memory_order_relaxed);
  }
}

EncodePool::~EncodePool() = default;

std::size_t EncodePool::class_of(std::size_t bytes) {
  if (bytes <= kSmallestBuffer) return 0;
  return static_cast<std::size_t>(std::bit_width(bytes - 1)) -
         static_cast<std::size_t>(std::bit_width(kSmallestBuffer - 1));
}

EncodePool::Lease EncodePool::lease(std::size_t bytes) {
  if (bytes > kLargestBuffer) return {};
  const std::size_t class_index = class_of(bytes);
  SizeClass& size_class = classes_[class_index];
  const std::uint32_t slot = take(size_class);
  if (slot == kNone) return grow(class_index);
  return Lease(this, class_index, slot, size_class.slots[slot].buffer.get());
}

std::uint32_t EncodePool::take(SizeClass& size_class) {
  // Acquire pairs with the release in give_back: the slot's `next`, and whatever the
  // last holder did with the buffer, happened before.
  std::uint64_t head = size_class.head.load(std::memory_order_acquire);
  for (;;) {
    const auto top = static_cast<std::uint32_t>(head & kIndexMask);
    if (top == kNone) return kNone;
    // Another thread may take this slot now and change `next` under us; then the
    // count in head has moved on and the exchange below fails. Slots are never freed.
    const std::uint64_t next = size_class.slots[top].next.load(std::memory_order_relaxed);
    const std::uint64_t taken = ((head & ~kIndexMask) + kOneTake) | next;
    if (size_class.head.compare_exchange_weak(head, taken, std::memory_order_acq_rel,
                                              std::memory_order_acquire)) {
      return top;
    }
  }
}

void EncodePool::give_back(std::size_t class_index, std::uint32_t slot, std::uint8_t* buffer) {
  if (slot == kNone) {
    delete[] buffer;
    return;
  }
  SizeClass& size_class = classes_[class_index];
  std::uint64_t head = size_class.head.load(std::memory_order_relaxed);
  for (;;) {
    size_class.slots[slot].next.store(static_cast<std::uint32_t>(head & kIndexMask),
                                      std::memory_order_relaxed);
    const std::uint64_t given = (head & ~kIndexMask) | slot;
    if (size_class.head.compare_exchange_weak(head, given, std::memory_order_release,
                                              std::memory_order_relaxed)) {
      return;
    }
  }
}

EncodePool::Lease EncodePool::grow(std::size_t class_index) {
  SizeClass& size_class = classes_[class_index];
  const std::uint64_t made = size_class.made.fetch_add(1, std::memory_order_relaxed);
  std::unique_ptr<std::uint8_t[]> buffer = make_buffer(class_index);
  if (made >= kept_per_class_) return Lease(this, class_index, kNone, buffer.release());
  // The count gave this slot to this thread alone; others see it after give_back.
  Slot& slot = size_class.slots[made];
  slot.buffer = std::move(buffer);
  return Lease(this, class_index, static_cast<std::uint32_t>(made), slot.buffer.get());
}

EncodePool::Statistics EncodePool::statistics() const {
  Statistics statistics;
  for (std::size_t index = 0; index < kClassCount; ++index) {
    const SizeClass& size_class = classes_[index];
    const std::uint64_t made = size_class.made.load(std::memory_order_relaxed);
    const std::uint64_t kept = std::min<std::uint64_t>(made, kept_per_class_);
    ClassStatistics& entry = statistics[index];
    entry.buffer_size = kSmallestBuffer << index;
    entry.prefilled = prefilled_per_class_;
    entry.grown = kept - prefilled_per_class_;
    entry.unkept = made - kept;
    // A buffer's first lease is the one that made it; all others came off the list.
    entry.leases = size_class.head.load(std::memory_order_relaxed) / kOneTake + entry.grown +
                   entry.unkept;
  }
  return statistics;
}

}  // namespace ringpeer
