#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/backend/control_messages.h"
#include "ringpeer/engine/backend/error_breaks.h"
#include "ringpeer/engine/backend/mmsg_receiver.h"
#include "ringpeer/engine/backend/slot_queue.h"
#include "ringpeer/engine/backend/uring_abi.h"
#include "ringpeer/engine/backend/uring_buffers.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/own_descriptor.h"
#include "ringpeer/engine/net/precise_sleep.h"
#include "ringpeer/engine/net/wakeup.h"

namespace ringpeer::backend {
namespace {

// Requests are rare (arm, cancel, poll): a handful at a time.
constexpr unsigned kSubmissionEntries = 256;

// Completions: more than a worker leaves unread between two looks. Smaller where
// RLIMIT_MEMLOCK is 64 KiB, which a larger ring would not fit.
constexpr unsigned kCompletionEntries = 4096;
constexpr unsigned kCompletionEntriesSmall = 1024;

// A wait ends early once so many pieces of work wait for the worker, of which a socket is
// one however many datagrams it holds: more than all sockets together, so that the budget
// is what ends it. The kernel then does so many before it returns, a socket's next
// 33 datagrams each; a large number would keep a backlog of milliseconds in one call.
constexpr unsigned kMinWaitCompletions = 8;
constexpr unsigned kOtherRequests = 2;  // the wake-up, a cancellation
// About what the buffers with the kernel hold of the largest common datagrams (1,200 bytes).
constexpr unsigned kMaxWaitCompletions = 128;
// More than ever come in one call: the kernel then hands over all it has.
constexpr unsigned kAllCompletions = 65536;

// Batches that a socket which is read directly gets between two looks at all others.
constexpr std::size_t kDirectTurns = 4;

// Until the kernel is asked again, when it had no memory for what it was asked.
constexpr std::chrono::milliseconds kShortOfMemory{1};

constexpr std::size_t kHeaderSize = sizeof(io_uring_recvmsg_out);
constexpr std::uint32_t kOverhead = kHeaderSize + net::kSocketAddressSize;

// Two fields that lie one behind the other as one word, the second of which is zero.
constexpr std::uint64_t first_of_two(std::uint32_t first) {
  return std::endian::native == std::endian::little ? first : std::uint64_t{first} << 32;
}
static_assert(offsetof(io_uring_recvmsg_out, flags) ==
              offsetof(io_uring_recvmsg_out, payloadlen) + sizeof(std::uint32_t));

// What a request is for. The upper half of a receive's identity is its socket's slot alone,
// if its completions hold nothing but header, address and payload: the one look that tells
// ordinary datagrams from everything else.
enum class RequestKind : std::uint8_t {
  kReceive = 0,
  kReceiveWithControl = 1,
  kWake = 2,
  kCancel = 3,
};

constexpr std::uint64_t request_id(RequestKind kind, SocketSlot slot, std::uint32_t generation) {
  return static_cast<std::uint64_t>(kind) << 56 | static_cast<std::uint64_t>(slot) << 32 |
         generation;
}
constexpr RequestKind kind_of(std::uint64_t id) { return static_cast<RequestKind>(id >> 56); }
constexpr SocketSlot slot_of(std::uint64_t id) { return static_cast<SocketSlot>(id >> 32); }
constexpr unsigned place_of(std::uint64_t id) { return static_cast<unsigned>(id >> 32); }
constexpr bool is_plain_receive(std::uint64_t id) { return place_of(id) < kMaxSockets; }

// Receives with one multishot recvmsg a socket, on a ring that only its worker
// enters (SINGLE_ISSUER and DEFER_TASKRUN: without both, waiting for several
// completions costs three times as much).
class UringBackend final : public Backend {
 public:
  UringBackend(const BackendOptions& options, packet::BufferReturn* home)
      : options_(options),
        largest_ordinary_(static_cast<std::uint32_t>(options.max_datagram) + kOverhead),
        buffers_(kHeaderSize + net::kSocketAddressSize + kFullControlSize + options.max_datagram,
                 home),
        receiver_(options, home) {}

  ~UringBackend() override { close_ring(); }

  bool set_up(BackendFailure* failure);

