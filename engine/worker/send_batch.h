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
// Threads: the worker's.
class SendBatch {
 public:
  SendBatch(SendQueue& queue, Counters& counters, bool use_trains)
      : queue_(queue), counters_(counters), use_trains_(use_trains) {}

  // Sends until the queue is empty or the kernel's buffer is full. Bounded.
  void drain();
  // Sends everything, dropping (and counting) what the kernel keeps refusing.
  void drain_completely();
  // The kernel's buffer was full: drain() again soon.
  bool has_backlog() const { return next_message_ < message_count_; }

 private:
  // Items taken at a time: a tick of a thousand players in two batches, and the
  // arrays stay in the second-level cache.
  static constexpr std::size_t kMaxItems = 512;
  // UDP_MAX_SEGMENTS of kernels before 6.9, which every later one takes too.
  static constexpr std::size_t kMaxSegments = 64;
  // What fits an Ethernet frame; larger segments could be refused on the way.
  static constexpr std::size_t kMaxSegmentSize = 1452;
  static constexpr std::size_t kTableSize = 2 * kMaxItems;

  struct Message {
    std::uint16_t first;  // position in order_
    std::uint16_t count;
    bool retried;  // after an error
  };

  bool load();
  void group();
  void build_messages();
  void build_message(std::size_t position, std::size_t count);
  void add_control(std::size_t position, std::size_t count);
  std::size_t train_length(std::size_t position) const;
  void send_messages();
  bool may_be_of_another(Message* message) const;
  // Deals with a message that the kernel refused.
  void refuse(const Message& message, int error);
  void send_singly(const Message& message);
  void finish(const Message& message, int error);
  void release_batch();

  const SendItem& item_at(std::size_t position) const { return items_[order_[position]]; }

  SendQueue& queue_;
  Counters& counters_;
  bool use_trains_;  // false for good once a kernel or device has refused one
  EndpointHash hash_;

  std::array<SendItem, kMaxItems> items_;
  std::size_t item_count_ = 0;

  // Items by destination: each group is a list through next_, found through table_.
  static constexpr std::uint16_t kNone = UINT16_MAX;
  std::array<std::uint16_t, kTableSize> table_;
  std::array<std::uint16_t, kMaxItems> next_;
  std::array<std::uint16_t, kMaxItems> group_tail_;
  std::array<std::uint16_t, kMaxItems> order_;

  std::array<Message, kMaxItems> messages_;
  std::array<mmsghdr, kMaxItems> headers_;
  std::array<iovec, kMaxItems> parts_;
  std::array<net::SocketAddress, kMaxItems> addresses_;
  static constexpr std::size_t kSegmentControlSize = CMSG_SPACE(sizeof(std::uint16_t));
  struct alignas(cmsghdr) Control {
    std::uint8_t bytes[kSegmentControlSize + net::kSourceControlSize];
  };
  std::array<Control, kMaxItems> controls_;
  std::size_t message_count_ = 0;
  std::size_t next_message_ = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_WORKER_SEND_BATCH_H_
