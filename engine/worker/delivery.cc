#include "ringpeer/worker/delivery.h"

#include <cstring>

namespace ringpeer::worker {

bool Delivery::copy(const backend::Datagram& datagram, packet::PacketDescriptor* descriptor,
                    std::size_t source_space) {
  packet::PacketBuffer* slab = slabs_.allocate(source_space + descriptor->size);
  if (slab == nullptr) {
    drop(datagram, Counter::kDropBudget, descriptor->packet_count());
    return false;
  }
  std::memcpy(slab->memory, datagram.source, net::kSocketAddressSize);
  std::uint8_t* payload = slab->memory + source_space;
  if (datagram.size > 0) std::memcpy(payload, datagram.payload, datagram.size);
  if (datagram.tail_size > 0) {
    std::memcpy(payload + datagram.size, datagram.tail, datagram.tail_size);
  }
  descriptor->payload = payload;
  descriptor->buffer = slab;
  descriptor->source = slab->memory;
  release_.add(datagram.buffer);
  return true;
}

}  // namespace ringpeer::worker
