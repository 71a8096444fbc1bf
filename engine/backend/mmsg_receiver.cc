#include "ringpeer/engine/backend/mmsg_receiver.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "ringpeer/engine/backend/control_messages.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/kernel_calls.h"

namespace ringpeer::backend {
namespace {

// The first part of a datagram goes into a buffer of its own, which the consumer can
// hold without a copy; all common game packets fit. What is longer continues in the
// batch's tails and is copied together.
constexpr std::size_t kHeadSize = 2048;
constexpr std::size_t kAddressSpace = 32;  // kSocketAddressSize, kept aligned
constexpr std::size_t kControlSpace = 160;

static_assert(kAddressSpace >= net::kSocketAddressSize);
static_assert(kControlSpace >= kFullControlSize);
static_assert((kAddressSpace + kControlSpace) % 64 == 0, "payloads start on a cache line");

// Of a seccomp filter; no socket reports these.
bool is_refusal(int error) { return error == EPERM || error == ENOSYS; }

}  // namespace

MmsgReceiver::MmsgReceiver(const BackendOptions& options, packet::BufferReturn* home)
    : gro_(options.gro),
      head_size_(std::min(kHeadSize, options.max_datagram)),
      tail_size_(options.max_datagram - head_size_),
      // An odd number of cache lines spreads datagrams over the cache's sets.
      stride_(((kAddressSpace + kControlSpace + head_size_ + 63) / 64 | 1) * 64) {
  allocate(home);
}

void MmsgReceiver::allocate(packet::BufferReturn* home) {
  const std::size_t buffer_size = kDatagramsPerBuffer * stride_;
  // Heads lie one behind another; of the tails, which hold what is rare, nothing is touched
  // before there is some.
  if (!stock_.make(kBufferCount, buffer_size, buffer_size, packet::MappedMemory::Pages::kHuge,
                   home) ||
      (tail_size_ > 0 &&
       !tails_.map(kBatchSize * tail_size_, packet::MappedMemory::Pages::kSmall))) {
    return;
  }
  is_valid_ = true;
  for (std::size_t i = 0; i < kBatchSize; ++i) {
    parts_[i] = {iovec{nullptr, head_size_}, iovec{tails_.data() + i * tail_size_, tail_size_}};
    messages_[i].msg_hdr.msg_iov = parts_[i].data();
    messages_[i].msg_hdr.msg_iovlen = tail_size_ > 0 ? 2 : 1;
  }
}

bool MmsgReceiver::open_buffer(packet::PacketBuffer** place) {
  if (*place == nullptr) *place = stock_.take();
  return *place != nullptr;
}

// Returns how many messages are ready.
std::size_t MmsgReceiver::prepare(std::size_t wanted, bool with_control) {
  if (!open_buffer(&open_)) return 0;
  with_control_ = gro_ || with_control;
  in_open_ = std::min(wanted, room_in(*open_));
  load(0, in_open_, *open_);
  if (in_open_ == wanted || !open_buffer(&ahead_)) return in_open_;
  load(in_open_, wanted - in_open_, *ahead_);
  return wanted;
}

void MmsgReceiver::load(std::size_t first, std::size_t count, const packet::PacketBuffer& buffer) {
  const std::size_t control_space = with_control_ ? kControlSpace : 0;
  const std::size_t stride = stride_;
  std::uint8_t* memory = buffer.memory + buffer.consumed;
  auto part = parts_.begin() + first;
  for (mmsghdr& message : std::span(messages_).subspan(first, count)) {
    message.msg_hdr.msg_name = memory;
    message.msg_hdr.msg_namelen = net::kSocketAddressSize;
    message.msg_hdr.msg_control = memory + kAddressSpace;
    message.msg_hdr.msg_controllen = control_space;
    (*part++)[0].iov_base = memory + kAddressSpace + kControlSpace;
    memory += stride;
  }
}

// True when it is an ordinary one: not a train, not in two parts, not cut.
inline bool MmsgReceiver::describe(std::size_t i, packet::PacketBuffer* buffer, SocketSlot slot,
                                   Datagram* datagram) const {
  const msghdr& header = messages_[i].msg_hdr;
  const std::uint32_t length = messages_[i].msg_len;
  const auto* const memory = static_cast<const std::uint8_t*>(header.msg_name);
  datagram->packet.payload = memory + kAddressSpace + kControlSpace;
  datagram->packet.buffer = buffer;
  datagram->packet.source = memory;
  datagram->packet.size = static_cast<std::uint16_t>(length);
  datagram->packet.segment_size = 0;
  datagram->slot = slot;
  datagram->fault = DatagramFault::kNone;
  datagram->control_size = 0;
  datagram->tail_size = 0;
  if (length <= head_size_ && !with_control_ && (header.msg_flags & MSG_TRUNC) == 0) [[likely]]
    return true;
  if ((header.msg_flags & MSG_TRUNC) != 0) datagram->fault = DatagramFault::kTruncated;
  if (with_control_) {
    datagram->control = memory + kAddressSpace;
    datagram->control_size = static_cast<std::uint16_t>(header.msg_controllen);
  }
  if (gro_) {
    const std::uint16_t segment = segment_size_of(datagram->control, datagram->control_size);
    if (segment < length) datagram->packet.segment_size = segment;
  }
  if (length > head_size_) {
    datagram->tail = tails_.data() + i * tail_size_;
    datagram->tail_size = static_cast<std::uint16_t>(length - head_size_);
  }
  return false;
}

Received MmsgReceiver::describe_all(std::size_t count, SocketSlot slot,
                                    std::span<Datagram> batch) const {
  std::uint64_t bytes = 0;
  std::size_t ordinary = 0;
  const std::size_t in_open = std::min(count, in_open_);
  for (std::size_t i = 0; i < in_open; ++i) {
    ordinary += describe(i, open_, slot, &batch[i]);
    bytes += messages_[i].msg_len;
  }
  for (std::size_t i = in_open; i < count; ++i) {
    ordinary += describe(i, ahead_, slot, &batch[i]);
    bytes += messages_[i].msg_len;
  }
  return {count, ordinary == count, bytes, false};
}

// The first of the prepared messages have a datagram in them.
void MmsgReceiver::take(std::size_t count) {
  const std::size_t from_open = std::min(count, in_open_);
  for (const std::size_t taken : {from_open, count - from_open}) {
    if (taken == 0) continue;
    open_->issued += static_cast<std::uint32_t>(taken);
    open_->consumed += static_cast<std::uint32_t>(taken * stride_);
    if (room_in(*open_) > 0) continue;
    open_->retire();
    open_ = std::exchange(ahead_, nullptr);
  }
}

// What a filter refuses shows with a descriptor that there is not.
int MmsgReceiver::try_out() {
  mmsghdr message{};
  const int error = -net::kernel::receive_batch(-1, {&message, 1});
  return is_refusal(error) ? error : 0;
}

MmsgReceiver::Result MmsgReceiver::receive(int descriptor, SocketSlot slot,
                                           std::span<Datagram> batch, bool with_control) {
  const Result result = call(descriptor, slot, batch, with_control);
  if (result.outcome != Outcome::kError || batch.size() == 1) [[likely]]
    return result;
  return receive_behind_error(descriptor, slot, batch, with_control);
}

MmsgReceiver::Result MmsgReceiver::receive_behind_error(int descriptor, SocketSlot slot,
                                                        std::span<Datagram> batch,
                                                        bool with_control) {
  // Before anybody sleeps, or others have their turns: in that time the next error may come, and
  // hide again what waits behind this one.
  Result result = call(descriptor, slot, batch.subspan(1), with_control);
  ++result.received.count;
  result.received.is_plain = false;
  ++result.errors;
  return result;
}

inline MmsgReceiver::Result MmsgReceiver::call(int descriptor, SocketSlot slot,
                                               std::span<Datagram> batch, bool with_control) {
  const std::size_t ready = prepare(std::min(batch.size(), kBatchSize), with_control);
  if (ready == 0) return {.outcome = Outcome::kStarved};
  const int result = net::kernel::receive_batch(descriptor, std::span(messages_).first(ready));
  if (is_refusal(-result)) return {.outcome = Outcome::kRefused, .refusal = -result};
  if (result < 0 && result != -EAGAIN && result != -EINTR) {
    batch[0] = Datagram{};
    batch[0].slot = slot;
    batch[0].fault = DatagramFault::kSocketError;
    batch[0].error = -result;
    return {.received = {.count = 1}, .outcome = Outcome::kError, .errors = 1};
  }
  if (result <= 0) return {};
  const auto count = static_cast<std::size_t>(result);
  const Received received = describe_all(count, slot, batch);
  take(count);
  return {.received = received, .outcome = count < ready ? Outcome::kDrained : Outcome::kMore};
}

}  // namespace ringpeer::backend
