#ifndef RINGPEER_TESTS_SIMULATION_RING_H_
#define RINGPEER_TESTS_SIMULATION_RING_H_

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "ringpeer/engine/backend/uring_abi.h"
#include "ringpeer/tests/simulation/kernel.h"

namespace ringpeer::simulation {

// The kernel's side of an io_uring with SINGLE_ISSUER and DEFER_TASKRUN: multishot receives into
// provided buffers, polls of eventfds, cancellations. Completions come in enter() alone.
// Source: io_uring/{io_uring,net,kbuf,poll}.c of Linux 6.12.
class Ring {
 public:
  Ring(Kernel& kernel, unsigned submissions, unsigned completions);

  // Fills what liburing gives to its user. The memory is this object's.
  void map_into(io_uring* ring, int descriptor, const io_uring_params& params);
  // 0 or errno.
  int register_buffers(const backend::abi::BufferRingRegistration& registration);
  // As the system call: requests that were taken, or a negative errno.
  int enter(unsigned to_submit, unsigned min_complete, Time min_wait, Time deadline);
  // All its requests end, and let go of their sockets.
  void close();

 private:
  struct Receive {
    std::shared_ptr<UdpSocket> socket;
    const msghdr* shape;
  };
  struct Poll {
    std::shared_ptr<Kernel::Event> event;
    bool is_multishot = false;
    std::uint64_t signals_told = 0;  // of many
  };

  int submit(unsigned count);
  void submit(const io_uring_sqe& request);
  void cancel(const io_uring_sqe& request);
  void arm(const io_uring_sqe& request);
  void end_receive(std::uint64_t id);

  // What only the error queue holds is not received.
  static bool is_due(const Receive& receive) {
    return !receive.socket->received.empty() || receive.socket->error != 0;
  }
  // One: when there is something. Many: what is there at first, then each change, which is told
  // although it has been read meanwhile.
  static bool is_due(const Poll& poll) {
    return poll.is_multishot ? poll.event->signals != poll.signals_told : poll.event->count > 0;
  }
  std::size_t due() const;
  void run_due();
  void run_poll(std::uint64_t id);
  void run_receive(std::uint64_t id);
  bool receive_one(std::uint64_t id, const Receive& receive);

  unsigned completions_ready() const { return cq_tail_ - cq_head_; }
  // False when the ring is full: it waits behind then.
  bool complete(std::uint64_t id, int result, unsigned flags);
  void flush_overflow();

  void look_at_new_buffers();
  io_uring_buf* next_buffer();

  Kernel& kernel_;
  unsigned sq_head_ = 0;
  unsigned sq_tail_ = 0;
  unsigned sq_flags_ = 0;
  unsigned cq_head_ = 0;
  unsigned cq_tail_ = 0;
  unsigned unused_ = 0;
  std::vector<io_uring_sqe> requests_;
  std::vector<io_uring_cqe> completions_;
  std::deque<io_uring_cqe> overflow_;

  io_uring_buf_ring* buffers_ = nullptr;
  unsigned buffer_entries_ = 0;
  bool incremental_ = false;
  std::uint32_t min_left_ = 0;
  std::uint16_t buffer_head_ = 0;
  std::uint16_t buffer_seen_ = 0;
  std::vector<bool> is_with_kernel_;
  std::vector<std::uint32_t> written_;  // bytes of each, since it was given

  std::map<std::uint64_t, Receive> receives_;
  std::map<std::uint64_t, Poll> polls_;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_RING_H_
