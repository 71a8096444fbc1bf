#include "ringpeer/engine/worker/delivery.h"

#include <cassert>
#include <cstring>

#include "ringpeer/codec/base/branch.h"

namespace ringpeer::worker {

bool Delivery::copy(const backend::Datagram& datagram, packet::PacketDescriptor* descriptor,
                    std::size_t source_space, packet::SlabPool::Use use) {
  assert(source_space >= net::kSocketAddressSize && datagram.tail_size <= descriptor->size);
  packet::PacketBuffer* slab = slabs_.allocate(source_space + descriptor->size, use);
  if (slab == nullptr) {
    if (slabs_.lacks_memory()) {
      RINGPEER_BRANCH("delivery: no memory for a copy");
      drop(datagram, Counter::kDropNoMemory);
    } else {
      RINGPEER_BRANCH("delivery: the budget is used up");
      drop(datagram, Counter::kDropBudget);
    }
    return false;
  }
  const packet::PacketDescriptor& original = datagram.packet;
  std::memcpy(slab->memory, original.source, net::kSocketAddressSize);
  std::uint8_t* payload = slab->memory + source_space;
  const std::size_t head_size = original.size - std::size_t{datagram.tail_size};
  if (head_size > 0) std::memcpy(payload, original.payload, head_size);
  if (datagram.tail_size > 0) {
    RINGPEER_BRANCH("delivery: a copy of two parts");
    std::memcpy(payload + head_size, datagram.tail, datagram.tail_size);
  }
  descriptor->payload = payload;
  descriptor->buffer = slab;
  descriptor->source = slab->memory;
  const std::uint32_t packets = original.packet_count();
  if (packets > 1) RINGPEER_BRANCH("delivery: a copy of a train");
  if (use == packet::SlabPool::Use::kStranger) RINGPEER_BRANCH("delivery: a copy for a stranger");
  slab->references.store(packets, std::memory_order_relaxed);
  release_.add(original.buffer, packets);
  return true;
}

}  // namespace ringpeer::worker
