#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/backend/mmsg_receiver.h"
#include "ringpeer/engine/backend/slot_queue.h"
#include "ringpeer/engine/backend/uring.h"
#include "ringpeer/engine/backend/uring_datagrams.h"
#include "ringpeer/engine/backend/uring_receives.h"
#include "ringpeer/engine/backend/uring_request.h"
#include "ringpeer/engine/net/precise_sleep.h"
#include "ringpeer/engine/net/wakeup.h"

namespace ringpeer::backend {
namespace {

// A wait ends early once so many pieces of work wait for the worker, of which a socket is
// one however many datagrams it holds: more than all sockets together, so that the budget
// is what ends it. The kernel then does so many before it returns, a socket's next
// 33 datagrams each; a large number would keep a backlog of milliseconds in one call.
constexpr std::size_t kMinWaitCompletions = 8;
constexpr std::size_t kOtherRequests = 2;  // the wake-up, a cancellation
// About what the buffers with the kernel hold of the largest common datagrams (1,200 bytes).
constexpr std::size_t kMaxWaitCompletions = 128;
// More than ever come in one call: the kernel then hands over all it has.
constexpr unsigned kAllCompletions = 65536;

// Batches that a socket which is read directly gets between two looks at all others.
constexpr std::size_t kDirectTurns = 4;

// Receives with one multishot recvmsg a socket, on a ring that only its worker enters: the loop
// of requests, waiting and completions.
class UringBackend final : public Backend {
 public:
  UringBackend(const BackendOptions& options, packet::BufferReturn* home)
      : options_(options),
        datagrams_(options, home),
        receives_(options.gro),
        receiver_(options, home) {}

  bool set_up(BackendFailure* failure);

  bool start(BackendFailure* failure) override;
  int attach(SocketSlot slot, int descriptor, bool room_for_control) override {
    receives_.attach(slot, descriptor, room_for_control);
    return 0;
  }
  void begin_detach(SocketSlot slot) override { receives_.begin_detach(slot); }
  bool is_detached(SocketSlot slot) const override { return receives_.is_detached(slot); }
  void give_up() override;
  void pause(SocketSlot slot) override { receives_.pause(slot); }
  void resume(SocketSlot slot) override { receives_.resume(slot); }
  bool wait(const WaitPolicy& policy, BackendFailure* failure) override;
  Received receive(std::span<Datagram> batch) override;
  bool is_bound_to_thread() const override { return true; }
  bool has_overflowed() const override { return ring_.is_open() && ring_.has_overflow(); }
  bool owns(const packet::PacketBuffer* buffer) const override {
    return receiver_.owns(buffer) || datagrams_.buffers().owns(buffer);
  }
  void recycle(packet::PacketBuffer* buffer) override {
    if (receiver_.owns(buffer)) {
      receiver_.recycle(buffer);
    } else {
      datagrams_.buffers().recycle(buffer);
    }
  }
  bool has_buffers_to_lend() const override {
    return datagrams_.buffers().has_buffers_to_lend() && receiver_.has_buffers_to_lend();
  }
  std::size_t lent_buffers() const override {
    return datagrams_.buffers().lent_buffers() + receiver_.lent_buffers();
  }
  void wake() noexcept override { wakeup_.notify(); }
  const BackendEvents& events() const override { return events_; }
  std::string features() const override;

 private:
  bool has_min_wait() const { return options_.use_min_wait && ring_.has_min_wait(); }
  bool arm_wakeup();
  void end_wakeup(const io_uring_cqe& completion);
  void clear_wakeups();
  void prepare_requests();
  void wait_for_completions(const WaitPolicy& policy, std::chrono::microseconds idle);
  void take_what_is_there() {
    ring_.enter(kAllCompletions, std::chrono::microseconds(0), std::chrono::nanoseconds(1));
  }
  void sleep_and_look(std::chrono::microseconds longest, std::chrono::microseconds idle);
  unsigned wait_completions() const {
    return static_cast<unsigned>(std::clamp(receives_.attached() + kOtherRequests,
                                            kMinWaitCompletions, kMaxWaitCompletions));
  }
  Received take_completions(std::span<Datagram> batch);
  [[gnu::noinline]] bool complete(const io_uring_cqe& completion, Datagram* datagram);
  void end_receive(const io_uring_cqe& completion);
  void read_directly(SocketSlot slot);
  void finish_turn(SocketSlot slot, const MmsgReceiver::Result& result);
  Received receive_directly(std::span<Datagram> batch);

