#include "ringpeer/backend/mmsg_receiver.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "ringpeer/backend/control_messages.h"
#include "ringpeer/net/endpoint.h"

namespace ringpeer::backend {
namespace {

// The first part of a datagram goes into a buffer of its own, which the consumer can
// hold without a copy; all common game packets fit. What is longer continues in the
// batch's tails and is copied together.
constexpr std::size_t kHeadSize = 2048;
constexpr std::size_t kAddressSpace = 32;  // kSocketAddressSize, kept aligned
constexpr std::size_t kControlSpace = 96;

static_assert(kAddressSpace >= net::kSocketAddressSize);
static_assert(kControlSpace >= kFullControlSize);
static_assert((kAddressSpace + kControlSpace) % 64 == 0, "payloads start on a cache line");

}  // namespace

MmsgReceiver::MmsgReceiver(const BackendOptions& options, packet::BufferReturn* home)
    : gro_(options.gro),
      head_size_(std::min(kHeadSize, options.max_datagram)),
      tail_size_(options.max_datagram - head_size_) {
  allocate(home);
}

MmsgReceiver::~MmsgReceiver() {
  if (memory_ != nullptr) ::munmap(memory_, memory_size_);
}

void MmsgReceiver::allocate(packet::BufferReturn* home) {
  // An odd number of cache lines between buffers spreads them over the cache's sets.
  const std::size_t stride = ((kAddressSpace + kControlSpace + head_size_ + 63) / 64 | 1) * 64;
  memory_size_ = kBufferCount * stride + kBatchSize * tail_size_;
  void* memory =
      ::mmap(nullptr, memory_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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

// Puts a buffer into each of the first messages that lacks one. Returns how many are
// ready.
std::size_t MmsgReceiver::prepare(std::size_t wanted, bool with_control) {
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
    messages_[i].msg_hdr.msg_controllen = gro_ || with_control ? kControlSpace : 0;
  }
  return std::min(loaded_, wanted);
}

void MmsgReceiver::describe(std::size_t i, SocketSlot slot, Datagram* datagram) const {
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
  datagram->segment_size = gro_ ? segment_size_of(datagram->control, datagram->control_size) : 0;
  if (datagram->segment_size >= length) datagram->segment_size = 0;
  datagram->error = 0;
  datagram->fault =
      (header.msg_flags & MSG_TRUNC) != 0 ? DatagramFault::kTruncated : DatagramFault::kNone;
}

MmsgReceiver::Result MmsgReceiver::receive(int descriptor, SocketSlot slot,
                                           std::span<Datagram> batch, bool with_control) {
  const std::size_t ready = prepare(std::min(batch.size(), kBatchSize), with_control);
  if (ready == 0) return {0, Outcome::kStarved};
  const int received =
      ::recvmmsg(descriptor, messages_.data(), static_cast<unsigned>(ready), MSG_DONTWAIT, nullptr);
  if (received < 0 && errno != EAGAIN && errno != EINTR) {
    batch[0] = Datagram{};
    batch[0].slot = slot;
    batch[0].fault = DatagramFault::kSocketError;
    batch[0].error = errno;
    return {1, Outcome::kError};
  }
  if (received <= 0) return {0, Outcome::kDrained};
  const auto count = static_cast<std::size_t>(received);
  for (std::size_t i = 0; i < count; ++i) {
    describe(i, slot, &batch[i]);
    loaded_buffers_[i]->references.store(1, std::memory_order_relaxed);
  }
  for (std::size_t i = count; i < loaded_; ++i) spare_.push_back(loaded_buffers_[i]);
  loaded_ = 0;
  return {count, count < ready ? Outcome::kDrained : Outcome::kMore};
}

}  // namespace ringpeer::backend
