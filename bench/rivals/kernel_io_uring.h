#ifndef RINGPEER_BENCH_RIVALS_KERNEL_IO_URING_H_
#define RINGPEER_BENCH_RIVALS_KERNEL_IO_URING_H_

#include <linux/io_uring.h>

#include <cstdint>

namespace ringpeer::bench {

// What <linux/io_uring.h> of Linux 6.1 (Debian 12) lacks, under names of our own so
// that newer headers do not collide.
// Threads: any; constants and plain values.

// Linux 6.12: the ring's features tell that io_uring_enter understands min_wait_usec.
inline constexpr std::uint32_t kFeatureMinTimeout = 1U << 15;

// Linux 6.12: struct io_uring_getevents_arg, whose padding became min_wait_usec.
struct GetEventsArgument {
  std::uint64_t signal_mask = 0;
  std::uint32_t signal_mask_size = 0;
  std::uint32_t min_wait_usec = 0;
  std::uint64_t timeout = 0;
};
static_assert(sizeof(GetEventsArgument) == sizeof(io_uring_getevents_arg));

// Linux 6.12: buffers of a provided ring are used up piece by piece, and a completion
// says when more of its buffer is to come.
inline constexpr std::uint16_t kBufferRingIncremental = 2;
inline constexpr std::uint32_t kCompletionBufferMore = 1U << 4;

// Linux 7.1, backported to stable 6.18: struct io_uring_buf_reg whose first reserved
// word became min_left, the room below which an incremental buffer counts as used up.
struct BufferRingRegistration {
  std::uint64_t ring_address = 0;
  std::uint32_t ring_entries = 0;
  std::uint16_t group = 0;
  std::uint16_t flags = 0;
  std::uint32_t min_left = 0;
  std::uint32_t reserved[5] = {};
};
static_assert(sizeof(BufferRingRegistration) == sizeof(io_uring_buf_reg));

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_KERNEL_IO_URING_H_
