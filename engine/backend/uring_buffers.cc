#include "ringpeer/engine/backend/uring_buffers.h"

#include <cassert>
#include <cerrno>

namespace ringpeer::backend {
namespace {

// Incremental buffers. A buffer is retired when the largest datagram would no longer
// fit, so 128 KiB are used by half or more. 64 of them hold a 60 Hz frame of a
// small-packet flood by reference (7,000 packets are about 0.8 MB); 8 with the
// kernel cover more than what arrives between two looks of a worker.
constexpr std::size_t kIncrementalCount = 64;
constexpr std::size_t kIncrementalWithKernel = 8;
constexpr std::size_t kIncrementalSize = std::size_t{128} << 10;

// One datagram a buffer. 512 absorb what arrives between two looks; more would only
// be colder.
constexpr std::size_t kSingleCount = 512;
constexpr std::size_t kSingleWithKernel = 256;

constexpr std::size_t kCacheLine = 64;

constexpr const char* kRegistration = "io_uring_register of the packet buffers";
constexpr const char* kMapping = "mmap of the packet buffers";

}  // namespace

UringBuffers::UringBuffers(std::size_t largest, packet::BufferReturn* home)
    : largest_(largest), home_(home) {}

int UringBuffers::register_with(int ring, bool try_incremental, const char** step) {
  *step = kMapping;
  if (!ring_memory_.map(kSingleCount * sizeof(io_uring_buf), packet::MappedMemory::Pages::kSmall)) {
    return ENOMEM;
  }
  ring_ = reinterpret_cast<io_uring_buf_ring*>(ring_memory_.data());
  *step = kRegistration;
  if (try_incremental) {
    const int error = try_register(ring, kIncrementalCount, abi::kBufferRingIncremental,
                                   static_cast<std::uint32_t>(largest_));
    if (error == 0) {
      incremental_ = true;
      buffer_more_ = abi::kCompletionBufferMore;
      feed_target_ = kIncrementalWithKernel;
      *step = kMapping;
      // An odd number of lines between buffers, so that they start in different sets
      // of the cache.
      if (!stock_.make(kIncrementalCount, kIncrementalSize, kIncrementalSize + kCacheLine,
                       packet::MappedMemory::Pages::kHuge, home_)) {
        return ENOMEM;
      }
    } else if (error != EINVAL) {
      return error;
    }
  }
  if (!incremental_) {
    const int error = try_register(ring, kSingleCount, 0, 0);
    if (error != 0) return error;
    feed_target_ = kSingleWithKernel;
    *step = kMapping;
    const std::size_t size = (largest_ + kCacheLine - 1) / kCacheLine * kCacheLine;
    // Small pages: of 64 KiB, a small packet touches the first.
    if (!stock_.make(kSingleCount, size, size + (size / kCacheLine % 2 == 0 ? kCacheLine : 0),
                     packet::MappedMemory::Pages::kSmall, home_)) {
      return ENOMEM;
    }
  }
  feed();
  return 0;
}

int UringBuffers::try_register(int ring, std::size_t entries, std::uint16_t flags,
                               std::uint32_t min_left) {
  ring_entries_ = static_cast<unsigned>(entries);
  abi::BufferRingRegistration registration{};
  registration.ring_address = reinterpret_cast<std::uint64_t>(ring_);
  registration.ring_entries = ring_entries_;
  registration.group = kGroup;
  registration.flags = flags;
  registration.min_left = min_left;
  io_uring_buf_ring_init(ring_);
  return abi::register_buffer_ring(ring, registration);
}

void UringBuffers::feed() {
  int added = 0;
  while (with_kernel_ < feed_target_) {
    packet::PacketBuffer* const buffer = stock_.take();
    if (buffer == nullptr) break;
    io_uring_buf_ring_add(ring_, buffer->memory, buffer->capacity, buffer->index,
                          io_uring_buf_ring_mask(ring_entries_), added++);
    ++with_kernel_;
  }
  if (added > 0) io_uring_buf_ring_advance(ring_, added);
}

// The kernel writes no more datagrams into the buffer.
void UringBuffers::end_of(packet::PacketBuffer* buffer) {
  assert(with_kernel_ > 0);
  --with_kernel_;
  if (incremental_) {
    buffer->retire();
  } else {
    buffer->references.store(1, std::memory_order_relaxed);
  }
}

}  // namespace ringpeer::backend
