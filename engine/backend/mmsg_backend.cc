#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <memory>
#include <vector>

#include "ringpeer/backend/backend.h"
#include "ringpeer/backend/control_messages.h"
#include "ringpeer/net/endpoint.h"
#include "ringpeer/net/precise_sleep.h"
#include "ringpeer/net/wakeup.h"

namespace ringpeer::backend {
namespace {

// As many as the io_uring backend has where a buffer takes one datagram.
constexpr std::size_t kBufferCount = 512;

// The first part of a datagram goes into a buffer of its own, which the consumer can
// hold without a copy; all common game packets fit. What is longer continues in the
// batch's tails and is copied together.
constexpr std::size_t kHeadSize = 2048;
constexpr std::size_t kAddressSpace = 32;  // kSocketAddressSize, kept aligned
constexpr std::size_t kControlSpace = 64;

constexpr std::uint32_t kWakeToken = UINT32_MAX;
constexpr std::size_t kEpollBatch = 64;

static_assert(kAddressSpace >= net::kSocketAddressSize);
static_assert(kControlSpace >= kGroControlSize);

// Receives with recvmmsg, told by epoll where to look: for kernels and containers
// without io_uring.
class MmsgBackend final : public Backend {
 public:
  MmsgBackend(const BackendOptions& options, packet::BufferReturn* home)
      : options_(options),
        head_size_(std::min(kHeadSize, options.gro ? kHeadSize : options.max_datagram)),
        tail_size_(options.max_datagram - head_size_) {
    allocate(home);
  }
  ~MmsgBackend() override;

  bool set_up(BackendFailure* failure);

  int start() override { return 0; }
  int attach(SocketSlot slot, int descriptor) override;
  void begin_detach(SocketSlot slot) override;
  bool is_detached(SocketSlot slot) const override { return descriptors_[slot] < 0; }
  void wait(const WaitPolicy& policy) override;
  std::size_t receive(std::span<Datagram> batch) override;
  void recycle(packet::PacketBuffer* buffer) override { spare_.push_back(buffer); }
  bool has_buffers_to_lend() const override { return spare_.size() * 2 > kBufferCount; }
  void wake() noexcept override { wakeup_.notify(); }
  const BackendEvents& events() const override { return events_; }
  std::string features() const override { return "epoll, sleeping wait"; }

 private:
  void allocate(packet::BufferReturn* home);
  void poll_sockets(int timeout_ms);
  void mark_ready(SocketSlot slot);
  SocketSlot take_ready();
  std::size_t prepare(std::size_t wanted);
  std::size_t receive_from(SocketSlot slot, std::span<Datagram> batch);
  void describe(std::size_t i, SocketSlot slot, Datagram* datagram) const;

  const BackendOptions options_;
  const std::size_t head_size_;
  const std::size_t tail_size_;
  net::Wakeup wakeup_;
  int epoll_ = -1;

  std::uint8_t* memory_ = nullptr;
  std::size_t memory_size_ = 0;
  std::uint8_t* tails_ = nullptr;  // kBatchSize of tail_size_; touched only when used
  std::vector<packet::PacketBuffer> buffers_{kBufferCount};
  std::vector<packet::PacketBuffer*> spare_;

  // The batch's messages; the first `loaded_` have a buffer in them.
  std::array<mmsghdr, kBatchSize> messages_{};
  std::array<std::array<iovec, 2>, kBatchSize> parts_{};
  std::array<packet::PacketBuffer*, kBatchSize> loaded_buffers_{};
  std::size_t loaded_ = 0;

