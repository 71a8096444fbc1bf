#ifndef RINGPEER_ENGINE_BACKEND_URING_ABI_H_
#define RINGPEER_ENGINE_BACKEND_URING_ABI_H_

#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "ringpeer/engine/net/kernel_calls.h"

// The parts of the kernel's io_uring interface that are younger than the oldest
// liburing this project builds with (2.3, Debian 12). Source: include/uapi/linux/
// io_uring.h; the kernel's ABI never changes, so a copy of a layout is safe. And io_uring's own
// system calls, each of which stands here alone. 0 or errno, unless said; the ring's worker calls
// them, can_set_up() who creates a ring.

// Threads: the ring's. Errors are errno, or -errno where a count is the result.
namespace ringpeer::backend::abi {

// Linux 6.12: io_uring_enter can wait for a while before it settles for less.
inline constexpr std::uint32_t kFeatureMinTimeout = 1u << 15;

struct EnterArgument {
  std::uint64_t signal_mask;
  std::uint32_t signal_mask_size;
  std::uint32_t min_wait_us;
  std::uint64_t timeout;  // address of a __kernel_timespec
};
static_assert(sizeof(EnterArgument) == 24);

// Linux 6.12: one provided buffer takes many datagrams.
inline constexpr std::uint16_t kBufferRingIncremental = 2;
inline constexpr std::uint32_t kCompletionBufferMore = 1u << 4;

struct BufferRingRegistration {
  std::uint64_t ring_address;
  std::uint32_t ring_entries;
  std::uint16_t group;
  std::uint16_t flags;
  // A buffer with fewer bytes left is retired instead of filled. Kernels that do not
  // know the field refuse a value other than 0.
  std::uint32_t min_left;
  std::uint32_t reserved[5];
};
static_assert(sizeof(BufferRingRegistration) == 40);

inline constexpr unsigned kRegisterBufferRing = 22;

inline int register_with(int ring, unsigned what, const void* argument, unsigned count) {
  return ::syscall(__NR_io_uring_register, ring, what, argument, count) == 0 ? 0 : errno;
}

// EINVAL from kernels that do not know one of its fields.
inline int register_buffer_ring(int ring, const BufferRingRegistration& registration) {
  return register_with(ring, kRegisterBufferRing, &registration, 1);
}

// The call alone, without the mappings that liburing makes.
inline bool can_set_up(unsigned entries, io_uring_params params) {
  const long ring = ::syscall(__NR_io_uring_setup, entries, &params);
  if (ring >= 0) net::kernel::close(static_cast<int>(ring));
  return ring >= 0;
}

// Older than that, but liburing 2.3's shared library does not export its helper.
inline int enable_rings(int ring) {
  return register_with(ring, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
}

// How many requests were submitted, or a negative errno value: EINTR, ETIME, EBUSY, EAGAIN and
// ENOMEM pass.
inline int enter(int ring, unsigned to_submit, unsigned min_complete, unsigned flags,
                 const EnterArgument& argument) {
  const long result = ::syscall(__NR_io_uring_enter, ring, to_submit, min_complete,
                                flags | IORING_ENTER_EXT_ARG, &argument, sizeof(argument));
  return result >= 0 ? static_cast<int>(result) : -errno;
}

}  // namespace ringpeer::backend::abi

#endif  // RINGPEER_ENGINE_BACKEND_URING_ABI_H_
