#include "ringpeer/engine/worker/socket_queue.h"

#include <cerrno>

#include "ringpeer/codec/base/branch.h"
#include "ringpeer/engine/worker/handshake_bytes.h"

namespace ringpeer::worker {

void SocketQueue::deliver(const DatagramRun& run, Delivery& delivery) {
  const packet::PacketRing::Producer ring = ring_.producer();
  ring.rewind_if_empty();
  ring.record_time(delivery.now_us());
  if (patience_ < kPatience && ring_.slots_in_use() == 0) [[unlikely]]
    patience_ = kPatience;
  if (!is_plain_) [[unlikely]] {
    deliver_marked(run.datagrams, delivery);
    return;
  }
  // As long as there is plenty of everything, no packet needs a look of its own.
  if (!delivery.lends() || run.has_tails || !ring.has_slots(run.datagrams.size()) ||
      !ring.has_bytes_for_run(run.charge())) [[unlikely]] {
    deliver_each(run.datagrams, delivery);
    return;
  }
  auto datagram = run.datagrams.begin();
  while (datagram != run.datagrams.end()) {
    const auto slots = ring.next_slots(static_cast<std::size_t>(run.datagrams.end() - datagram));
    for (packet::PacketDescriptor& slot : slots) delivery.lend(*datagram++, &slot);
    ring.stage_written(slots.size());
  }
  ring.count_staged(run.packets, run.charge());
}

// Between the packets of a handshake all others go their usual way.
void SocketQueue::deliver_marked(std::span<const backend::Datagram> datagrams, Delivery& delivery) {
  const auto deliver_some = [&](std::span<const backend::Datagram> some) {
    if (some.empty()) return;
    if (arrival_.any()) {
      deliver_with_metadata(some, delivery);
    } else {
      deliver_each(some, delivery);
    }
  };
  std::size_t first = 0;
  for (std::size_t i = 0; handshake_.has_value() && i < datagrams.size(); ++i) {
    if (!take_handshake(datagrams[i], delivery)) continue;
    deliver_some(datagrams.subspan(first, i - first));
    first = i + 1;
  }
  deliver_some(datagrams.subspan(first));
}

bool SocketQueue::take_handshake(const backend::Datagram& datagram, Delivery& delivery) {
  const auto bytes = handshake_bytes(datagram);
  if (!bytes || !admission::may_be_handshake(*bytes)) {
    handshake_->heard(delivery.now_us());
    return false;
  }
  bool is_handshake = false;
  const auto answer = handshake_->receive(*bytes, delivery.now_us(), &is_handshake);
  if (!is_handshake) return false;
  RINGPEER_BRANCH("socket queue: a packet of the handshake");
  delivery.drop(datagram, Counter::kDropHandshake);
  if (answer) send_handshake(*answer, delivery.now_us());
  return true;
}

// The kernel may answer with an earlier packet's error, which would be lost. A full buffer loses
// this packet, as an interruption does: the next one is not far.
void SocketQueue::send_handshake(const admission::HandshakePacket& packet, std::uint64_t now_us) {
  const int error = socket_->send(packet);
  const bool is_of_packet = error == EAGAIN || error == ENOBUFS || error == EINTR;
  if (error != 0 && !is_of_packet) on_socket_error(error, now_us);
}

void SocketQueue::on_deadline(std::uint64_t now_us) {
  if (const auto hello = handshake_->due(now_us)) {
    RINGPEER_BRANCH("socket queue: hello");
    send_handshake(*hello, now_us);
  }
}

bool SocketQueue::admit(const backend::Datagram& datagram, Delivery& delivery) {
  if (!ring_.producer().has_bytes(datagram.packet.charge())) {
    refuse(datagram, Counter::kDropPeerFull, delivery);
    return false;
  }
  if (!ring_.producer().has_slots()) {
    refuse(datagram, Counter::kDropRingFull, delivery);
    return false;
  }
  return true;
}

void SocketQueue::refuse(const backend::Datagram& datagram, Counter reason, Delivery& delivery) {
  delivery.drop(datagram, reason);
  if (--patience_ > 0) return;
  patience_ = 1;
  delivery.mark_overrun();
}

// Not before most of it has been taken: a socket that is read again brings many at once, and
// what then does not fit was read in vain.
bool SocketQueue::has_recovered() { return ring_.is_nearly_empty(); }

void SocketQueue::deliver_each(std::span<const backend::Datagram> datagrams, Delivery& delivery) {
  packet::PacketDescriptor descriptor;
  for (const backend::Datagram& datagram : datagrams) {
    if (admit(datagram, delivery) && delivery.keep(datagram, &descriptor))
      ring_.producer().push(descriptor);
  }
}

void SocketQueue::deliver_with_metadata(std::span<const backend::Datagram> datagrams,
                                        Delivery& delivery) {
  arrival_clock_.set(delivery.now_us());
  packet::PacketDescriptor descriptor;
  for (const backend::Datagram& datagram : datagrams) {
    if (!admit(datagram, delivery)) continue;
    // Read before the note overwrites them.
    const std::uint32_t arrival_us = arrival_clock_.arrival_us(datagram);
    if (!delivery.keep(datagram, &descriptor, kRecordedSourceSpace)) continue;
    descriptor.received_at_us = arrival_us;
    record_local_address(datagram, descriptor);
    ring_.producer().push(descriptor);
  }
}

void SocketQueue::on_socket_error(int error, std::uint64_t /*now_us*/) {
  socket_error_.set(error);
  signal_.notify_if_waiting();
}

void SocketQueue::on_worker_stopped() {
  life_.end();
  signal_.interrupt();
}

}  // namespace ringpeer::worker