  std::vector<int> descriptors_ = std::vector<int>(kMaxSockets, -1);
  // The sockets to read from, in turn: a circular queue that holds each at most once.
  std::vector<SocketSlot> ready_ = std::vector<SocketSlot>(kMaxSockets);
  std::vector<bool> is_ready_ = std::vector<bool>(kMaxSockets, false);
  std::size_t first_ready_ = 0;
  std::size_t ready_count_ = 0;
  bool received_since_wait_ = false;
  BackendEvents events_;
};

MmsgBackend::~MmsgBackend() {
  if (epoll_ >= 0) ::close(epoll_);
  if (memory_ != nullptr) ::munmap(memory_, memory_size_);
}

void MmsgBackend::allocate(packet::BufferReturn* home) {
  // An odd number of cache lines between buffers spreads them over the cache's sets.
  const std::size_t stride =
      ((kAddressSpace + kControlSpace + head_size_ + 63) / 64 | 1) * 64;
  memory_size_ = kBufferCount * stride + kBatchSize * tail_size_;
  void* memory = ::mmap(nullptr, memory_size_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  memory_ = static_cast<std::uint8_t*>(memory);
  tails_ = memory_ + kBufferCount * stride;
  spare_.reserve(kBufferCount);
  for (std::size_t i = 0; i < kBufferCount; ++i) {
    buffers_[i].home = home;
    buffers_[i].memory = memory_ + i * stride;
    buffers_[i].capacity = static_cast<std::uint32_t>(stride);
    buffers_[i].index = static_cast<std::uint16_t>(i);
    buffers_[i].kind = packet::BufferKind::kKernel;
    spare_.push_back(&buffers_[i]);
  }
  for (std::size_t i = 0; i < kBatchSize; ++i) {
    parts_[i][1] = {tails_ + i * tail_size_, tail_size_};
    messages_[i].msg_hdr.msg_iov = parts_[i].data();
    messages_[i].msg_hdr.msg_iovlen = tail_size_ > 0 ? 2 : 1;
  }
}

bool MmsgBackend::set_up(BackendFailure* failure) {
  if (memory_ == nullptr) {
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

int MmsgBackend::attach(SocketSlot slot, int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = slot;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) return errno;
  descriptors_[slot] = descriptor;
  mark_ready(slot);
  return 0;
}

void MmsgBackend::begin_detach(SocketSlot slot) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptors_[slot], nullptr);
  descriptors_[slot] = -1;
}

void MmsgBackend::mark_ready(SocketSlot slot) {
  if (is_ready_[slot]) return;
  is_ready_[slot] = true;
  ready_[(first_ready_ + ready_count_++) % kMaxSockets] = slot;
}

SocketSlot MmsgBackend::take_ready() {
  const SocketSlot slot = ready_[first_ready_];
  first_ready_ = (first_ready_ + 1) % kMaxSockets;
  --ready_count_;
  is_ready_[slot] = false;
  return slot;
}

void MmsgBackend::poll_sockets(int timeout_ms) {
  std::array<epoll_event, kEpollBatch> events{};
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < count; ++i) {
    const std::uint32_t token = events[static_cast<std::size_t>(i)].data.u32;
    if (token == kWakeToken) {
      wakeup_.clear();
    } else {
      mark_ready(static_cast<SocketSlot>(token));
    }
  }
}

void MmsgBackend::wait(const WaitPolicy& policy) {
  ++events_.wakeups;
  int timeout_ms = policy.poll ? 0 : static_cast<int>(policy.idle.count());
  if (ready_count_ > 0) {
    timeout_ms = 0;  // not drained yet
  } else if (received_since_wait_ && !policy.poll && policy.budget.count() > 0) {
    net::sleep_precisely(policy.budget);
  }
  received_since_wait_ = false;
  // Always asked: sockets that are never drained, or have something each time, must
  // not hide the others.
  poll_sockets(timeout_ms);
}

// Puts a buffer into each of the first messages that lacks one. Returns how many are
// ready.
std::size_t MmsgBackend::prepare(std::size_t wanted) {
  while (loaded_ < wanted && !spare_.empty()) {
    packet::PacketBuffer* buffer = spare_.back();
    spare_.pop_back();
    loaded_buffers_[loaded_] = buffer;
    msghdr& header = messages_[loaded_].msg_hdr;
    header.msg_name = buffer->memory;
    header.msg_control = buffer->memory + kAddressSpace;
    parts_[loaded_][0] = {buffer->memory + kAddressSpace + kControlSpace, head_size_};
    ++loaded_;
  }
  for (std::size_t i = 0; i < loaded_; ++i) {
    messages_[i].msg_hdr.msg_namelen = net::kSocketAddressSize;
    messages_[i].msg_hdr.msg_controllen = options_.gro ? kControlSpace : 0;
  }
  return std::min(loaded_, wanted);
}

void MmsgBackend::describe(std::size_t i, SocketSlot slot, Datagram* datagram) const {
  const msghdr& header = messages_[i].msg_hdr;
  const std::uint32_t length = messages_[i].msg_len;
  datagram->slot = slot;
  datagram->buffer = loaded_buffers_[i];
  datagram->source = datagram->buffer->memory;
  datagram->control = datagram->buffer->memory + kAddressSpace;
  datagram->control_size = static_cast<std::uint16_t>(header.msg_controllen);
  datagram->payload = datagram->control + kControlSpace;
  datagram->size = std::min(length, static_cast<std::uint32_t>(head_size_));
  datagram->tail = tails_ + i * tail_size_;
  datagram->tail_size = length - datagram->size;
  datagram->segment_size =
      options_.gro ? segment_size_of(datagram->control, datagram->control_size) : 0;
  if (datagram->segment_size >= length) datagram->segment_size = 0;
  datagram->error = 0;
  datagram->fault = (header.msg_flags & MSG_TRUNC) != 0 ? DatagramFault::kTruncated
                                                        : DatagramFault::kNone;
}

std::size_t MmsgBackend::receive_from(SocketSlot slot, std::span<Datagram> batch) {
  const std::size_t ready = prepare(std::min(batch.size(), kBatchSize));
  if (ready == 0) {
    ++events_.starved;
    mark_ready(slot);
    return 0;
  }
  const int received = ::recvmmsg(descriptors_[slot], messages_.data(),
                                  static_cast<unsigned>(ready), MSG_DONTWAIT, nullptr);
  if (received <= 0) {
    if (received < 0 && errno != EAGAIN && errno != EINTR) {
      batch[0] = Datagram{};
      batch[0].slot = slot;
      batch[0].fault = DatagramFault::kSocketError;
      batch[0].error = errno;
      return 1;
    }
    return 0;
  }
  const auto count = static_cast<std::size_t>(received);
  if (count == ready) mark_ready(slot);  // there may be more
  for (std::size_t i = 0; i < count; ++i) {
    describe(i, slot, &batch[i]);
    loaded_buffers_[i]->references.store(1, std::memory_order_relaxed);
  }
  // The unused buffers move to the front.
  for (std::size_t i = count; i < loaded_; ++i) spare_.push_back(loaded_buffers_[i]);
  loaded_ = 0;
  received_since_wait_ = true;
  return count;
}

std::size_t MmsgBackend::receive(std::span<Datagram> batch) {
  // One bounded look at each ready socket in turn, so that none waits for another's
  // flood to end.
  while (ready_count_ > 0) {
    const SocketSlot slot = take_ready();
    if (descriptors_[slot] < 0) continue;
    const std::size_t count = receive_from(slot, batch);
    if (count > 0) return count;
    if (is_ready_[slot]) break;  // no buffers
  }
  return 0;
}

}  // namespace

std::unique_ptr<Backend> make_mmsg_backend(const BackendOptions& options,
                                           packet::BufferReturn* home, BackendFailure* failure) {
  auto backend = std::make_unique<MmsgBackend>(options, home);
  if (!backend->set_up(failure)) return nullptr;
  return backend;
}

}  // namespace ringpeer::backend