  bool start(BackendFailure* failure) override;
  int attach(SocketSlot slot, int descriptor, bool room_for_control) override;
  void begin_detach(SocketSlot slot) override;
  bool is_detached(SocketSlot slot) const override { return sockets_[slot].descriptor < 0; }
  void give_up() override;
  void pause(SocketSlot slot) override;
  void resume(SocketSlot slot) override;
  bool wait(const WaitPolicy& policy, BackendFailure* failure) override;
  Received receive(std::span<Datagram> batch) override;
  bool is_bound_to_thread() const override { return true; }
  bool owns(const packet::PacketBuffer* buffer) const override {
    return receiver_.owns(buffer) || buffers_.owns(buffer);
  }
  void recycle(packet::PacketBuffer* buffer) override {
    if (receiver_.owns(buffer)) {
      receiver_.recycle(buffer);
    } else {
      buffers_.recycle(buffer);
    }
  }
  bool has_buffers_to_lend() const override {
    return buffers_.has_buffers_to_lend() && receiver_.has_buffers_to_lend();
  }
  void wake() noexcept override { wakeup_.notify(); }
  const BackendEvents& events() const override { return events_; }
  std::string features() const override;

 private:
  struct ArmedSocket {
    int descriptor = -1;
    std::uint32_t generation = 0;
    std::uint16_t control_size = 0;  // reserved in each completion
    bool armed = false;
    bool cancelling = false;
    bool direct = false;  // read with recvmmsg until it is empty
    bool closing = false;
    bool paused = false;

    bool is_wanted() const { return descriptor >= 0 && !closing && !paused; }
  };

  bool create_ring(BackendFailure* failure);
  void close_ring() {
    if (std::exchange(ring_ready_, false)) io_uring_queue_exit(&ring_);
  }
  io_uring_sqe* next_request();
  unsigned flush_requests();
  bool arm(SocketSlot slot);
  bool cancel(SocketSlot slot);
  bool arm_wakeup();
  void prepare_requests();
  void arm_later(SocketSlot slot, bool after_error);
  void read_directly(SocketSlot slot);
  Received receive_directly(std::span<Datagram> batch);
  void finish_detach(SocketSlot slot);
  void enter(unsigned min_complete, std::chrono::microseconds min_wait,
             std::chrono::nanoseconds timeout);
  void wait_for_completions(const WaitPolicy& policy);
  unsigned wait_completions() const {
    return std::clamp(attached_ + kOtherRequests, kMinWaitCompletions, kMaxWaitCompletions);
  }
  // Of sockets that were asked for nothing.
  std::uint16_t receive_shape_control_size() const { return options_.gro ? kGroControlSize : 0; }
  static bool is_empty_datagram(const io_uring_cqe& completion, const ArmedSocket& socket) {
    return completion.res == static_cast<int>(overhead_of(socket));
  }
  std::uint64_t receive_id(SocketSlot slot) const {
    const ArmedSocket& socket = sockets_[slot];
    return request_id(
        socket.control_size == 0 ? RequestKind::kReceive : RequestKind::kReceiveWithControl, slot,
        socket.generation);
  }
  // What a completion holds before the payload.
  static std::uint32_t overhead_of(const ArmedSocket& socket) {
    return kOverhead + socket.control_size;
  }
  Received take_completions(std::span<Datagram> batch);
  bool take_ordinary(const io_uring_cqe& completion, Datagram* datagram, std::uint32_t* size);
  [[gnu::noinline]] bool complete(const io_uring_cqe& completion, Datagram* datagram);
  void end_receive(const io_uring_cqe& completion);
  bool take_any(const io_uring_cqe& completion, Datagram* datagram);
  DatagramFault parse(const std::uint8_t* memory, std::uint32_t size, const ArmedSocket& socket,
                      Datagram* datagram) const;
  void parse_control(const io_uring_recvmsg_out& header, const std::uint8_t* control,
                     std::uint16_t control_size, Datagram* datagram) const;

