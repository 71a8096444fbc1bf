#include "ringpeer/tests/simulation/ring.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ringpeer/tests/simulation/failure.h"

namespace ringpeer::simulation {
namespace {

// Datagrams that one receive brings before others have their turn (MULTISHOT_MAX_RETRY and one).
constexpr int kMaxInARow = 33;

constexpr std::size_t kMaxBuffers = 512;  // of a ring

// What nobody has sent: a packet that lies in a buffer that the kernel has again does not stay
// what it was.
constexpr int kScribble = 0xdb;

}  // namespace

Ring::Ring(Kernel& kernel, unsigned submissions, unsigned completions)
    : kernel_(kernel), requests_(submissions), completions_(completions) {}

void Ring::map_into(io_uring* ring, int descriptor, const io_uring_params& params) {
  *ring = {};
  ring->sq.khead = &sq_head_;
  ring->sq.ktail = &sq_tail_;
  ring->sq.kflags = &sq_flags_;
  ring->sq.kdropped = &unused_;
  ring->sq.sqes = requests_.data();
  ring->sq.ring_entries = static_cast<unsigned>(requests_.size());
  ring->sq.ring_mask = ring->sq.ring_entries - 1;
  ring->cq.khead = &cq_head_;
  ring->cq.ktail = &cq_tail_;
  ring->cq.koverflow = &unused_;
  ring->cq.cqes = completions_.data();
  ring->cq.ring_entries = static_cast<unsigned>(completions_.size());
  ring->cq.ring_mask = ring->cq.ring_entries - 1;
  ring->flags = params.flags;
  ring->features = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP;
  if (kernel_.features().has_min_wait) ring->features |= backend::abi::kFeatureMinTimeout;
  ring->ring_fd = ring->enter_ring_fd = descriptor;
}

// ---- Buffers.

int Ring::register_buffers(const backend::abi::BufferRingRegistration& registration) {
  const bool incremental = (registration.flags & backend::abi::kBufferRingIncremental) != 0;
  if (incremental && !kernel_.features().has_incremental_buffers) return EINVAL;
  if (kernel_.faults().happens(Fault::kNoMemory)) return ENOMEM;
  buffers_ = reinterpret_cast<io_uring_buf_ring*>(registration.ring_address);
  buffer_entries_ = registration.ring_entries;
  incremental_ = incremental;
  min_left_ = registration.min_left;
  is_with_kernel_.assign(kMaxBuffers, false);
  written_.assign(kMaxBuffers, 0);
  return 0;
}

// Each buffer has one owner.
void Ring::look_at_new_buffers() {
  for (; buffer_seen_ != buffers_->tail; ++buffer_seen_) {
    const io_uring_buf& buffer = buffers_->bufs[buffer_seen_ & (buffer_entries_ - 1)];
    check(!is_with_kernel_.at(buffer.bid), "a buffer is given to the kernel that it has");
    is_with_kernel_[buffer.bid] = true;
    std::memset(reinterpret_cast<void*>(buffer.addr), kScribble,
                std::exchange(written_[buffer.bid], 0));
  }
}

io_uring_buf* Ring::next_buffer() {
  if (buffers_ == nullptr) return nullptr;
  look_at_new_buffers();
  if (buffer_head_ == buffers_->tail) return nullptr;
  return &buffers_->bufs[buffer_head_ & (buffer_entries_ - 1)];
}

// ---- Requests.

int Ring::submit(unsigned count) {
  unsigned taken = 0;
  while (taken < count && sq_head_ != sq_tail_) {
    const io_uring_sqe request = requests_[sq_head_ & (requests_.size() - 1)];
    ++sq_head_;
    ++taken;
    submit(request);
  }
  return static_cast<int>(taken);
}

void Ring::submit(const io_uring_sqe& request) {
  switch (request.opcode) {
    case IORING_OP_RECVMSG:
      arm(request);
      return;
    case IORING_OP_POLL_ADD: {
      const Kernel::File* file = kernel_.find(request.fd);
      check(file != nullptr && file->event != nullptr, "a poll of what is no eventfd");
      const bool is_there = file->event->count > 0;
      polls_[request.user_data] = {file->event, (request.len & IORING_POLL_ADD_MULTI) != 0,
                                   file->event->signals - (is_there ? 1 : 0)};
      return;
    }
    case IORING_OP_ASYNC_CANCEL:
      cancel(request);
      return;
    default:
      fail("a request that this ring does not know");
  }
}

void Ring::arm(const io_uring_sqe& request) {
  const Kernel::File* file = kernel_.find(request.fd);
  if (file == nullptr || file->socket == nullptr) {
    complete(request.user_data, -EBADF, 0);
    return;
  }
  check((request.ioprio & IORING_RECV_MULTISHOT) != 0 && (request.flags & IOSQE_BUFFER_SELECT) != 0,
        "a receive that is none of many, or without a buffer group");
  check(!receives_.contains(request.user_data), "a socket is armed twice");
  ++file->socket->holders;
  receives_[request.user_data] = {file->socket, reinterpret_cast<const msghdr*>(request.addr)};
}

void Ring::cancel(const io_uring_sqe& request) {
  const bool is_there = receives_.contains(request.addr);
  if (is_there) {
    end_receive(request.addr);
    complete(request.addr, -ECANCELED, 0);
  }
  complete(request.user_data, is_there ? 0 : -ENOENT, 0);
}

// The last one that holds a closed socket gives its port back.
void Ring::end_receive(std::uint64_t id) {
  const std::shared_ptr<UdpSocket> socket = std::exchange(receives_.at(id).socket, nullptr);
  receives_.erase(id);
  kernel_.release(socket);
}

void Ring::close() {
  while (!receives_.empty()) end_receive(receives_.begin()->first);
  polls_.clear();
}

// ---- Completions.

bool Ring::complete(std::uint64_t id, int result, unsigned flags) {
  io_uring_cqe completion{};
  completion.user_data = id;
  completion.res = result;
  completion.flags = flags;
  if (!overflow_.empty() || completions_ready() == completions_.size()) {
    kernel_.faults().record(Fault::kSmallCompletionRing);
    overflow_.push_back(completion);
    sq_flags_ |= IORING_SQ_CQ_OVERFLOW;
    return false;
  }
  completions_[cq_tail_ & (completions_.size() - 1)] = completion;
  ++cq_tail_;
  return true;
}

void Ring::flush_overflow() {
  while (!overflow_.empty() && completions_ready() < completions_.size()) {
    completions_[cq_tail_ & (completions_.size() - 1)] = overflow_.front();
    ++cq_tail_;
    overflow_.pop_front();
  }
  if (overflow_.empty()) sq_flags_ &= ~static_cast<unsigned>(IORING_SQ_CQ_OVERFLOW);
}

std::size_t Ring::due() const {
  std::size_t count = 0;
  for (const auto& [id, receive] : receives_) count += is_due(receive) ? 1 : 0;
  for (const auto& [id, poll] : polls_) count += is_due(poll) ? 1 : 0;
  return count;
}

void Ring::run_due() {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, poll] : polls_) {
    if (is_due(poll)) ids.push_back(id);
  }
  for (const std::uint64_t id : ids) run_poll(id);
  ids.clear();
  for (const auto& [id, receive] : receives_) {
    if (is_due(receive)) ids.push_back(id);
  }
  for (const std::uint64_t id : ids) run_receive(id);
}

