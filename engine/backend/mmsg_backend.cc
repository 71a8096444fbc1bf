#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/backend/error_breaks.h"
#include "ringpeer/engine/backend/mmsg_receiver.h"
#include "ringpeer/engine/backend/slot_queue.h"
#include "ringpeer/engine/net/kernel_calls.h"
#include "ringpeer/engine/net/precise_sleep.h"
#include "ringpeer/engine/net/wakeup.h"

namespace ringpeer::backend {
namespace {

constexpr std::uint32_t kWakeToken = UINT32_MAX;
// Sockets that one call names: as many as a batch has datagrams, so that each may give one.
constexpr std::size_t kEpollBatch = 64;

// Receives with recvmmsg, told by epoll where to look: for kernels and containers
// without io_uring.
class MmsgBackend final : public Backend {
 public:
  MmsgBackend(const BackendOptions& options, packet::BufferReturn* home)
      : receiver_(options, home) {}
  ~MmsgBackend() override;

  bool set_up(BackendFailure* failure);

  bool start(BackendFailure* failure) override;
  int attach(SocketSlot slot, int descriptor, bool room_for_control) override;
  void begin_detach(SocketSlot slot) override;
  bool is_detached(SocketSlot slot) const override { return descriptors_[slot] < 0; }
  void give_up() override;
  void pause(SocketSlot slot) override;
  void resume(SocketSlot slot) override;
  bool wait(const WaitPolicy& policy, BackendFailure* failure) override;
  Received receive(std::span<Datagram> batch) override;
  bool is_bound_to_thread() const override { return false; }
  bool has_overflowed() const override { return false; }
  bool owns(const packet::PacketBuffer* buffer) const override { return receiver_.owns(buffer); }
  void recycle(packet::PacketBuffer* buffer) override { receiver_.recycle(buffer); }
  bool has_buffers_to_lend() const override { return receiver_.has_buffers_to_lend(); }
  std::size_t lent_buffers() const override { return receiver_.lent_buffers(); }
  void wake() noexcept override { wakeup_.notify(); }
  const BackendEvents& events() const override { return events_; }
  std::string features() const override { return "epoll, sleeping wait"; }

 private:
  int listen(SocketSlot slot, int operation, std::uint32_t events);
  void listen_as_wanted(SocketSlot slot);
  void record_error(SocketSlot slot);
  [[gnu::noinline]] void record_errors(SocketSlot slot, int errors);
  int poll_sockets(std::chrono::microseconds timeout);
  std::chrono::microseconds gather(const WaitPolicy& policy, std::chrono::microseconds idle);
  Received receive_from(SocketSlot slot, std::span<Datagram> batch, bool* starved);

  MmsgReceiver receiver_;
  net::Wakeup wakeup_;
  int epoll_ = -1;

  std::vector<int> descriptors_ = std::vector<int>(kMaxSockets, -1);
  std::vector<bool> with_control_ = std::vector<bool>(kMaxSockets, false);
  std::vector<bool> is_paused_ = std::vector<bool>(kMaxSockets, false);
  std::vector<bool> has_break_ = std::vector<bool>(kMaxSockets, false);
  // epoll has told of an error that the next read is told, too.
  std::vector<bool> is_error_recorded_ = std::vector<bool>(kMaxSockets, false);
  ErrorBreaks breaks_;
  SlotQueue ready_{kMaxSockets};  // the sockets to read from, in turn
  bool received_since_wait_ = false;
  bool has_more_events_ = false;  // than one call tells of
  // The last sleep was ended by a wake-up.
  bool sleep_was_ended_ = false;
  BackendFailure failure_;  // why the kernel cannot be asked any more
  BackendEvents events_;
};

MmsgBackend::~MmsgBackend() {
  if (epoll_ >= 0) net::kernel::close(epoll_);
}

bool MmsgBackend::set_up(BackendFailure* failure) {
  if (!receiver_.is_valid()) {
    *failure = {ENOMEM, "mmap of the packet buffers"};
    return false;
  }
  if (!wakeup_.is_valid()) {
    *failure = {wakeup_.error(), "eventfd"};
    return false;
  }
  epoll_ = net::kernel::open_epoll();
  const int error = epoll_ < 0
                        ? -epoll_
                        : net::kernel::change_epoll(epoll_, EPOLL_CTL_ADD, wakeup_.descriptor(),
                                                    EPOLLIN, kWakeToken);
  if (error != 0) *failure = {error, "epoll"};
  return error == 0;
}

bool MmsgBackend::start(BackendFailure* failure) {
  *failure = {MmsgReceiver::try_out(), "recvmmsg"};
  if (failure->error == 0) *failure = {poll_sockets(std::chrono::microseconds(0)), "epoll_wait"};
  if (failure->error == 0) *failure = {wakeup_.try_out(), "eventfd"};
  return failure->error == 0;
}

int MmsgBackend::attach(SocketSlot slot, int descriptor, bool room_for_control) {
  descriptors_[slot] = descriptor;
  with_control_[slot] = room_for_control;
  is_paused_[slot] = false;
  has_break_[slot] = false;
  is_error_recorded_[slot] = false;
  const int error = listen(slot, EPOLL_CTL_ADD, EPOLLIN);
  if (error != 0) {
    descriptors_[slot] = -1;
    return error;
  }
  ready_.push(slot);
  return 0;
}

int MmsgBackend::listen(SocketSlot slot, int operation, std::uint32_t events) {
  return net::kernel::change_epoll(epoll_, operation, descriptors_[slot], events, slot);
}

// A change of what is there needs no memory, so it does not fail. With nothing to listen for
// an error is still told, but once.
void MmsgBackend::listen_as_wanted(SocketSlot slot) {
  const bool wanted = !is_paused_[slot] && !has_break_[slot];
  static_cast<void>(listen(slot, EPOLL_CTL_MOD, wanted ? EPOLLIN : EPOLLET));
  if (wanted) ready_.push(slot);
}

void MmsgBackend::pause(SocketSlot slot) {
  if (is_paused_[slot]) return;
  is_paused_[slot] = true;
  listen_as_wanted(slot);
}

void MmsgBackend::resume(SocketSlot slot) {
  if (!is_paused_[slot]) return;
  is_paused_[slot] = false;
  listen_as_wanted(slot);
}

void MmsgBackend::record_error(SocketSlot slot) {
  if (has_break_[slot] || !breaks_.record_error(slot)) return;
  has_break_[slot] = true;
  listen_as_wanted(slot);
}

// Of a read, each once.
void MmsgBackend::record_errors(SocketSlot slot, int errors) {
  for (int i = is_error_recorded_[slot] ? 1 : 0; i < errors; ++i) record_error(slot);
  is_error_recorded_[slot] = false;
}

void MmsgBackend::begin_detach(SocketSlot slot) {
  static_cast<void>(listen(slot, EPOLL_CTL_DEL, 0));
  descriptors_[slot] = -1;
}

void MmsgBackend::give_up() {
  for (std::size_t slot = 0; slot < descriptors_.size(); ++slot) {
    if (descriptors_[slot] >= 0) begin_detach(static_cast<SocketSlot>(slot));
  }
}

// 0, or an errno that no later call will cure.
int MmsgBackend::poll_sockets(std::chrono::microseconds timeout) {
  std::array<epoll_event, kEpollBatch> events;  // the kernel writes what is read
  const int count = net::kernel::wait_epoll(epoll_, events, timeout);
  has_more_events_ = count == static_cast<int>(kEpollBatch);
  if (count < 0) return count == -EINTR ? 0 : -count;
  for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(count))) {
    if (event.data.u32 == kWakeToken) {
      if (const int error = wakeup_.clear(); error != 0) return error;
      continue;
    }
    const auto slot = static_cast<SocketSlot>(event.data.u32);
    if (descriptors_[slot] < 0) continue;
    // Of an error queue, say, of which reading says nothing.
    if ((event.events & EPOLLERR) != 0) {
      record_error(slot);
      is_error_recorded_[slot] = true;
    }
    ready_.push(slot);
  }
  return 0;
}