  const BackendOptions options_;
  // Bytes of the largest completion without control messages.
  const std::uint32_t largest_ordinary_;
  UringBuffers buffers_;
  net::Wakeup wakeup_;
  io_uring ring_{};
  bool ring_ready_ = false;
  bool wake_armed_ = false;
  bool received_since_wait_ = false;
  // Why the kernel cannot be asked any more.
  BackendFailure failure_;
  // A receive ended although the socket may have more, and is armed again by wait().
  bool rearming_ = false;
  msghdr receive_shape_{};  // the space for address and control messages
  msghdr full_receive_shape_{};
  std::vector<ArmedSocket> sockets_{kMaxSockets};
  unsigned attached_ = 0;
  SlotQueue to_arm_{kMaxSockets};
  SlotQueue to_cancel_{kMaxSockets};
  ErrorBreaks breaks_;
  // Sockets whose multishot has ended although they may hold more, until they are empty: by
  // an empty datagram, which any peer can send, or because the kernel ran out of buffers.
  // Armed again each time, a receive would cost several times as much, and the first of many
  // busy sockets would find all the buffers.
  MmsgReceiver receiver_;
  SlotQueue direct_{kMaxSockets};
  std::size_t direct_turns_ = 0;  // left until the next wait
  BackendEvents events_;
};

bool UringBackend::create_ring(BackendFailure* failure) {
  int error = 0;
  io_uring_params asked{};
  asked.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED |
                IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL;
  for (const unsigned completions : {kCompletionEntries, kCompletionEntriesSmall}) {
    asked.cq_entries = completions;
    io_uring_params params = asked;
    error = -io_uring_queue_init_params(kSubmissionEntries, &ring_, &params);
    if (error != ENOMEM) break;
  }
  if (error != 0) {
    // The library maps the rings as well: the call alone tells whose memory it is.
    const bool is_mapping = error == ENOMEM && abi::can_set_up(kSubmissionEntries, asked);
    *failure = {error, is_mapping ? "mmap of the rings" : "io_uring_setup"};
    return false;
  }
  ring_ready_ = true;
  ring_.ring_fd = ring_.enter_ring_fd = net::own_descriptor(ring_.ring_fd);
  if ((ring_.features & IORING_FEAT_EXT_ARG) == 0) {
    *failure = {ENOSYS, "io_uring_enter without extended arguments"};
    return false;
  }
  return true;
}

bool UringBackend::set_up(BackendFailure* failure) {
  if (!wakeup_.is_valid()) {
    *failure = {wakeup_.error(), "eventfd"};
    return false;
  }
  if (!receiver_.is_valid()) {
    *failure = {ENOMEM, "mmap of the packet buffers"};
    return false;
  }
  return create_ring(failure);
}

// The ring starts disabled, so that the thread that enables it becomes its only
// issuer.
bool UringBackend::start(BackendFailure* failure) {
  const auto attempt = [failure](const char* what, int error) {
    if (error != 0) *failure = {error, what};
    return error == 0;
  };
  const char* step = nullptr;
  if (!attempt("io_uring_register of the ring", abi::enable_rings(ring_.ring_fd))) return false;
  const int error = buffers_.register_with(ring_.ring_fd, options_.use_incremental_buffers, &step);
  if (!attempt(step, error) ||
      // A filter may allow the ring and refuse its use.
      !attempt("io_uring_enter", -abi::enter(ring_.ring_fd, 0, 0, IORING_ENTER_GETEVENTS, {})) ||
      !attempt("eventfd", wakeup_.try_out())) {
    return false;
  }
  receive_shape_.msg_namelen = net::kSocketAddressSize;
  receive_shape_.msg_controllen = receive_shape_control_size();
  full_receive_shape_.msg_namelen = net::kSocketAddressSize;
  full_receive_shape_.msg_controllen = kFullControlSize;
  return true;
}

std::string UringBackend::features() const {
  std::string text = buffers_.is_incremental() ? "incremental buffers" : "single-datagram buffers";
  const bool min_wait = options_.use_min_wait && (ring_.features & abi::kFeatureMinTimeout) != 0;
  return text + (min_wait ? ", min_wait" : ", sleeping wait");
}

int UringBackend::attach(SocketSlot slot, int descriptor, bool room_for_control) {
  ArmedSocket& socket = sockets_[slot];
  assert(socket.descriptor < 0);
  const std::uint16_t control_size =
      room_for_control ? kFullControlSize : receive_shape_control_size();
  socket = {descriptor, socket.generation + 1, control_size};
  ++attached_;
  to_arm_.push(slot);
  return 0;
}

void UringBackend::begin_detach(SocketSlot slot) {
  ArmedSocket& socket = sockets_[slot];
  if (socket.descriptor < 0) return;  // given up
  socket.closing = true;
  socket.direct = false;
  // close() does not end a multishot: it would go on receiving and hold the port.
  socket.armed ? to_cancel_.push(slot) : finish_detach(slot);
}

void UringBackend::arm_later(SocketSlot slot, bool after_error) {
  if (!after_error || !breaks_.record_error(slot)) to_arm_.push(slot);
}

void UringBackend::pause(SocketSlot slot) {
  ArmedSocket& socket = sockets_[slot];
  if (socket.paused || socket.closing) return;
  socket.paused = true;
  socket.direct = false;
  if (socket.armed) to_cancel_.push(slot);
}

void UringBackend::resume(SocketSlot slot) {
  ArmedSocket& socket = sockets_[slot];
  if (!socket.paused) return;
  socket.paused = false;
  // Else the cancelled receive has not ended yet, and is armed again when it does.
  if (!socket.armed) to_arm_.push(slot);
}

// What is lent stays where it is: only the ring goes, and with it all its requests.
void UringBackend::give_up() {
  close_ring();
  for (ArmedSocket& socket : sockets_) socket = {.generation = socket.generation};
  attached_ = 0;
}

void UringBackend::finish_detach(SocketSlot slot) {
  sockets_[slot].descriptor = -1;
  sockets_[slot].closing = false;
  --attached_;
}

// Null when the kernel takes no requests just now (its completions wait to be read, it has no
// memory): the next wait tries again.
io_uring_sqe* UringBackend::next_request() {
  io_uring_sqe* request = io_uring_get_sqe(&ring_);
  if (request == nullptr) {  // full: submit what is there
    enter(0, std::chrono::microseconds(0), std::chrono::nanoseconds(0));
    request = io_uring_get_sqe(&ring_);
  }
  return request;
}

// What liburing does before it enters; its own entry point knows no minimum wait.
unsigned UringBackend::flush_requests() {
  io_uring_sq& queue = ring_.sq;
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

bool UringBackend::arm(SocketSlot slot) {
  ArmedSocket& socket = sockets_[slot];
  io_uring_sqe* request = next_request();
  if (request == nullptr) return false;
  msghdr* shape = socket.control_size == kFullControlSize ? &full_receive_shape_ : &receive_shape_;
  // A plain descriptor: one look a multishot, not one a datagram. Before Linux 6.13 a table of
  // registered ones keeps what was taken out of it as long as any older request runs, and with
  // it the port.
  io_uring_prep_recvmsg_multishot(request, socket.descriptor, shape, 0);
  request->flags |= IOSQE_BUFFER_SELECT;
  request->buf_group = UringBuffers::kGroup;
  request->user_data = receive_id(slot);
  socket.armed = true;
  socket.cancelling = false;
  return true;
}

bool UringBackend::cancel(SocketSlot slot) {
  ArmedSocket& socket = sockets_[slot];
  io_uring_sqe* request = next_request();
  if (request == nullptr) return false;
  io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, request, -1, nullptr, 0, 0);
  request->addr = receive_id(slot);
  request->user_data = request_id(RequestKind::kCancel, slot, socket.generation);
  socket.cancelling = true;
  return true;
}

bool UringBackend::arm_wakeup() {
  io_uring_sqe* request = next_request();
  if (request == nullptr) return false;
  io_uring_prep_poll_add(request, wakeup_.descriptor(), POLLIN);
  request->user_data = request_id(RequestKind::kWake, 0, 0);
  wake_armed_ = true;
  return true;
}

// What is wanted may have changed while it waited here.
void UringBackend::prepare_requests() {
  if (!wake_armed_ && !arm_wakeup()) return;
  for (std::size_t left = to_cancel_.size(); left > 0; --left) {
    const SocketSlot slot = to_cancel_.pop();
    const ArmedSocket& socket = sockets_[slot];
    if (!socket.armed || socket.cancelling || socket.is_wanted()) continue;
    if (cancel(slot)) continue;
    to_cancel_.push(slot);
    return;
  }
  // Armed without a buffer in reach a receive fails at once, even with nothing to
  // receive: it waits until there are some.
  if (!buffers_.kernel_has_buffers()) return;
  for (std::size_t left = to_arm_.size(); left > 0; --left) {
    const SocketSlot slot = to_arm_.pop();
    const ArmedSocket& socket = sockets_[slot];
    if (!socket.is_wanted() || socket.armed || socket.direct) continue;
    if (arm(slot)) continue;
    to_arm_.push(slot);
    return;
  }
}

// Errors that pass: a signal, the end of the time, no memory, completions to be read first.
// Any other is kept in failure_.
void UringBackend::enter(unsigned min_complete, std::chrono::microseconds min_wait,
                         std::chrono::nanoseconds timeout) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  __kernel_timespec limit{};
  limit.tv_sec = seconds.count();
  limit.tv_nsec = (timeout - seconds).count();
  abi::EnterArgument argument{};
  argument.min_wait_us = static_cast<std::uint32_t>(min_wait.count());
  argument.timeout = reinterpret_cast<std::uint64_t>(&limit);
  const unsigned pending = flush_requests();
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
      if (result < 0) failure_ = {-result, "io_uring_enter"};
  }
}

