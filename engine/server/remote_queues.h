#ifndef RINGPEER_ENGINE_SERVER_REMOTE_QUEUES_H_
#define RINGPEER_ENGINE_SERVER_REMOTE_QUEUES_H_

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/engine/packet/packet_descriptor.h"
#include "ringpeer/engine/remotes/remote.h"
#include "ringpeer/engine/stats/counters.h"

namespace ringpeer::internal {

// The nodes of all packet queues of a server's peers, so that an idle peer costs two
// indices and a queue costs nothing until it holds a packet. Grows to what was ever
// waiting at once, never beyond kMaxNodes; no allocation once warm.
//
// Threads: the server's consumer.
class RemoteQueues {
 public:
  // 40 MiB of nodes: more than the payload budget holds of the smallest packets a
  // game sends.
  static constexpr std::size_t kMaxNodes = std::size_t{1} << 20;

  // arrival_us is the descriptor's time, whole. False when no node is left, and why.
  bool push(worker::Remote& remote, const packet::PacketDescriptor& descriptor,
            std::uint64_t arrival_us, Counter* reason) {
    std::uint32_t index = free_;
    if (index != worker::Remote::kNone) {
      free_ = nodes_[index].next;
    } else {
      if (!add_node(reason)) return false;
      index = static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    assert(static_cast<std::uint32_t>(arrival_us) == descriptor.received_at_us);
    assert((remote.queue_head == worker::Remote::kNone) ==
           (remote.queue_tail == worker::Remote::kNone));
    const auto upper = static_cast<std::uint32_t>(arrival_us >> 32);
    nodes_[index] = {descriptor, worker::Remote::kNone, upper};
    if (remote.queue_tail == worker::Remote::kNone) {
      remote.queue_head = index;
    } else {
      nodes_[remote.queue_tail].next = index;
    }
    remote.queue_tail = index;
    remote.queued_packets += descriptor.packet_count();
    return true;
  }

  // The oldest, or null. Valid until the next call.
  packet::PacketDescriptor* front(const worker::Remote& remote) {
    if (remote.queue_head == worker::Remote::kNone) return nullptr;
    return &nodes_[remote.queue_head].descriptor;
  }

  // When the oldest came, which there is.
  std::uint64_t front_arrival_us(const worker::Remote& remote) const {
    assert(remote.queue_head != worker::Remote::kNone);
    const Node& node = nodes_[remote.queue_head];
    return std::uint64_t{node.arrival_us_upper} << 32 | node.descriptor.received_at_us;
  }

  // The caller has lowered queued_packets by what it took.
  void pop(worker::Remote& remote) {
    assert(remote.queue_head != worker::Remote::kNone);
    const std::uint32_t index = remote.queue_head;
    remote.queue_head = nodes_[index].next;
    if (remote.queue_head == worker::Remote::kNone) remote.queue_tail = worker::Remote::kNone;
    nodes_[index].next = free_;
    free_ = index;
  }

 private:
  bool add_node(Counter* reason) {
    *reason = Counter::kDropBudget;
    if (nodes_.size() >= kMaxNodes) return false;
    RINGPEER_TRY {
      nodes_.emplace_back();
      return true;
    }
    RINGPEER_CATCH(const std::bad_alloc&) {
      *reason = Counter::kDropNoMemory;
      return false;
    }
  }

  struct Node {
    packet::PacketDescriptor descriptor;
    std::uint32_t next;
    std::uint32_t arrival_us_upper;
  };
  std::vector<Node> nodes_;
  std::uint32_t free_ = worker::Remote::kNone;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_REMOTE_QUEUES_H_
