// io_uring's system calls (ringpeer/engine/backend/uring_abi.h), answered by the simulated kernel.

#include <algorithm>
#include <cerrno>
#include <memory>

#include "ringpeer/engine/backend/uring_abi.h"
#include "ringpeer/tests/simulation/kernel.h"
#include "ringpeer/tests/simulation/ring.h"

namespace ringpeer::backend::abi {
namespace {

using simulation::Fault;
using simulation::Kernel;
using simulation::KernelCall;
using simulation::Ring;

std::shared_ptr<Ring> find_ring(Kernel& kernel, int descriptor) {
  const Kernel::File* file = kernel.find(descriptor);
  return file == nullptr ? nullptr : file->ring;
}

}  // namespace

int set_up(unsigned entries, io_uring* ring, io_uring_params* params) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  if (kernel.faults().happens(Fault::kNoRing)) return EPERM;
  if (kernel.faults().happens(Fault::kNoMemory)) return ENOMEM;
  const auto completions =
      std::min<std::size_t>(params->cq_entries, kernel.features().most_completions);
  auto made = std::make_shared<Ring>(kernel, entries, static_cast<unsigned>(completions));
  const int descriptor = kernel.add({.ring = made});
  if (descriptor < 0) return -descriptor;
  made->map_into(ring, descriptor, *params);
  return 0;
}

void close(io_uring* ring) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  find_ring(kernel, ring->ring_fd)->close();
  kernel.close(ring->ring_fd);
  // Its memory is unmapped: whoever looks at it now ends.
  ring->sq = {};
  ring->cq = {};
}

bool can_set_up(unsigned /*entries*/, io_uring_params /*params*/) { return false; }

int register_buffer_ring(int ring, const BufferRingRegistration& registration) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  return find_ring(kernel, ring)->register_buffers(registration);
}

int enable_rings(int /*ring*/) {
  const KernelCall call;
  return 0;
}

int enter(int ring, unsigned to_submit, unsigned min_complete, unsigned /*flags*/,
          const EnterArgument& argument) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  const auto found = find_ring(kernel, ring);
  if (found == nullptr) return -EBADF;
  simulation::Time deadline = simulation::kNever;
  if (argument.timeout != 0) {
    const auto* const limit = reinterpret_cast<const __kernel_timespec*>(argument.timeout);
    deadline = kernel.scheduler().now() + limit->tv_sec * simulation::kSecond + limit->tv_nsec;
  }
  const simulation::Time min_wait =
      kernel.features().has_min_wait ? argument.min_wait_us * simulation::kMicrosecond : 0;
  return found->enter(to_submit, min_complete, min_wait, deadline);
}

}  // namespace ringpeer::backend::abi
