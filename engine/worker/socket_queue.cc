#include "ringpeer/worker/socket_queue.h"

namespace ringpeer::worker {

bool SocketQueue::admit(const backend::Datagram& datagram,
                        const packet::PacketDescriptor& descriptor, Delivery& delivery) {
  if (!ring_.has_bytes(descriptor.charge())) {
    delivery.drop(datagram, Counter::kDropPeerFull, descriptor.packet_count());
    return false;
  }
  if (!ring_.has_slots()) {
    delivery.drop(datagram, Counter::kDropRingFull, descriptor.packet_count());
    return false;
  }
  return true;
}

void SocketQueue::deliver(std::span<const backend::Datagram> datagrams, Delivery& delivery) {
  if (arrival_.any()) [[unlikely]] {
    deliver_with_notes(datagrams, delivery);
    return;
  }
  for (const backend::Datagram& datagram : datagrams) {
    packet::PacketDescriptor descriptor = Delivery::describe(datagram);
    if (admit(datagram, descriptor, delivery) && delivery.keep(datagram, &descriptor)) {
      ring_.push(descriptor);
    }
  }
}

void SocketQueue::deliver_with_notes(std::span<const backend::Datagram> datagrams,
                                     Delivery& delivery) {
  const ArrivalClock clock(delivery.now_us());
  for (const backend::Datagram& datagram : datagrams) {
    packet::PacketDescriptor descriptor = Delivery::describe(datagram);
    if (!admit(datagram, descriptor, delivery)) continue;
    // Read before the note overwrites them.
    const std::uint32_t arrival_us = clock.arrival_us(datagram);
    if (!delivery.keep(datagram, &descriptor, kNotedSourceSpace)) continue;
    descriptor.received_at_us = arrival_us;
    note_local_address(datagram, descriptor);
    ring_.push(descriptor);
  }
}

void SocketQueue::on_socket_error(int error) {
  socket_error_.set(error);
  signal_.notify_if_waiting();
}

void SocketQueue::on_worker_stopped() {
  stopped_.store(true, std::memory_order_release);
  signal_.interrupt();
}

}  // namespace ringpeer::worker
