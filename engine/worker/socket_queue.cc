#include "ringpeer/worker/socket_queue.h"

namespace ringpeer::worker {

void SocketQueue::deliver(std::span<const backend::Datagram> datagrams, Delivery& delivery) {
  for (const backend::Datagram& datagram : datagrams) {
    packet::PacketDescriptor descriptor = Delivery::describe(datagram);
    if (!ring_.has_bytes(descriptor.charge())) {
      delivery.drop(datagram, Counter::kDropPeerFull, descriptor.packet_count());
    } else if (!ring_.has_slots()) {
      delivery.drop(datagram, Counter::kDropRingFull, descriptor.packet_count());
    } else if (delivery.keep(datagram, &descriptor)) {
      ring_.push(descriptor);
    }
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