bool UringBackend::wait(const WaitPolicy& policy, BackendFailure* failure) {
  buffers_.feed();
  // What waits behind the end of a multishot is there already: no reason to wait.
  const bool rearming = std::exchange(rearming_, false) && buffers_.kernel_has_buffers();
  breaks_.end_breaks(policy.every_socket, [this](SocketSlot slot) { to_arm_.push(slot); });
  prepare_requests();
  direct_turns_ = direct_.size() * kDirectTurns;
  ++events_.wakeups;
  wait_for_completions({.budget = policy.budget,
                        .idle = breaks_.shorten(policy.idle),
                        .poll = policy.poll || rearming || !direct_.empty()});
  received_since_wait_ = false;
  if (failure_.error != 0) *failure = failure_;
  return failure_.error == 0;
}

void UringBackend::wait_for_completions(const WaitPolicy& policy) {
  using std::chrono::microseconds;
  using std::chrono::nanoseconds;
  const bool min_wait = options_.use_min_wait && (ring_.features & abi::kFeatureMinTimeout) != 0;
  events_.stopped_early = io_uring_cq_ready(&ring_) > 0;
  if (events_.stopped_early) {
    // What was taken is dealt with first; the sockets hold the rest.
    if (io_uring_sq_ready(&ring_) > 0) enter(0, microseconds(0), nanoseconds(0));
  } else if (policy.poll) {
    enter(kAllCompletions, microseconds(0), nanoseconds(1));
  } else if (policy.budget.count() == 0) {
    enter(1, microseconds(0), policy.idle);
  } else if (min_wait) {
    enter(wait_completions(), policy.budget, policy.idle);
  } else {
    // Older kernels: the budget is slept while traffic flows, then one datagram is
    // enough to end the wait.
    if (received_since_wait_) {
      net::sleep_precisely(policy.budget);
      enter(kAllCompletions, microseconds(0), nanoseconds(1));
    }
    if (io_uring_cq_ready(&ring_) == 0) enter(1, microseconds(0), policy.idle);
  }
}