// io_poll_check_events(): one of many that finds the ring full is the last. The kernel promises no
// more than to say so: any may be.
void Ring::run_poll(std::uint64_t id) {
  Poll& poll = polls_.at(id);
  poll.signals_told = poll.event->signals;
  const bool goes_on = poll.is_multishot && overflow_.empty() &&
                       completions_ready() < completions_.size() &&
                       !kernel_.faults().happens(Fault::kPollEnds);
  if (!goes_on) polls_.erase(id);
  complete(id, POLLIN, goes_on ? unsigned{IORING_CQE_F_MORE} : 0u);
}

void Ring::run_receive(std::uint64_t id) {
  for (int i = 0; i < kMaxInARow; ++i) {
    const auto found = receives_.find(id);
    if (found == receives_.end() || !is_due(found->second)) return;
    if (!receive_one(id, found->second)) return;
  }
}

// io_recvmsg_multishot(): header, room for the address, room for control messages, payload. False
// when the receive waits, or has ended.
bool Ring::receive_one(std::uint64_t id, const Receive& receive) {
  io_uring_buf* const buffer = next_buffer();
  if (buffer == nullptr) {
    end_receive(id);
    complete(id, -ENOBUFS, 0);
    return false;
  }
  const std::size_t name_room = receive.shape->msg_namelen;
  const std::size_t control_room = receive.shape->msg_controllen;
  const std::size_t overhead = sizeof(io_uring_recvmsg_out) + name_room + control_room;
  check(buffer->len >= overhead, "a buffer has no room for headers");
  auto* const memory = reinterpret_cast<std::uint8_t*>(buffer->addr);
  iovec part{memory + overhead, buffer->len - overhead};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_name = memory + sizeof(io_uring_recvmsg_out);
  message.msg_namelen = static_cast<socklen_t>(name_room);
  message.msg_control = memory + sizeof(io_uring_recvmsg_out) + name_room;
  message.msg_controllen = control_room;
  const std::ptrdiff_t size = kernel_.receive(*receive.socket, &message, 0);
  if (size == -EAGAIN) return false;
  if (size < 0) {
    end_receive(id);
    complete(id, static_cast<int>(size), 0);
    return false;
  }
  io_uring_recvmsg_out header{};
  header.namelen = message.msg_namelen;
  header.controllen = static_cast<std::uint32_t>(message.msg_controllen);
  header.payloadlen = static_cast<std::uint32_t>(size);
  header.flags = static_cast<std::uint32_t>(message.msg_flags);
  if (kernel_.faults().happens(Fault::kMalformed)) {
    header.payloadlen += 1 + static_cast<std::uint32_t>(kernel_.random().below(UINT16_MAX));
  }
  std::memcpy(memory, &header, sizeof(header));

  const auto used = static_cast<std::uint32_t>(overhead + static_cast<std::size_t>(size));
  unsigned flags = IORING_CQE_F_BUFFER | unsigned{buffer->bid} << IORING_CQE_BUFFER_SHIFT;
  written_[buffer->bid] += used;
  buffer->addr += used;
  buffer->len -= used;
  if (incremental_ && buffer->len >= std::max<std::uint32_t>(min_left_, 1)) {
    flags |= backend::abi::kCompletionBufferMore;
  } else {
    is_with_kernel_[buffer->bid] = false;
    ++buffer_head_;
  }
  // One that is empty is its receive's last, and so is one that finds the ring full.
  const bool goes_on = size > 0 && overflow_.empty() && completions_ready() < completions_.size();
  if (!goes_on) end_receive(id);
  complete(id, static_cast<int>(used), flags | (goes_on ? unsigned{IORING_CQE_F_MORE} : 0u));
  return goes_on;
}

