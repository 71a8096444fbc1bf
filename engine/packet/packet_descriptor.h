#ifndef RINGPEER_ENGINE_PACKET_PACKET_DESCRIPTOR_H_
#define RINGPEER_ENGINE_PACKET_PACKET_DESCRIPTOR_H_

#include <cassert>
#include <cstdint>
#include <span>

#include "ringpeer/engine/packet/packet_buffer.h"

namespace ringpeer::packet {

// What Godot's receive ring charges for a packet besides its bytes: 16 of address,
// 4 of port, 4 of size. Kept as the unit of every receive buffer limit here.
inline constexpr std::uint32_t kRecordOverhead = 24;

// A queue of Godot's usual size has room for the largest datagram of IPv4, but not for IPv6's,
// which is 20 bytes larger. One of at least this size takes any datagram while it is empty.
inline constexpr std::uint64_t kTakesAnyDatagram = 65535;

constexpr bool fits_queue(std::uint64_t bytes_in_use, std::uint64_t charge, std::uint64_t limit) {
  return bytes_in_use + charge <= limit || (bytes_in_use == 0 && limit >= kTakesAnyDatagram);
}

// A received packet, or a train of equal ones (UDP_GRO), on its way to a consumer.
// Small and copied freely; whoever holds it holds packet_count() references to buffer, one
// of which goes with each packet that is taken off.
//
// Threads: one at a time. The payload is valid as long as those references are held.
struct PacketDescriptor {
  const std::uint8_t* payload;
  PacketBuffer* buffer;          // null: nothing to give back
  const void* source;            // what it means is up to the ring's two ends
  std::uint32_t received_at_us;  // engine clock, microseconds; made whole when it is taken
  std::uint16_t size;            // of the payload; UDP's length field has 16 bits too
  std::uint16_t segment_size;    // of a train's packets (the last may be shorter); 0: one packet

  std::uint32_t packet_count() const {
    return segment_size == 0 ? 1u : (size + segment_size - 1u) / segment_size;
  }
  // Bytes charged against a receive buffer.
  std::uint32_t charge() const { return size + packet_count() * kRecordOverhead; }

  std::uint16_t first_size() const {
    return segment_size != 0 && segment_size < size ? segment_size : size;
  }

  // Takes the first packet off; size is 0 once nothing is left.
  std::span<const std::uint8_t> take_packet() {
    const std::uint16_t length = first_size();
    assert(payload != nullptr && length <= size);  // an event is no packet
    const std::span<const std::uint8_t> packet(payload, length);
    payload += length;
    size = static_cast<std::uint16_t>(size - length);
    return packet;
  }
};
static_assert(sizeof(PacketDescriptor) == 32, "two to a cache line");

}  // namespace ringpeer::packet

#endif  // RINGPEER_ENGINE_PACKET_PACKET_DESCRIPTOR_H_