Received UringBackend::receive(std::span<Datagram> batch) {
  Received received = take_completions(batch);
  // Only after the completions: what they hold came before what the sockets hold.
  if (received.count == 0 && !received.may_be_more) received = receive_directly(batch);
  received.may_be_more = received.may_be_more || (direct_turns_ > 0 && !direct_.empty());
  if (received.count > 0) received_since_wait_ = true;
  return received;
}

// Takes those that lie in one piece of the ring and fit the batch.
Received UringBackend::take_completions(std::span<Datagram> batch) {
  const unsigned head = *ring_.cq.khead;
  const unsigned available = io_uring_smp_load_acquire(ring_.cq.ktail) - head;
  const unsigned index = head & ring_.cq.ring_mask;
  const unsigned count =
      std::min({available, ring_.cq.ring_mask + 1 - index, static_cast<unsigned>(batch.size())});
  if (count == 0) return {};
  const std::span completions(&ring_.cq.cqes[index], count);
  const auto first_place = place_of(completions.front().user_data);
  unsigned other_places = 0;
  bool all_ordinary = true;
  std::uint64_t bytes = 0;
  Datagram* datagram = batch.data();
  for (const io_uring_cqe& completion : completions) {
    std::uint32_t size = 0;
    if (take_ordinary(completion, datagram, &size)) [[likely]] {
      bytes += size;
      other_places |= place_of(completion.user_data) ^ first_place;
      ++datagram;
    } else {
      all_ordinary = false;
      if (complete(completion, datagram)) ++datagram;
    }
  }
  io_uring_smp_store_release(ring_.cq.khead, head + count);
  return {static_cast<std::size_t>(datagram - batch.data()), all_ordinary && other_places == 0,
          bytes, available > count};
}

