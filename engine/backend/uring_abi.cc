#include "ringpeer/engine/backend/uring_abi.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "ringpeer/engine/net/kernel_calls.h"

namespace ringpeer::backend::abi {
namespace {

int register_with(int ring, unsigned what, const void* argument, unsigned count) {
  return ::syscall(__NR_io_uring_register, ring, what, argument, count) == 0 ? 0 : errno;
}

}  // namespace

int register_buffer_ring(int ring, const BufferRingRegistration& registration) {
  return register_with(ring, kRegisterBufferRing, &registration, 1);
}

int set_up(unsigned entries, io_uring* ring, io_uring_params* params) {
  return -io_uring_queue_init_params(entries, ring, params);
}

void close(io_uring* ring) { io_uring_queue_exit(ring); }

bool can_set_up(unsigned entries, io_uring_params params) {
  const long ring = ::syscall(__NR_io_uring_setup, entries, &params);
  if (ring >= 0) net::kernel::close(static_cast<int>(ring));
  return ring >= 0;
}

int enable_rings(int ring) { return register_with(ring, IORING_REGISTER_ENABLE_RINGS, nullptr, 0); }

int enter(int ring, unsigned to_submit, unsigned min_complete, unsigned flags,
          const EnterArgument& argument) {
  const long result = ::syscall(__NR_io_uring_enter, ring, to_submit, min_complete,
                                flags | IORING_ENTER_EXT_ARG, &argument, sizeof(argument));
  return result >= 0 ? static_cast<int>(result) : -errno;
}

}  // namespace ringpeer::backend::abi
