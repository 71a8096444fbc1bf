#ifndef RINGPEER_ENGINE_BACKEND_URING_ABI_H_
#define RINGPEER_ENGINE_BACKEND_URING_ABI_H_

#include <liburing.h>

#include <cstdint>

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

// EINVAL from kernels that do not know one of its fields.
int register_buffer_ring(int ring, const BufferRingRegistration& registration);

// The ring's memory and its descriptor, until close(). ENOMEM is also of the mappings.
int set_up(unsigned entries, io_uring* ring, io_uring_params* params);
void close(io_uring* ring);
// The system call alone, without the mappings.
bool can_set_up(unsigned entries, io_uring_params params);

// Older than that, but liburing 2.3's shared library does not export its helper.
int enable_rings(int ring);

// How many requests were submitted, or a negative errno value: EINTR, ETIME, EBUSY, EAGAIN and
// ENOMEM pass.
int enter(int ring, unsigned to_submit, unsigned min_complete, unsigned flags,
          const EnterArgument& argument);

}  // namespace ringpeer::backend::abi

#endif  // RINGPEER_ENGINE_BACKEND_URING_ABI_H_
