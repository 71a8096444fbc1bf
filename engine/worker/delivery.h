#ifndef RINGPEER_ENGINE_WORKER_DELIVERY_H_
#define RINGPEER_ENGINE_WORKER_DELIVERY_H_

#include <cstdint>
#include <utility>

#include "ringpeer/engine/backend/datagram.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/packet/packet_descriptor.h"
#include "ringpeer/engine/packet/packet_release.h"
#include "ringpeer/engine/packet/slab_pool.h"
#include "ringpeer/engine/stats/counters.h"

namespace ringpeer::worker {

// What a sink needs to turn a batch of datagrams into descriptors: the time, the
// counters, and the decision whether a payload stays in the kernel's buffer or is
// copied. Lives for one batch on the worker's stack. What fails is a drop, which is counted.
//
// Threads: the worker's.
class Delivery {
 public:
  Delivery(Counters& counters, packet::SlabPool& slabs, std::uint64_t now_us, bool lend)
      : counters_(counters), slabs_(slabs), now_us_(now_us), lend_(lend) {}

  std::uint64_t now_us() const { return now_us_; }
  Counters& counters() { return counters_; }

  // Of the memory for copies, in bytes.
  std::size_t budget() const { return slabs_.budget(); }
  bool has_half_of_budget_in_use() const { return slabs_.is_half_in_use(); }

  // Whether payloads stay where they are, but for those in two parts.
  bool lends() const { return lend_; }
  // Writes the descriptor of a datagram that stays where it is.
  void lend(const backend::Datagram& datagram, packet::PacketDescriptor* descriptor) const {
    *descriptor = datagram.packet;
    descriptor->received_at_us = static_cast<std::uint32_t>(now_us_);
  }

  // The descriptor of a datagram that stays, or of its copy. False when there is no
  // memory for the copy: the datagram is dropped and counted. A copy leaves source_space
  // bytes to the sender's address, at least kSocketAddressSize.
  bool keep(const backend::Datagram& datagram, packet::PacketDescriptor* descriptor,
            std::size_t source_space = net::kSocketAddressSize,
            packet::SlabPool::Use use = packet::SlabPool::Use::kAny) {
    lend(datagram, descriptor);
    if (lend_ && datagram.tail_size == 0) [[likely]]
      return true;
    return copy(datagram, descriptor, source_space, use);
  }

  void drop(const backend::Datagram& datagram, Counter reason) {
    drop(datagram, reason, datagram.packet.packet_count());
  }
  // One whose sizes mean nothing: it counts as one packet.
  void drop_faulty(const backend::Datagram& datagram, Counter reason) { drop(datagram, reason, 1); }

  // The current sink has been refusing packets for a while: they had better stay in the
  // socket, which the worker reads again when the sink has recovered.
  void mark_overrun() { overrun_ = true; }
  bool take_overrun() { return std::exchange(overrun_, false); }

 private:
  void drop(const backend::Datagram& datagram, Counter reason, std::uint32_t packets) {
    counters_.add(reason, packets);
    release_.add(datagram.packet.buffer, packets);
  }
  bool copy(const backend::Datagram& datagram, packet::PacketDescriptor* descriptor,
            std::size_t source_space, packet::SlabPool::Use use);

  Counters& counters_;
  packet::SlabPool& slabs_;
  const std::uint64_t now_us_;
  const bool lend_;
  bool overrun_ = false;
  packet::PacketRelease release_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_DELIVERY_H_
