#ifndef RINGPEER_ENGINE_SEND_SEND_WINDOW_H_
#define RINGPEER_ENGINE_SEND_SEND_WINDOW_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/source_control.h"
#include "ringpeer/engine/send/send_item.h"
#include "ringpeer/engine/send/send_socket.h"

namespace ringpeer::worker {

// A packet, or a train of several to one destination that the kernel gets as one.
struct SendMessage {
  std::size_t first;  // position in the order of sending
  std::size_t count;
  std::uint32_t bytes;
  std::uint8_t tries;  // that ended with an error which may be an earlier packet's
};

// The messages of one system call, all of one socket, in the kernel's form.
//
// Threads: the worker's.
class SendWindow {
 public:
  // What a system call costs is thin then, and a tick's first packets have left before its
  // last are prepared.
  static constexpr std::size_t kMaxMessages = 64;
  // Parts of all messages of a call; at least one train's.
  static constexpr std::size_t kMaxParts = 512;

  void clear() { count_ = next_ = part_count_ = 0; }
  bool has_room_for(const SendMessage& message) const {
    return count_ < kMaxMessages && part_count_ + message.count <= kMaxParts;
  }
  // `item(i)` gives the message's items, from 0 on.
  template <typename Item>
  void add(const SendMessage& message, Item item) {
    assert(has_room_for(message));
    const std::size_t first_part = part_count_;
    for (std::size_t i = 0; i < message.count; ++i) {
      // The kernel only reads it; the interface has no const.
      parts_[part_count_++] = {const_cast<std::uint8_t*>(item(i).payload()), item(i).size};
    }
    add_header(message, item(0), first_part);
  }

  // What is not dealt with yet, from the first such message on.
  bool is_empty() const { return next_ == count_; }
  std::span<mmsghdr> headers() { return {&headers_[next_], count_ - next_}; }
  SendMessage& front() {
    assert(!is_empty());
    return messages_[next_];
  }
  void pop() {
    assert(!is_empty());
    ++next_;
  }

 private:
  void add_header(const SendMessage& message, const SendItem& first, std::size_t first_part);
  void add_control(const SendMessage& message, const SendItem& first);

  static constexpr std::size_t kSegmentControlSize = CMSG_SPACE(sizeof(std::uint16_t));
  struct alignas(cmsghdr) Control {
    std::uint8_t bytes[kSegmentControlSize + net::kSourceControlSize];
  };

  std::array<SendMessage, kMaxMessages> messages_;
  std::array<mmsghdr, kMaxMessages> headers_;
  std::array<iovec, kMaxParts> parts_;
  std::array<net::SocketAddress, kMaxMessages> addresses_;
  std::array<Control, kMaxMessages> controls_;
  std::size_t part_count_ = 0;
  std::size_t count_ = 0;
  std::size_t next_ = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_WINDOW_H_
