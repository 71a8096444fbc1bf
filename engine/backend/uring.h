#ifndef RINGPEER_ENGINE_BACKEND_URING_H_
#define RINGPEER_ENGINE_BACKEND_URING_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/backend/uring_abi.h"

namespace ringpeer::backend {

// An io_uring: the queue of requests to the kernel, the queue of its completions, and the call
// that enters it. It is disabled until enable(), whose thread is then its only issuer.
//
// Threads: create() and close() from any, while no other call runs; the rest from the one of
// enable().
// Lifetime: close(), or the end of the object, ends all requests.
// Failure: the set-up says the step and its errno; what the kernel refuses for good later is kept
// in failure().
class Uring {
 public:
  Uring() = default;
  ~Uring() { close(); }
  Uring(const Uring&) = delete;
  Uring& operator=(const Uring&) = delete;

  bool create(BackendFailure* failure);
  // 0 or errno.
  int enable() { return abi::enable_rings(ring_.ring_fd); }
  // Whether it may be entered: a filter may allow a ring and refuse its use. 0 or errno.
  int try_out() const;
  void close() {
    if (std::exchange(is_open_, false)) abi::close(&ring_);
  }

  bool is_open() const { return is_open_; }
  int descriptor() const { return ring_.ring_fd; }
  // Whether enter() can wait for a while before it settles for less (Linux 6.12).
  bool has_min_wait() const { return (ring_.features & abi::kFeatureMinTimeout) != 0; }

  // A request to be written, which the next enter() submits. Null when the kernel takes none just
  // now (its completions wait to be read, it has no memory): to be tried again after the next
  // enter().
  io_uring_sqe* next_request();
  bool has_requests() const { return io_uring_sq_ready(&ring_) > 0; }

  // Submits the requests and waits for so many completions: all of them during min_wait, one
  // from then on until the timeout. Errors that pass (a signal, the end of the time, no memory,
  // completions to be read first) are as good as a wait; any other is kept in failure().
  void enter(unsigned min_complete, std::chrono::microseconds min_wait,
             std::chrono::nanoseconds timeout);

  std::size_t capacity() const { return std::size_t{ring_.cq.ring_mask} + 1; }
  std::size_t ready() const { return io_uring_cq_ready(&ring_); }
  bool has_completions() const { return ready() > 0; }
  // Completions that found no room in the ring, which the next enter() brings.
  bool has_overflow() const { return io_uring_cq_has_overflow(&ring_); }
  struct Completions {
    std::span<const io_uring_cqe> run;
    bool may_be_more = false;
  };
  // The oldest completions that lie in one piece, at most `most`: they stay until pop().
  Completions completions(std::size_t most) const {
    const unsigned head = *ring_.cq.khead;
    const unsigned available = io_uring_smp_load_acquire(ring_.cq.ktail) - head;
    const unsigned index = head & ring_.cq.ring_mask;
    const unsigned count =
        std::min({available, ring_.cq.ring_mask + 1 - index, static_cast<unsigned>(most)});
    return {{&ring_.cq.cqes[index], count}, available > count};
  }
  void pop(std::size_t count) {
    io_uring_smp_store_release(ring_.cq.khead, *ring_.cq.khead + static_cast<unsigned>(count));
  }

  // Why the kernel cannot be asked any more; error is 0 while it can.
  const BackendFailure& failure() const { return failure_; }
  void fail(int error, const char* what) { failure_ = {error, what}; }

 private:
  io_uring ring_{};
  bool is_open_ = false;
  BackendFailure failure_;
};

}  // namespace ringpeer::backend

#endif  // RINGPEER_ENGINE_BACKEND_URING_H_
