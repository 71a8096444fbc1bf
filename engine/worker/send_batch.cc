#include "ringpeer/worker/send_batch.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103  // linux/udp.h, since Linux 4.18
#endif

namespace ringpeer::worker {
namespace {

// Batches that one drain sends before the worker looks at its sockets again.
constexpr int kMaxBatchesPerDrain = 4;

// How long, in all, a drain that must end waits for a full socket buffer.
constexpr int kCompleteDrainPolls = 50;
constexpr int kCompleteDrainPollMs = 2;

// The port first: of packets to one address it tells most.
bool same_destination(const SendItem& a, const SendItem& b) {
  return a.destination.port == b.destination.port && a.descriptor == b.descriptor &&
         a.destination == b.destination && a.has_source == b.has_source &&
         (!a.has_source || a.latch == b.latch);
}

}  // namespace

bool SendBatch::drain() {
  for (int i = 0; i < kMaxBatchesPerDrain; ++i) {
    if (!has_backlog() && !load()) return false;
    send_window();
    if (has_backlog()) return false;
    release_batch();
  }
  return true;
}

void SendBatch::drain_completely() {
  int polls = 0;
  while (has_backlog() || load()) {
    send_window();
    if (has_backlog()) {
      if (++polls > kCompleteDrainPolls) {
        finish(messages_[next_message_++], EAGAIN);
      } else {
        pollfd request{item_at(messages_[next_message_].first).descriptor, POLLOUT, 0};
        ::poll(&request, 1, kCompleteDrainPollMs);
      }
    }
    if (!has_backlog()) release_batch();
  }
}

bool SendBatch::load() {
  item_count_ = queue_.pop(items_);
  if (item_count_ == 0) return false;
  counters_.add(Counter::kSendRequestedPackets, item_count_);
  position_ = 0;
  if (use_trains_ && item_count_ > 1) {
    group();
    flatten();
  } else {
    keep_order();
  }
  return true;
}

void SendBatch::keep_order() {
  for (std::size_t i = 0; i < item_count_; ++i) {
    order_[i] = static_cast<std::uint16_t>(i);
    group_end_[i] = static_cast<std::uint16_t>(i + 1);
  }
}

void SendBatch::link(std::uint16_t index, std::uint16_t group) {
  next_[groups_[group].tail] = index;
  groups_[group].tail = index;
}

// Lists the items by destination, stably, in expected linear time.
void SendBatch::group() {
  const std::size_t table_size = std::bit_ceil(2 * item_count_);
  std::fill_n(table_.begin(), table_size, kNone);
  group_count_ = 0;
  std::uint16_t last = kNone;  // the group of the item before
  for (std::size_t i = 0; i < item_count_; ++i) {
    if (i + kPrefetchAhead < item_count_) __builtin_prefetch(items_[i + kPrefetchAhead]);
    const SendItem& item = *items_[i];
    const auto index = static_cast<std::uint16_t>(i);
    next_[i] = kNone;
    if (last != kNone && same_destination(*items_[i - 1], item)) {
      link(index, last);
      continue;
    }
    std::size_t place = hash_(item.destination) + static_cast<std::size_t>(item.descriptor);
    for (;; ++place) {
      std::uint16_t& entry = table_[place % table_size];
      if (entry == kNone) {
        entry = static_cast<std::uint16_t>(group_count_++);
        groups_[entry] = {index, index};
      } else if (same_destination(*items_[groups_[entry].head], item)) {
        link(index, entry);
      } else {
        continue;
      }
      last = entry;
      break;
    }
  }
}

// From lists to positions.
void SendBatch::flatten() {
  std::size_t position = 0;
  for (std::size_t g = 0; g < group_count_; ++g) {
    const std::size_t begin = position;
    for (std::uint16_t i = groups_[g].head; i != kNone; i = next_[i]) order_[position++] = i;
    std::fill(group_end_.begin() + static_cast<std::ptrdiff_t>(begin),
              group_end_.begin() + static_cast<std::ptrdiff_t>(position),
              static_cast<std::uint16_t>(position));
  }
}

SendBatch::Message SendBatch::next_train() const {
  const std::uint16_t first_size = item_at(position_).size;
  Message message{static_cast<std::uint16_t>(position_), 1, first_size, false};
  if (!use_trains_ || first_size == 0 || first_size > kMaxSegmentSize) return message;
  const std::size_t end = std::min<std::size_t>(group_end_[position_], position_ + kMaxSegments);
  for (std::size_t next = position_ + 1; next < end; ++next) {
    const std::uint16_t size = item_at(next).size;
    if (size > first_size || size == 0) break;
    if (message.bytes + size > UINT16_MAX - kMaxSegmentSize) break;
    message.bytes += size;
    ++message.count;
    if (size < first_size) break;  // only the last may be shorter
  }
  return message;
}

// The next messages, as many as a system call is to have, all of one socket.
void SendBatch::build_window() {
  message_count_ = 0;
  next_message_ = 0;
  part_count_ = 0;
  const int descriptor = item_at(position_).descriptor;
  while (position_ < item_count_ && message_count_ < kMaxMessages) {
    if (item_at(position_).descriptor != descriptor) return;
    const Message message = next_train();
    if (part_count_ + message.count > kMaxParts) return;
    build_message(message);
    position_ += message.count;
  }
}

void SendBatch::build_message(const Message& message) {
  const SendItem& first = item_at(message.first);
  msghdr& header = headers_[message_count_].msg_hdr;
  header = {};
  header.msg_iov = &parts_[part_count_];
  header.msg_iovlen = message.count;
  for (std::size_t i = 0; i < message.count; ++i) {
    const SendItem& item = item_at(message.first + i);
    // The kernel only reads it; the interface has no const.
    parts_[part_count_++] = {const_cast<std::uint8_t*>(item.payload), item.size};
  }
  if (!first.connected) {
    net::SocketAddress& address = addresses_[message_count_];
    address = net::to_socket_address(first.destination, first.family);
    header.msg_name = &address.generic;
    header.msg_namelen = address.size;
  }
  if (message.count > 1 || first.has_source) add_control(message);
  messages_[message_count_++] = message;
}

// To the message being built: the size of a train's segments, the address to leave from.
void SendBatch::add_control(const Message& message) {
  const SendItem& first = item_at(message.first);
  std::uint8_t* space = controls_[message_count_].bytes;
  std::size_t used = 0;
  if (message.count > 1) {
    cmsghdr segment{};
    segment.cmsg_level = IPPROTO_UDP;
    segment.cmsg_type = UDP_SEGMENT;
    segment.cmsg_len = CMSG_LEN(sizeof(first.size));
    std::memcpy(space, &segment, sizeof(segment));
    std::memcpy(space + CMSG_LEN(0), &first.size, sizeof(first.size));
    used = kSegmentControlSize;
  }
  if (first.has_source) {
    const net::LocalAddress& source = *static_cast<const AddressedLatch*>(first.latch)->source;
    used += net::write_source_control(space + used, source, first.family);
  }
  headers_[message_count_].msg_hdr.msg_control = space;
  headers_[message_count_].msg_hdr.msg_controllen = used;
}

// Sends what is in the window, then the windows after it, until the kernel's buffer is
// full or all is done.
void SendBatch::send_window() {
  while (has_backlog()) {
    if (next_message_ == message_count_) build_window();
    const int sent = ::sendmmsg(
        item_at(messages_[next_message_].first).descriptor, &headers_[next_message_],
        static_cast<unsigned>(message_count_ - next_message_), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      for (int i = 0; i < sent; ++i) finish(messages_[next_message_++], 0);
    } else if (const int error = errno; error != EINTR) {
      if (error == EAGAIN || error == EWOULDBLOCK) return;
      if (may_be_of_another(&messages_[next_message_])) continue;
      refuse(messages_[next_message_++], error);
    }
  }
}

// On a socket with an error queue the errno may be the ICMP error of a packet to
// somebody else; the kernel has reported that one now, so one more try tells.
bool SendBatch::may_be_of_another(Message* message) const {
  return !item_at(message->first).connected && !std::exchange(message->retried, true);
}

// A train may be refused where its packets are not: by an old kernel or a device that
// cannot cut trains (EINVAL, EIO), or on a path that they do not fit unfragmented.
void SendBatch::refuse(const Message& message, int error) {
  if (message.count == 1 || error == ECONNREFUSED || error == ENOBUFS) {
    finish(message, error);
    return;
  }
  const bool may_be_for_ever = error == EINVAL || error == EIO;
  if (send_singly(message) && may_be_for_ever) use_trains_ = false;
}

bool SendBatch::send_singly(const Message& message) {
  const auto index = static_cast<std::size_t>(&message - messages_.data());
  mmsghdr single = headers_[index];
  const iovec* parts = single.msg_hdr.msg_iov;
  single.msg_hdr.msg_iovlen = 1;
  single.msg_hdr.msg_control = controls_[index].bytes + kSegmentControlSize;
  single.msg_hdr.msg_controllen -= kSegmentControlSize;  // without the segment size
  bool any_sent = false;
  for (std::uint16_t i = 0; i < message.count; ++i) {
    const auto position = static_cast<std::uint16_t>(message.first + i);
    single.msg_hdr.msg_iov = const_cast<iovec*>(&parts[i]);
    const ssize_t sent =
        ::sendmsg(item_at(position).descriptor, &single.msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL);
    finish({position, 1, item_at(position).size, false}, sent >= 0 ? 0 : errno);
    any_sent = any_sent || sent >= 0;
  }
  return any_sent;
}

void SendBatch::finish(const Message& message, int error) {
  switch (error) {
    case 0:
      counters_.add(Counter::kSentPackets, message.count);
      counters_.add(Counter::kSentBytes, message.bytes);
      return;
    case EAGAIN:
    case ENOBUFS:
      counters_.add(Counter::kSendFailedQueueFull, message.count);
      break;
    case ECONNREFUSED:
      counters_.add(Counter::kSendFailedRefused, message.count);
      break;
    default:
      counters_.add(Counter::kSendFailedOther, message.count);
  }
  if (ErrorLatch* latch = item_at(message.first).latch) latch->set(error);
}

void SendBatch::release_batch() {
  queue_.release({items_.data(), item_count_});
  item_count_ = 0;
  position_ = 0;
  message_count_ = 0;
  next_message_ = 0;
}

}  // namespace ringpeer::worker