// Leaves what comes in the sockets for a while, if something has come before. What is left of the
// longest wait.
std::chrono::microseconds MmsgBackend::gather(const WaitPolicy& policy,
                                              std::chrono::microseconds idle) {
  const bool was_ended = std::exchange(sleep_was_ended_, false);
  if (policy.sleep.count() > 0 && (received_since_wait_ || was_ended)) {
    const std::chrono::microseconds sleep = std::min(policy.sleep, idle);
    sleep_was_ended_ = wakeup_.wait_precisely(sleep);
    return idle - sleep;
  }
  const std::chrono::microseconds budget = std::min(policy.budget, idle);
  if (policy.sleep.count() > 0 || budget.count() == 0 || !received_since_wait_) return idle;
  net::sleep_precisely(budget);
  return idle - budget;
}

bool MmsgBackend::wait(const WaitPolicy& policy, BackendFailure* failure) {
  ++events_.wakeups;
  breaks_.end_breaks(policy.every_socket, [this](SocketSlot slot) {
    if (descriptors_[slot] < 0 || !has_break_[slot]) return;
    has_break_[slot] = false;
    listen_as_wanted(slot);
  });
  std::chrono::microseconds left{0};
  const bool may_wait = ready_.empty() && !has_more_events_ && !policy.poll;  // else: not drained
  if (may_wait) left = gather(policy, breaks_.shorten(policy.idle));
  received_since_wait_ = false;
  // Always asked: sockets that are never drained, or have something each time, must
  // not hide the others.
  const int error = poll_sockets(left);
  if (error != 0) failure_ = {error, "epoll_wait"};
  if (failure_.error != 0) *failure = failure_;
  return failure_.error == 0;
}

Received MmsgBackend::receive_from(SocketSlot slot, std::span<Datagram> batch, bool* starved) {
  using Outcome = MmsgReceiver::Outcome;
  const MmsgReceiver::Result result =
      receiver_.receive(descriptors_[slot], slot, batch, with_control_[slot]);
  *starved = result.outcome == Outcome::kStarved;
  if (*starved) ++events_.starved;
  if (result.errors > 0 || is_error_recorded_[slot]) [[unlikely]]
    record_errors(slot, result.errors);
  if (*starved || result.is_to_go_on()) ready_.push(slot);
  if (result.outcome == Outcome::kRefused) failure_ = {result.refusal, "recvmmsg"};
  if (result.received.count > 0) received_since_wait_ = true;
  return result.received;
}

Received MmsgBackend::receive(std::span<Datagram> batch) {
  // One bounded look at each ready socket in turn, so that none waits for another's
  // flood to end.
  while (!ready_.empty()) {
    const SocketSlot slot = ready_.pop();
    if (descriptors_[slot] < 0 || is_paused_[slot] || has_break_[slot]) continue;
    bool starved = false;
    Received received = receive_from(slot, batch, &starved);
    if (received.count > 0) {
      received.may_be_more = !ready_.empty();
      return received;
    }
    if (starved) break;
  }
  return {};
}

}  // namespace

std::unique_ptr<Backend> make_mmsg_backend(const BackendOptions& options,
                                           packet::BufferReturn* home, BackendFailure* failure) {
  auto backend = std::make_unique<MmsgBackend>(options, home);
  if (!backend->set_up(failure)) return nullptr;
  return backend;
}

}  // namespace ringpeer::backend
