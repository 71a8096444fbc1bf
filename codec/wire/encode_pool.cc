#include "ringpeer/codec/wire/encode_pool.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace ringpeer {
namespace {

std::unique_ptr<std::uint8_t[]> make_buffer(std::size_t class_index) {
  // Uninitialised: an encoder writes every byte it hands on, padding included.
  return std::unique_ptr<std::uint8_t[]>(
      new std::uint8_t[EncodePool::kSmallestBuffer << class_index]);
}

// A small number for each thread, in the order in which threads first encode.
std::size_t thread_number() {
  static std::atomic<std::size_t> next{1};
  // Zero is "not yet": initialised at load time, so that reading it needs no guard.
  thread_local constinit std::size_t number = 0;
  if (number == 0) number = next.fetch_add(1, std::memory_order_relaxed);
  return number - 1;
}

}  // namespace

EncodePool::EncodePool(const Options& options)
    : prefilled_per_class_(options.prefilled_per_class),
      kept_per_class_(std::max(options.kept_per_class, options.prefilled_per_class)) {
  for (std::size_t index = 0; index < kClassCount; ++index) {
    SizeClass& size_class = classes_[index];
    size_class.places = std::make_unique<Slot[]>(kept_per_class_);
    for (std::size_t slot = 0; slot < prefilled_per_class_; ++slot) {
      size_class.places[slot].buffer = make_buffer(index);
      size_class.places[slot].taken.store(false, std::memory_order_relaxed);
    }
    size_class.made.store(prefilled_per_class_, std::memory_order_relaxed);
  }
}

EncodePool::~EncodePool() = default;

std::size_t EncodePool::class_of(std::size_t bytes) {
  assert(bytes <= kMaxBuffer);
  if (bytes <= kSmallestBuffer) return 0;
  return static_cast<std::size_t>(std::bit_width(bytes - 1)) -
         static_cast<std::size_t>(std::bit_width(kSmallestBuffer - 1));
}

EncodePool::Lease EncodePool::lease(std::size_t bytes) {
  if (bytes > kMaxBuffer) return {};
  const std::size_t class_index = class_of(bytes);
  Slot* const slot = take(classes_[class_index]);
  if (slot == nullptr) return grow(class_index);
  assert(slot->buffer != nullptr);
  return Lease(slot, slot->buffer.get(), kSmallestBuffer << class_index);
}

EncodePool::Slot* EncodePool::take(const SizeClass& size_class) const {
  const std::size_t made =
      std::min(size_class.made.load(std::memory_order_relaxed), kept_per_class_);
  std::size_t index = thread_number();
  if (index >= made) index = made == 0 ? 0 : index % made;
  for (std::size_t i = 0; i < made; ++i) {
    Slot& slot = size_class.places[index];
    if (++index == made) index = 0;
    // Looking first keeps the line shared while another thread has the buffer.
    if (slot.taken.load(std::memory_order_relaxed)) continue;
    if (slot.taken.exchange(true, std::memory_order_acquire)) continue;
    // No addition in one step is needed: only who has taken the slot counts.
    slot.leases.store(slot.leases.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return &slot;
  }
  return nullptr;
}

EncodePool::Lease EncodePool::grow(std::size_t class_index) {
  SizeClass& size_class = classes_[class_index];
  const std::size_t size = kSmallestBuffer << class_index;
  std::unique_ptr<std::uint8_t[]> buffer = make_buffer(class_index);
  const std::size_t made = size_class.made.fetch_add(1, std::memory_order_relaxed);
  if (made >= kept_per_class_) return Lease(nullptr, buffer.release(), size);
  // The count gave this slot to this thread alone, and it is taken: others see what
  // is in it after the lease gave it back.
  Slot& slot = size_class.places[made];
  slot.buffer = std::move(buffer);
  slot.leases.store(1, std::memory_order_relaxed);
  return Lease(&slot, slot.buffer.get(), size);
}

EncodePool::Statistics EncodePool::statistics() const {
  Statistics statistics;
  for (std::size_t index = 0; index < kClassCount; ++index) {
    const SizeClass& size_class = classes_[index];
    const std::size_t made = size_class.made.load(std::memory_order_relaxed);
    const std::size_t kept = std::min(made, kept_per_class_);
    ClassStatistics& entry = statistics[index];
    entry.buffer_size = kSmallestBuffer << index;
    entry.prefilled = prefilled_per_class_;
    entry.grown = kept - prefilled_per_class_;
    entry.unkept = made - kept;
    entry.leases = entry.unkept;
    for (std::size_t slot = 0; slot < kept; ++slot) {
      entry.leases += size_class.places[slot].leases.load(std::memory_order_relaxed);
    }
  }
  return statistics;
}

}  // namespace ringpeer
