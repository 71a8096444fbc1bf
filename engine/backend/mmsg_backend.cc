#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <memory>
#include <vector>

#include "ringpeer/backend/backend.h"
#include "ringpeer/backend/mmsg_receiver.h"
#include "ringpeer/backend/slot_queue.h"
#include "ringpeer/net/precise_sleep.h"
#include "ringpeer/net/wakeup.h"

namespace ringpeer::backend {
namespace {

constexpr std::uint32_t kWakeToken = UINT32_MAX;
constexpr std::size_t kEpollBatch = 64;

// Receives with recvmmsg, told by epoll where to look: for kernels and containers
// without io_uring.
class MmsgBackend final : public Backend {
 public:
  MmsgBackend(const BackendOptions& options, packet::BufferReturn* home)
      : receiver_(options, home) {}
  ~MmsgBackend() override;

  bool set_up(BackendFailure* failure);

  int start() override { return 0; }
  int attach(SocketSlot slot, int descriptor, bool room_for_control) override;
  void begin_detach(SocketSlot slot) override;
  bool is_detached(SocketSlot slot) const override { return descriptors_[slot] < 0; }
  void pause(SocketSlot slot) override;
  void resume(SocketSlot slot) override;
  void wait(const WaitPolicy& policy) override;
  Received receive(std::span<Datagram> batch) override;
  void recycle(packet::PacketBuffer* buffer) override { receiver_.recycle(buffer); }
  bool has_buffers_to_lend() const override { return receiver_.has_buffers_to_lend(); }
  void wake() noexcept override { wakeup_.notify(); }
  const BackendEvents& events() const override { return events_; }
  std::string features() const override { return "epoll, sleeping wait"; }

 private:
  int listen_for(SocketSlot slot);
  void poll_sockets(int timeout_ms);
  Received receive_from(SocketSlot slot, std::span<Datagram> batch, bool* starved);

  MmsgReceiver receiver_;
  net::Wakeup wakeup_;
  int epoll_ = -1;

  std::vector<int> descriptors_ = std::vector<int>(kMaxSockets, -1);
  std::vector<bool> with_control_ = std::vector<bool>(kMaxSockets, false);
  std::vector<bool> is_paused_ = std::vector<bool>(kMaxSockets, false);
  SlotQueue ready_{kMaxSockets};  // the sockets to read from, in turn
  bool received_since_wait_ = false;
  BackendEvents events_;
};

MmsgBackend::~MmsgBackend() {
  if (epoll_ >= 0) ::close(epoll_);
}

bool MmsgBackend::set_up(BackendFailure* failure) {
  if (!receiver_.is_valid()) {
    *failure = {ENOMEM, "mmap of the packet buffers"};
    return false;
  }
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = kWakeToken;
  if (epoll_ < 0 || !wakeup_.is_valid() ||
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_.descriptor(), &event) != 0) {
    *failure = {errno, "epoll"};
    return false;
  }
  return true;
}

int MmsgBackend::attach(SocketSlot slot, int descriptor, bool room_for_control) {
  descriptors_[slot] = descriptor;
  with_control_[slot] = room_for_control;
  is_paused_[slot] = false;
  const int error = listen_for(slot);
  if (error != 0) descriptors_[slot] = -1;
  return error;
}

int MmsgBackend::listen_for(SocketSlot slot) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = slot;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptors_[slot], &event) != 0) return errno;
  ready_.push(slot);
  return 0;
}

void MmsgBackend::pause(SocketSlot slot) {
  if (is_paused_[slot]) return;
  is_paused_[slot] = true;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptors_[slot], nullptr);
}

void MmsgBackend::resume(SocketSlot slot) {
  if (!is_paused_[slot]) return;
  is_paused_[slot] = false;
  // It was there before: the kernel has all it needs.
  static_cast<void>(listen_for(slot));
}

void MmsgBackend::begin_detach(SocketSlot slot) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptors_[slot], nullptr);
  descriptors_[slot] = -1;
}

void MmsgBackend::poll_sockets(int timeout_ms) {
  std::array<epoll_event, kEpollBatch> events;  // the kernel writes what is read
  const int count =
      ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < count; ++i) {
    const std::uint32_t token = events[static_cast<std::size_t>(i)].data.u32;
    if (token == kWakeToken) {
      wakeup_.clear();
    } else {
      ready_.push(static_cast<SocketSlot>(token));
    }
  }
}

void MmsgBackend::wait(const WaitPolicy& policy) {
  ++events_.wakeups;
  int timeout_ms =
      policy.poll ? 0 : static_cast<int>(ceil<std::chrono::milliseconds>(policy.idle).count());
  if (!ready_.empty()) {
    timeout_ms = 0;  // not drained yet
  } else if (received_since_wait_ && !policy.poll && policy.budget.count() > 0) {
    net::sleep_precisely(policy.budget);
  }
  received_since_wait_ = false;
  // Always asked: sockets that are never drained, or have something each time, must
  // not hide the others.
  poll_sockets(timeout_ms);
}

Received MmsgBackend::receive_from(SocketSlot slot, std::span<Datagram> batch, bool* starved) {
  using Outcome = MmsgReceiver::Outcome;
  const MmsgReceiver::Result result =
      receiver_.receive(descriptors_[slot], slot, batch, with_control_[slot]);
  *starved = result.outcome == Outcome::kStarved;
  if (*starved) ++events_.starved;
  if (*starved || result.outcome == Outcome::kMore) ready_.push(slot);
  if (result.received.count > 0) received_since_wait_ = true;
  return result.received;
}

Received MmsgBackend::receive(std::span<Datagram> batch) {
  // One bounded look at each ready socket in turn, so that none waits for another's
  // flood to end.
  while (!ready_.empty()) {
    const SocketSlot slot = ready_.pop();
    if (descriptors_[slot] < 0 || is_paused_[slot]) continue;
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