  const BackendOptions options_;
  UringDatagrams datagrams_;
  net::Wakeup wakeup_;
  UringReceives receives_;
  // Sockets whose multishot has ended although they may hold more, until they are empty: by
  // an empty datagram or an error, which any peer can send, or because the kernel ran out of
  // buffers. Armed again each time, a receive would cost several times as much, the first of many
  // busy sockets would find all the buffers, and the next error would hide what waits behind one.
  MmsgReceiver receiver_;
  SlotQueue direct_{kMaxSockets};
  std::size_t direct_turns_ = 0;  // left until the next wait
  // The last step ended before their turns did: completions alone may fill each. By turns, for
  // they alone may, too.
  bool direct_first_ = false;
  bool direct_was_first_ = false;
  bool wake_armed_ = false;
  bool is_signalled_ = false;    // and not read since
  bool clears_wakeups_ = false;  // at once: the last wait slept
  bool received_since_wait_ = false;
  // The last sleep was ended by a wake-up.
  bool sleep_was_ended_ = false;
  // A receive ended although the socket may have more, and is armed again by wait().
  bool rearming_ = false;
  BackendEvents events_;
  // The last, so that it is closed before the memory goes that the kernel writes into.
  Uring ring_;
};

bool UringBackend::set_up(BackendFailure* failure) {
  if (!wakeup_.is_valid()) {
    *failure = {wakeup_.error(), "eventfd"};
    return false;
  }
  if (!receiver_.is_valid()) {
    *failure = {ENOMEM, "mmap of the packet buffers"};
    return false;
  }
  return ring_.create(failure);
}

bool UringBackend::start(BackendFailure* failure) {
  const auto attempt = [failure](const char* what, int error) {
    if (error != 0) *failure = {error, what};
    return error == 0;
  };
  if (!attempt("io_uring_register of the ring", ring_.enable())) return false;
  const char* step = nullptr;
  const int error = datagrams_.buffers().register_with(ring_.descriptor(),
                                                       options_.use_incremental_buffers, &step);
  return attempt(step, error) && attempt("io_uring_enter", ring_.try_out()) &&
         attempt("eventfd", wakeup_.try_out());
}

std::string UringBackend::features() const {
  const bool incremental = datagrams_.buffers().is_incremental();
  const std::string text = incremental ? "incremental buffers" : "single-datagram buffers";
  return text + (has_min_wait() ? ", min_wait" : ", sleeping wait");
}

// What is lent stays where it is: only the ring goes, and with it all its requests.
void UringBackend::give_up() {
  ring_.close();
  receives_.forget_all();
}

// ---- The wait.

bool UringBackend::arm_wakeup() {
  io_uring_sqe* request = ring_.next_request();
  if (request == nullptr) return false;
  io_uring_prep_poll_multishot(request, wakeup_.descriptor(), POLLIN);
  request->user_data = request_id(RequestKind::kWake, 0, 0);
  wake_armed_ = true;
  return true;
}

// One request tells of all wake-ups, each of which adds to the eventfd: what it has counted is read
// only for sleeps, which end while there is something to read, and where the request has ended: the
// next one would begin with it.
void UringBackend::end_wakeup(const io_uring_cqe& completion) {
  if ((completion.flags & IORING_CQE_F_MORE) == 0) wake_armed_ = false;
  if (completion.res < 0) ring_.fail(-completion.res, "poll of an eventfd");
  is_signalled_ = true;
  if (clears_wakeups_ || !wake_armed_) clear_wakeups();
}

void UringBackend::clear_wakeups() {
  if (!std::exchange(is_signalled_, false)) return;
  if (const int error = wakeup_.clear(); error != 0) ring_.fail(error, "read of an eventfd");
}

void UringBackend::prepare_requests() {
  if (!wake_armed_ && !arm_wakeup()) return;
  receives_.request(ring_, datagrams_.buffers().kernel_has_buffers());
}

bool UringBackend::wait(const WaitPolicy& policy, BackendFailure* failure) {
  datagrams_.buffers().feed();
  // What waits behind the end of a multishot is there already: no reason to wait. When that end
  // found no room, the kernel keeps it until it is asked.
  const bool rearming =
      std::exchange(rearming_, false) && datagrams_.buffers().kernel_has_buffers();
  const bool is_behind = rearming || ring_.has_overflow() || !direct_.empty();
  receives_.end_breaks(policy.every_socket);
  prepare_requests();
  direct_first_ = direct_turns_ > 0 && !direct_.empty() && !direct_was_first_;
  direct_was_first_ = direct_first_;
  direct_turns_ = direct_.size() * kDirectTurns;
  ++events_.wakeups;
  events_.stopped_early = ring_.has_completions();
  if (events_.stopped_early) {
    // What was taken is dealt with first; the sockets hold the rest.
    if (ring_.has_requests())
      ring_.enter(0, std::chrono::microseconds(0), std::chrono::nanoseconds(0));
  } else if (policy.poll || is_behind) {
    take_what_is_there();
  } else {
    wait_for_completions(policy, receives_.shorten(policy.idle));
  }
  if (policy.sleep.count() == 0) clears_wakeups_ = false;
  received_since_wait_ = false;
  if (ring_.has_overflow()) [[unlikely]]
    events_.stopped_early = true;
  const bool has_failed = ring_.failure().error != 0;
  if (has_failed) *failure = ring_.failure();
  return !has_failed;
}

void UringBackend::wait_for_completions(const WaitPolicy& policy, std::chrono::microseconds idle) {
  using std::chrono::microseconds;
  const microseconds budget = std::min(policy.budget, idle);
  if (policy.sleep.count() > 0) {
    sleep_and_look(policy.sleep, idle);
  } else if (budget.count() == 0) {
    ring_.enter(1, microseconds(0), idle);
  } else if (has_min_wait()) {
    ring_.enter(wait_completions(), budget, idle);
  } else {
    // Older kernels: the budget is slept while traffic flows, then one datagram is
    // enough to end the wait.
    if (received_since_wait_) {
      net::sleep_precisely(budget);
      take_what_is_there();
      idle -= budget;
    }
    if (!ring_.has_completions()) ring_.enter(1, microseconds(0), idle);
  }
}

// Not in the ring, where one completion does not end a minimum wait, and where there is none on
// older kernels. What the kernel has to do for datagrams waits for the next call meanwhile: with
// DEFER_TASKRUN it wakes nobody who is not in the ring. No timer for what is there already: it
// costs more than some calls.
void UringBackend::sleep_and_look(std::chrono::microseconds longest,
                                  std::chrono::microseconds idle) {
  using std::chrono::microseconds;
  using std::chrono::nanoseconds;
  microseconds left = idle;
  if (!std::exchange(clears_wakeups_, true) && is_signalled_) {
    // One that came in between is read with the others: it ends this wait.
    clear_wakeups();
    sleep_was_ended_ = true;
    left = microseconds(0);
  } else if (std::exchange(sleep_was_ended_, false) || received_since_wait_) {
    const microseconds sleep = std::min(longest, left);
    left -= sleep;
    sleep_was_ended_ = wakeup_.wait_precisely(sleep);
    if (sleep_was_ended_) left = microseconds(0);
  }
  ring_.enter(1, microseconds(0), left);
  std::size_t before = 0;
  std::size_t ready = ring_.ready();
  // A call ends with 20 pieces of work, or with the rest of the 33 datagrams that a socket's turn
  // has: only one that brings nothing says that there is no more.
  while (ready > before && ready < ring_.capacity() / 2 && ring_.failure().error == 0) {
    ring_.enter(0, microseconds(0), nanoseconds(0));
    before = std::exchange(ready, ring_.ready());
  }
}

// ---- Completions.

Received UringBackend::receive(std::span<Datagram> batch) {
  if (std::exchange(direct_first_, false)) [[unlikely]] {
    Received received = receive_directly(batch);
    received.may_be_more = true;
    if (received.count > 0) {
      received_since_wait_ = true;
      return received;
    }
  }
  Received received = take_completions(batch);
  // After the completions, most times: what they hold came before what the sockets hold. None is
  // left of a socket that is read directly: its receive's last has made it so.
  if (received.count == 0 && !received.may_be_more) received = receive_directly(batch);
  received.may_be_more = received.may_be_more || (direct_turns_ > 0 && !direct_.empty());
  if (received.count > 0) received_since_wait_ = true;
  return received;
}

// Takes those that lie in one piece of the ring and fit the batch.
Received UringBackend::take_completions(std::span<Datagram> batch) {
  const Uring::Completions completions = ring_.completions(batch.size());
  if (completions.run.empty()) return {};
  const auto first_place = place_of(completions.run.front().user_data);
  unsigned other_places = 0;
  bool all_ordinary = true;
  std::uint64_t bytes = 0;
  Datagram* datagram = batch.data();
  for (const io_uring_cqe& completion : completions.run) {
    std::uint32_t size = 0;
    if (datagrams_.take_ordinary(completion, datagram, &size)) [[likely]] {
      bytes += size;
      other_places |= place_of(completion.user_data) ^ first_place;
      ++datagram;
    } else {
      all_ordinary = false;
      if (complete(completion, datagram)) ++datagram;
    }
  }
  ring_.pop(completions.run.size());
  return {static_cast<std::size_t>(datagram - batch.data()), all_ordinary && other_places == 0,
          bytes, completions.may_be_more};
}

// True when *datagram was filled.
bool UringBackend::complete(const io_uring_cqe& completion, Datagram* datagram) {
  const RequestKind kind = kind_of(completion.user_data);
  if (kind == RequestKind::kWake) end_wakeup(completion);
  if (kind == RequestKind::kWake || kind == RequestKind::kCancel) return false;
  if ((completion.flags & IORING_CQE_F_MORE) == 0) end_receive(completion);
  const SocketSlot slot = slot_of(completion.user_data);
  if (completion.res >= 0) {
    return (completion.flags & IORING_CQE_F_BUFFER) != 0 &&
           datagrams_.take_any(completion, receives_.control_size(slot), datagram);
  }
  if (completion.res == -ENOBUFS) ++events_.starved;
  if (completion.res == -ENOBUFS || completion.res == -ECANCELED) return false;
  *datagram = {};
  datagram->slot = slot;
  datagram->fault = DatagramFault::kSocketError;
  datagram->error = -completion.res;
  return true;
}

// A multishot ends for many reasons (no buffer, an empty datagram, an ICMP error, a full
// completion ring): whatever it was, it is armed again.
void UringBackend::end_receive(const io_uring_cqe& completion) {
  const SocketSlot slot = slot_of(completion.user_data);
  if (!receives_.mark_ended(slot)) return;
  ++events_.rearms;
  const bool is_empty = UringDatagrams::is_empty(completion, receives_.control_size(slot));
  const bool is_error =
      completion.res < 0 && completion.res != -ENOBUFS && completion.res != -ECANCELED;
  if (is_error && receives_.record_error(slot)) return;
  if (is_empty || is_error || completion.res == -ENOBUFS) {
    read_directly(slot);
  } else {
    receives_.arm_later(slot);
    rearming_ = events_.stopped_early = true;
  }
}

// ---- Sockets that are read with recvmmsg.

// From here on, until nothing is left.
void UringBackend::read_directly(SocketSlot slot) {
  receives_.begin_direct(slot);
  direct_.push(slot);
  direct_turns_ += kDirectTurns;
}

// It has another, or is armed, or is left alone.
void UringBackend::finish_turn(SocketSlot slot, const MmsgReceiver::Result& result) {
  bool has_break = false;
  for (int i = 0; i < result.errors && !has_break; ++i) has_break = receives_.record_error(slot);
  if (result.is_to_go_on() && !has_break) return direct_.push(slot);
  receives_.end_direct(slot);
  if (!has_break) receives_.arm_later(slot);
}

// A batch of the next socket in turn that has something.
Received UringBackend::receive_directly(std::span<Datagram> batch) {
  for (; direct_turns_ > 0 && !direct_.empty(); --direct_turns_) {
    const SocketSlot slot = direct_.pop();
    if (!receives_.is_direct(slot)) continue;  // paused or detached since
    const bool full_control = receives_.control_size(slot) == kFullControlSize;
    const MmsgReceiver::Result result =
        receiver_.receive(receives_.descriptor(slot), slot, batch, full_control);
    finish_turn(slot, result);
    if (result.received.count > 0) return result.received;
  }
  return {};
}

}  // namespace

std::unique_ptr<Backend> make_uring_backend(const BackendOptions& options,
                                            packet::BufferReturn* home, BackendFailure* failure) {
  auto backend = std::make_unique<UringBackend>(options, home);
  if (!backend->set_up(failure)) return nullptr;
  return backend;
}

}  // namespace ringpeer::backend