// From here on with recvmmsg, until nothing is left.
void UringBackend::read_directly(SocketSlot slot) {
  sockets_[slot].direct = true;
  direct_.push(slot);
  direct_turns_ += kDirectTurns;
}

// A batch of the next socket in turn that has something.
Received UringBackend::receive_directly(std::span<Datagram> batch) {
  for (; direct_turns_ > 0 && !direct_.empty(); --direct_turns_) {
    const SocketSlot slot = direct_.pop();
    ArmedSocket& socket = sockets_[slot];
    if (!socket.direct) continue;  // paused or detached since
    const MmsgReceiver::Result result =
        receiver_.receive(socket.descriptor, slot, batch, socket.control_size == kFullControlSize);
    if (result.outcome == MmsgReceiver::Outcome::kMore) {
      direct_.push(slot);
    } else {
      socket.direct = false;
      arm_later(slot, result.outcome == MmsgReceiver::Outcome::kError);
    }
    if (result.received.count > 0) return result.received;
  }
  return {};
}

// A datagram like nearly all are: without control messages, not cut, not its multishot's
// last. False, and nothing has changed, when it is anything else.
inline bool UringBackend::take_ordinary(const io_uring_cqe& completion, Datagram* datagram,
                                        std::uint32_t* payload_size) {
  constexpr unsigned kOneOfMany = IORING_CQE_F_MORE | IORING_CQE_F_BUFFER;
  const std::uint64_t id = completion.user_data;
  const std::uint32_t flags = completion.flags;
  const auto size = static_cast<std::uint32_t>(completion.res);  // an error is too large
  if (!is_plain_receive(id) || (flags & kOneOfMany) != kOneOfMany || size > largest_ordinary_)
      [[unlikely]] {
    return false;
  }
  UringBuffers::Filled filled;
  if (!buffers_.find(flags, size, &filled)) [[unlikely]]
    return false;
  // An incremental buffer aligns nothing.
  std::uint64_t payload_size_and_flags = 0;
  std::memcpy(&payload_size_and_flags, filled.memory + offsetof(io_uring_recvmsg_out, payloadlen),
              sizeof(payload_size_and_flags));
  *payload_size = size - kOverhead;
  if (payload_size_and_flags != first_of_two(*payload_size)) [[unlikely]]
    return false;
  buffers_.take(filled.buffer, flags, size);
  datagram->packet.payload = filled.memory + kOverhead;
  datagram->packet.buffer = filled.buffer;
  datagram->packet.source = filled.memory + kHeaderSize;
  datagram->packet.size = static_cast<std::uint16_t>(*payload_size);
  datagram->packet.segment_size = 0;
  datagram->slot = slot_of(id);
  datagram->fault = DatagramFault::kNone;
  datagram->control_size = 0;
  datagram->tail_size = 0;
  return true;
}

// True when *datagram was filled.
bool UringBackend::complete(const io_uring_cqe& completion, Datagram* datagram) {
  switch (kind_of(completion.user_data)) {
    case RequestKind::kReceive:
    case RequestKind::kReceiveWithControl:
      break;
    case RequestKind::kWake:
      wake_armed_ = false;
      if (completion.res < 0) failure_ = {-completion.res, "poll of an eventfd"};
      if (const int error = wakeup_.clear(); error != 0) failure_ = {error, "read of an eventfd"};
      return false;
    case RequestKind::kCancel:
      return false;
  }
  if ((completion.flags & IORING_CQE_F_MORE) == 0) end_receive(completion);
  if (completion.res >= 0) {
    return (completion.flags & IORING_CQE_F_BUFFER) != 0 && take_any(completion, datagram);
  }
  if (completion.res == -ENOBUFS) ++events_.starved;
  if (completion.res == -ENOBUFS || completion.res == -ECANCELED) return false;
  *datagram = {};
  datagram->slot = slot_of(completion.user_data);
  datagram->fault = DatagramFault::kSocketError;
  datagram->error = -completion.res;
  return true;
}

