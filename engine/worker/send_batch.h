#ifndef RINGPEER_WORKER_SEND_BATCH_H_
#define RINGPEER_WORKER_SEND_BATCH_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/net/endpoint.h"
#include "ringpeer/net/source_control.h"
#include "ringpeer/stats/counters.h"
#include "ringpeer/worker/endpoint_hash.h"
#include "ringpeer/worker/send_queue.h"

namespace ringpeer::worker {

// Hands what waits in a SendQueue to the kernel: one sendmmsg for many packets, and
// runs of equal packets to one destination as one train (UDP_SEGMENT), which costs a
// quarter. Packets to one destination keep their order; destinations are served in
// the order of their first packet.
//
// What is taken from the queue at a time is first grouped by destination, then sent a
// window of messages after the other, so that the arrays of a system call stay in the
// first-level cache.
//
// Threads: the worker's.
class SendBatch {
 public:
  SendBatch(SendQueue& queue, Counters& counters, bool use_trains)
      : queue_(queue), counters_(counters), use_trains_(use_trains) {}

  // Sends until the queue is empty or the kernel's buffer is full. Bounded: true when there
  // may be more in the queue.
  bool drain();
  // Sends everything, dropping (and counting) what the kernel keeps refusing.
  void drain_completely();
  // The kernel's buffer was full: drain() again soon.
  bool has_backlog() const { return next_message_ < message_count_ || position_ < item_count_; }

 private:
  // Items taken at a time: what a tick sends to a thousand players, or eight packets to
  // each of 250, whatever their order, finds its trains. A millisecond or two of sending.
  static constexpr std::size_t kMaxItems = 2048;
  // Messages of one system call: what it costs is thin then, and a tick's first packets
  // have left before its last are prepared.
  static constexpr std::size_t kMaxMessages = 64;
  // UDP_MAX_SEGMENTS of kernels before 6.9, which every later one takes too.
  static constexpr std::size_t kMaxSegments = 64;
  // Parts of all messages of a call; at least one train's.
  static constexpr std::size_t kMaxParts = 512;
  // What fits an Ethernet frame; larger segments could be refused on the way.
  static constexpr std::size_t kMaxSegmentSize = 1452;
  static constexpr std::size_t kTableSize = 2 * kMaxItems;
  // Items asked for ahead of the one that is looked at: another core has written them.
  static constexpr std::size_t kPrefetchAhead = 8;

  struct Message {
    std::uint16_t first;  // position in order_
    std::uint16_t count;
    std::uint32_t bytes;
    bool retried;  // after an error
  };

  bool load();
  void keep_order();
  void group();
  void link(std::uint16_t index, std::uint16_t group);
  void flatten();
  void build_window();
  // The train that begins at position_.
  Message next_train() const;
  void build_message(const Message& message);
  void add_control(const Message& message);
  void send_window();
  bool may_be_of_another(Message* message) const;
  // Deals with a message that the kernel refused.
  void refuse(const Message& message, int error);
  // True when the kernel took one of them.
  bool send_singly(const Message& message);
  void finish(const Message& message, int error);
  void release_batch();

  const SendItem& item_at(std::size_t position) const { return *items_[order_[position]]; }

  SendQueue& queue_;
  Counters& counters_;
  bool use_trains_;  // false for good once a kernel or device has refused one
  EndpointHash hash_;

  // What was taken from the queue, in its order.
  std::array<SendItem*, kMaxItems> items_;
  std::size_t item_count_ = 0;

  // Items by destination: each group is a list through next_, found through table_.
  static constexpr std::uint16_t kNone = UINT16_MAX;
  struct Group {
    std::uint16_t head;
    std::uint16_t tail;
  };
  std::array<std::uint16_t, kTableSize> table_;  // groups
  std::array<Group, kMaxItems> groups_;
  std::size_t group_count_ = 0;
  std::array<std::uint16_t, kMaxItems> next_;
  // The order of sending, and where the group of each position ends.
  std::array<std::uint16_t, kMaxItems> order_;
  std::array<std::uint16_t, kMaxItems> group_end_;
  std::size_t position_ = 0;  // the first that is in no window yet

  // The window.
  std::array<Message, kMaxMessages> messages_;
  std::array<mmsghdr, kMaxMessages> headers_;
  std::array<iovec, kMaxParts> parts_;
  std::size_t part_count_ = 0;
  std::array<net::SocketAddress, kMaxMessages> addresses_;
  static constexpr std::size_t kSegmentControlSize = CMSG_SPACE(sizeof(std::uint16_t));
  struct alignas(cmsghdr) Control {
    std::uint8_t bytes[kSegmentControlSize + net::kSourceControlSize];
  };
  std::array<Control, kMaxMessages> controls_;
  std::size_t message_count_ = 0;
  std::size_t next_message_ = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_WORKER_SEND_BATCH_H_
