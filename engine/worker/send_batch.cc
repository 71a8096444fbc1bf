#include "ringpeer/worker/send_batch.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

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
  return a.descriptor == b.descriptor && a.destination == b.destination &&
         a.has_source == b.has_source && (!a.has_source || a.latch == b.latch);
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
  if (count > 1 || first.has_source) add_control(position, count);
  messages_[message_count_++] = {static_cast<std::uint16_t>(position),
                                 static_cast<std::uint16_t>(count), false};
}

// To the message being built: the size of a train's segments, the address to leave from.
void SendBatch::add_control(std::size_t position, std::size_t count) {
  const SendItem& first = item_at(position);
  std::uint8_t* space = controls_[message_count_].bytes;
  std::size_t used = 0;
  if (count > 1) {
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

void SendBatch::refuse(const Message& message, int error) {
  if (message.count > 1 && error != ECONNREFUSED && error != ENOBUFS) {
    // No trains here: EINVAL or EIO from old kernels and some devices. For good.
    use_trains_ = false;
    send_singly(message);
    return;
  }
  finish(message, error);
}

void SendBatch::send_singly(const Message& message) {
  for (std::uint16_t i = 0; i < message.count; ++i) {
    const auto position = static_cast<std::uint16_t>(message.first + i);
    mmsghdr single = headers_[&message - messages_.data()];
    single.msg_hdr.msg_iov = &parts_[position];
    single.msg_hdr.msg_iovlen = 1;
    if (single.msg_hdr.msg_control != nullptr) {  // without the segment size
      single.msg_hdr.msg_control =
          controls_[&message - messages_.data()].bytes + kSegmentControlSize;
      single.msg_hdr.msg_controllen -= kSegmentControlSize;
    }
    const ssize_t sent =
        ::sendmsg(item_at(position).descriptor, &single.msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL);
    finish({position, 1, false}, sent >= 0 ? 0 : errno);
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