// ---- The call.

int Ring::enter(unsigned to_submit, unsigned min_complete, Time min_wait, Time deadline) {
  Scheduler& scheduler = kernel_.scheduler();
  if (kernel_.waits_refused != 0) return -kernel_.waits_refused;
  if (kernel_.faults().happens(Fault::kNoMemory)) return -ENOMEM;
  const bool has_overflow = !overflow_.empty();
  flush_overflow();
  if (has_overflow && !overflow_.empty()) return -EBUSY;
  const int submitted = submit(to_submit);
  // io_uring/io_uring.c, io_cqring_wait: what there is to be done is done before anybody waits.
  if (due() > 0) run_due();
  const auto ready = [&] { return completions_ready() + due(); };
  const Time min_wait_ends = min_wait > 0 ? scheduler.now() + min_wait : 0;
  bool in_time = true;
  if (ready() < min_complete && !kernel_.faults().happens(Fault::kInterrupted)) {
    const unsigned at_first = min_complete;
    if (min_wait > 0) min_complete = std::min(min_complete, 1u);
    // The timer of the minimum wakes nobody when there is nothing yet.
    const auto is_over = [&] {
      return ready() >= at_first || (scheduler.now() >= min_wait_ends && ready() >= min_complete);
    };
    if (min_wait > 0 &&
        !scheduler.wait_until([&] { return ready() >= at_first; },
                              std::min(min_wait_ends, deadline)) &&
        is_over()) {
      kernel_.bill.spent += kernel_.bill.prices.timer;
    } else {
      in_time = kernel_.bill.wait_until(scheduler, is_over, deadline);
    }
  }
  // As long as there is more than was waited for, and room.
  for (run_due(); completions_ready() < min_complete && due() > 0 && overflow_.empty();) run_due();
  flush_overflow();
  if (submitted > 0) return submitted;
  return in_time ? 0 : -ETIME;
}

}  // namespace ringpeer::simulation
