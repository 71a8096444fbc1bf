#include "ringpeer/engine/backend/uring.h"

#include <cerrno>

#include "ringpeer/engine/net/kernel_calls.h"
#include "ringpeer/engine/net/precise_sleep.h"

namespace ringpeer::backend {
namespace {

// Requests are rare (arm, cancel, poll): a handful at a time.
constexpr unsigned kSubmissionEntries = 256;

// Completions: more than a worker leaves unread between two looks. Smaller where
// RLIMIT_MEMLOCK is 64 KiB, which a larger ring would not fit.
constexpr unsigned kCompletionEntries = 4096;
constexpr unsigned kCompletionEntriesSmall = 1024;

// Until the kernel is asked again, when it had no memory for what it was asked.
constexpr std::chrono::milliseconds kShortOfMemory{1};

// What liburing does before it enters; its own entry point knows no minimum wait. How many
// requests wait for the kernel.
unsigned publish(io_uring_sq& queue) {
  const unsigned tail = queue.sqe_tail;
  // Newer ones than 2.5 ask for rings without this array where the kernel can.
  if (queue.array != nullptr) {
    for (unsigned i = *queue.ktail; i != tail; ++i) {
      queue.array[i & queue.ring_mask] = i & queue.ring_mask;
    }
  }
  queue.sqe_head = tail;
  io_uring_smp_store_release(queue.ktail, tail);
  return tail - io_uring_smp_load_acquire(queue.khead);
}

}  // namespace

// Only one thread enters (SINGLE_ISSUER and DEFER_TASKRUN): without both, waiting for several
// completions costs three times as much. The ring starts disabled, so that the thread that
// enables it becomes its only issuer.
bool Uring::create(BackendFailure* failure) {
  int error = 0;
  io_uring_params asked{};
  asked.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED |
                IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL;
  for (const unsigned completions : {kCompletionEntries, kCompletionEntriesSmall}) {
    asked.cq_entries = completions;
    io_uring_params params = asked;
    error = abi::set_up(kSubmissionEntries, &ring_, &params);
    if (error != ENOMEM) break;
  }
  if (error != 0) {
    // The library maps the rings as well: the call alone tells whose memory it is.
    const bool is_mapping = error == ENOMEM && abi::can_set_up(kSubmissionEntries, asked);
    *failure = {error, is_mapping ? "mmap of the rings" : "io_uring_setup"};
    return false;
  }
  is_open_ = true;
  ring_.ring_fd = ring_.enter_ring_fd = net::kernel::own_descriptor(ring_.ring_fd);
  if ((ring_.features & IORING_FEAT_EXT_ARG) == 0) {
    *failure = {ENOSYS, "io_uring_enter without extended arguments"};
    return false;
  }
  return true;
}

int Uring::try_out() const { return -abi::enter(ring_.ring_fd, 0, 0, IORING_ENTER_GETEVENTS, {}); }

io_uring_sqe* Uring::next_request() {
  io_uring_sqe* request = io_uring_get_sqe(&ring_);
  if (request == nullptr) {  // full: submit what is there
    enter(0, std::chrono::microseconds(0), std::chrono::nanoseconds(0));
    request = io_uring_get_sqe(&ring_);
  }
  return request;
}

void Uring::enter(unsigned min_complete, std::chrono::microseconds min_wait,
                  std::chrono::nanoseconds timeout) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  __kernel_timespec limit{};
  limit.tv_sec = seconds.count();
  limit.tv_nsec = (timeout - seconds).count();
  abi::EnterArgument argument{};
  argument.min_wait_us = static_cast<std::uint32_t>(min_wait.count());
  argument.timeout = reinterpret_cast<std::uint64_t>(&limit);
  const unsigned pending = publish(ring_.sq);
  const int result =
      abi::enter(ring_.ring_fd, pending, min_complete, IORING_ENTER_GETEVENTS, argument);
  switch (-result) {
    case EINTR:
    case ETIME:
    case EBUSY:
      return;
    case EAGAIN:
    case ENOMEM:
      net::sleep_precisely(kShortOfMemory);
      return;
    default:
      if (result < 0) fail(-result, "io_uring_enter");
  }
}

}  // namespace ringpeer::backend
