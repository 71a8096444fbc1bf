#include "ringpeer/engine/worker/socket_queue.h"

namespace ringpeer::worker {

void SocketQueue::deliver(const DatagramRun& run, Delivery& delivery) {
  const packet::PacketRing::Producer ring = ring_.producer();
  ring.rewind_if_empty();
  ring.record_time(delivery.now_us());
  if (patience_ < kPatience && ring_.slots_in_use() == 0) [[unlikely]]
    patience_ = kPatience;
  if (arrival_.any()) [[unlikely]] {
    deliver_with_metadata(run.datagrams, delivery);
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
