#include "ringpeer/worker/send_batch.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103  // linux/udp.h, since Linux 4.18
#endif

namespace ringpeer::worker {
namespace {

// Batches that one drain sends before the worker looks at its sockets again.
constexpr int kMaxBatchesPerDrain = 16;

// How long, in all, a drain that must end waits for a full socket buffer.
constexpr int kCompleteDrainPolls = 50;
constexpr int kCompleteDrainPollMs = 2;

bool same_destination(const SendItem& a, const SendItem& b) {
  return a.descriptor == b.descriptor && a.destination == b.destination;
}

}  // namespace

void SendBatch::drain() {
  for (int i = 0; i < kMaxBatchesPerDrain; ++i) {
    if (!has_backlog() && !load()) return;
    send_messages();
    if (has_backlog()) return;
    release_batch();
  }
}

void SendBatch::drain_completely() {
  int polls = 0;
  while (has_backlog() || load()) {
    send_messages();
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
  group();
  build_messages();
  return true;
}

// Orders the items by destination, stably, in expected linear time.
void SendBatch::group() {
  if (!use_trains_ || item_count_ < 2) {
    for (std::size_t i = 0; i < item_count_; ++i) order_[i] = static_cast<std::uint16_t>(i);
    return;
  }
  table_.fill(kNone);
  std::array<std::uint16_t, kMaxItems> heads;
  std::size_t group_count = 0;
  for (std::size_t i = 0; i < item_count_; ++i) {
    const auto index = static_cast<std::uint16_t>(i);
    next_[i] = kNone;
    std::size_t place =
        (hash_(items_[i].destination) + static_cast<std::size_t>(items_[i].descriptor)) %
        kTableSize;
    while (table_[place] != kNone && !same_destination(items_[table_[place]], items_[i])) {
      place = (place + 1) % kTableSize;
    }
    if (table_[place] == kNone) {
      table_[place] = index;
      heads[group_count++] = index;
      group_tail_[i] = index;
    } else {
      const std::uint16_t head = table_[place];
      next_[group_tail_[head]] = index;
      group_tail_[head] = index;
    }
  }
  std::size_t position = 0;
  for (std::size_t g = 0; g < group_count; ++g) {
    for (std::uint16_t i = heads[g]; i != kNone; i = next_[i]) order_[position++] = i;
  }
}

// How many items from `position` on may go as one train.
std::size_t SendBatch::train_length(std::size_t position) const {
  const SendItem& first = item_at(position);
  if (!use_trains_ || first.size == 0 || first.size > kMaxSegmentSize) return 1;
  std::size_t length = 1;
  std::size_t bytes = first.size;
  while (length < kMaxSegments && position + length < item_count_) {
    const SendItem& next = item_at(position + length);
    if (!same_destination(first, next) || next.size > first.size || next.size == 0) break;
    bytes += next.size;
    if (bytes > UINT16_MAX - kMaxSegmentSize) break;
    ++length;
    if (next.size < first.size) break;  // only the last may be shorter
  }
  return length;
}

void SendBatch::build_messages() {
  message_count_ = 0;
  next_message_ = 0;
  for (std::size_t position = 0; position < item_count_;) {
    const std::size_t length = train_length(position);
    build_message(position, length);
    position += length;
  }
}

void SendBatch::build_message(std::size_t position, std::size_t count) {
  const SendItem& first = item_at(position);
  for (std::size_t i = position; i < position + count; ++i) {
    parts_[i] = {item_at(i).block->memory, item_at(i).size};
  }
  msghdr& header = headers_[message_count_].msg_hdr;
  header = {};
  header.msg_iov = &parts_[position];
  header.msg_iovlen = count;
  if (!first.connected) {
    net::SocketAddress& address = addresses_[message_count_];
    address = net::to_socket_address(first.destination, first.family);
    header.msg_name = &address.generic;
    header.msg_namelen = address.size;
  }
  if (count > 1) {
    SegmentControl& control = controls_[message_count_];
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof(control.bytes);
    cmsghdr* message = CMSG_FIRSTHDR(&header);
    message->cmsg_level = IPPROTO_UDP;
    message->cmsg_type = UDP_SEGMENT;
    message->cmsg_len = CMSG_LEN(sizeof(first.size));
    std::memcpy(CMSG_DATA(message), &first.size, sizeof(first.size));
  }
  messages_[message_count_++] = {static_cast<std::uint16_t>(position),
                                 static_cast<std::uint16_t>(count)};
}

void SendBatch::send_messages() {
  while (has_backlog()) {
    const int descriptor = item_at(messages_[next_message_].first).descriptor;
    std::size_t end = next_message_ + 1;
    while (end < message_count_ && item_at(messages_[end].first).descriptor == descriptor) ++end;
    const int sent =
        ::sendmmsg(descriptor, &headers_[next_message_], static_cast<unsigned>(end - next_message_),
                   MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      for (int i = 0; i < sent; ++i) finish(messages_[next_message_++], 0);
    } else if (const int error = errno; error != EINTR) {
      if (!refuse(next_message_, error)) return;
      ++next_message_;
    }
  }
}

bool SendBatch::refuse(std::size_t message, int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return false;
  const Message& refused = messages_[message];
  if (refused.count > 1 && error != ECONNREFUSED && error != ENOBUFS) {
    // No trains here: EINVAL or EIO from old kernels and some devices. For good.
    use_trains_ = false;
    send_singly(refused);
    return true;
  }
  finish(refused, error);
  return true;
}

void SendBatch::send_singly(const Message& message) {
  for (std::uint16_t i = 0; i < message.count; ++i) {
    const auto position = static_cast<std::uint16_t>(message.first + i);
    const SendItem& item = item_at(position);
    const net::SocketAddress address = net::to_socket_address(item.destination, item.family);
    const ssize_t sent =
        ::sendto(item.descriptor, item.block->memory, item.size, MSG_DONTWAIT | MSG_NOSIGNAL,
                 item.connected ? nullptr : &address.generic, item.connected ? 0 : address.size);
    finish({position, 1}, sent >= 0 ? 0 : errno);
  }
}

void SendBatch::finish(const Message& message, int error) {
  std::uint64_t bytes = 0;
  for (std::uint16_t i = 0; i < message.count; ++i) bytes += item_at(message.first + i).size;
  switch (error) {
    case 0:
      counters_.add(Counter::kSentPackets, message.count);
      counters_.add(Counter::kSentBytes, bytes);
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
  for (std::size_t i = 0; i < item_count_; ++i) queue_.release(items_[i]);
  queue_.flush_released();
  item_count_ = 0;
  message_count_ = 0;
  next_message_ = 0;
}

}  // namespace ringpeer::worker