// A multishot ends for many reasons (no buffer, an empty datagram, an ICMP error, a full
// completion ring): whatever it was, it is armed again.
void UringBackend::end_receive(const io_uring_cqe& completion) {
  const SocketSlot slot = slot_of(completion.user_data);
  ArmedSocket& socket = sockets_[slot];
  socket.armed = false;
  if (socket.closing) {
    finish_detach(slot);
    return;
  }
  if (socket.paused) return;
  ++events_.rearms;
  if (is_empty_datagram(completion, socket) || completion.res == -ENOBUFS) {
    read_directly(slot);
  } else {
    arm_later(slot, completion.res < 0);
    if (completion.res >= 0) rearming_ = events_.stopped_early = true;
  }
}

bool UringBackend::take_any(const io_uring_cqe& completion, Datagram* datagram) {
  const SocketSlot slot = slot_of(completion.user_data);
  const auto size = static_cast<std::uint32_t>(completion.res);
  UringBuffers::Filled filled;
  if (!buffers_.find(completion.flags, size, &filled) && filled.buffer == nullptr) return false;
  buffers_.take(filled.buffer, completion.flags, size);
  datagram->packet.buffer = filled.buffer;
  datagram->slot = slot;
  datagram->tail_size = 0;
  datagram->fault = parse(filled.memory, size, sockets_[slot], datagram);
  return true;
}

// The layout of a multishot recvmsg completion: header, then the space reserved for
// the address and for control messages (however much of it was used), then payload.
// liburing's own check overflows in the oldest version supported; this one trusts
// nothing but `size`.
DatagramFault UringBackend::parse(const std::uint8_t* memory, std::uint32_t size,
                                  const ArmedSocket& socket, Datagram* datagram) const {
  const std::uint32_t overhead = overhead_of(socket);
  if (memory == nullptr || size < overhead) return DatagramFault::kMalformed;
  io_uring_recvmsg_out header;  // an incremental buffer aligns nothing
  std::memcpy(&header, memory, sizeof(header));
  if (header.namelen > net::kSocketAddressSize || header.payloadlen > size - overhead) {
    return DatagramFault::kMalformed;
  }
  datagram->packet.payload = memory + overhead;
  datagram->packet.source = memory + kHeaderSize;
  datagram->packet.size = static_cast<std::uint16_t>(header.payloadlen);
  datagram->packet.segment_size = 0;
  datagram->control_size = 0;
  if (socket.control_size != 0) {
    parse_control(header, memory + kHeaderSize + net::kSocketAddressSize, socket.control_size,
                  datagram);
  }
  // A buffer may have had room for more than max_datagram. And a train whose control
  // message did not fit would pass for one large datagram.
  const bool is_cut =
      (header.flags & MSG_TRUNC) != 0 || header.payloadlen > options_.max_datagram ||
      (options_.gro && (header.flags & MSG_CTRUNC) != 0 && datagram->packet.segment_size == 0);
  return is_cut ? DatagramFault::kTruncated : DatagramFault::kNone;
}

void UringBackend::parse_control(const io_uring_recvmsg_out& header, const std::uint8_t* control,
                                 std::uint16_t control_size, Datagram* datagram) const {
  datagram->control = control;
  datagram->control_size =
      static_cast<std::uint16_t>(std::min<std::uint32_t>(header.controllen, control_size));
  if (!options_.gro) return;
  const std::uint16_t segment_size = segment_size_of(control, datagram->control_size);
  datagram->packet.segment_size = segment_size < header.payloadlen ? segment_size : 0;
}

}  // namespace

std::unique_ptr<Backend> make_uring_backend(const BackendOptions& options,
                                            packet::BufferReturn* home, BackendFailure* failure) {
  auto backend = std::make_unique<UringBackend>(options, home);
  if (!backend->set_up(failure)) return nullptr;
  return backend;
}

}  // namespace ringpeer::backend
