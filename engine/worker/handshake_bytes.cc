#include "ringpeer/engine/worker/handshake_bytes.h"

#include <cstring>

namespace ringpeer::worker {

std::optional<admission::HandshakePacket> handshake_bytes(const backend::Datagram& datagram) {
  const packet::PacketDescriptor& packet = datagram.packet;
  if (packet.size != admission::kHandshakeSize || packet.packet_count() != 1) return std::nullopt;
  admission::HandshakePacket bytes;
  const std::size_t head = bytes.size() - datagram.tail_size;
  if (head > 0) std::memcpy(bytes.data(), packet.payload, head);
  if (datagram.tail_size > 0) {
    std::memcpy(bytes.data() + head, datagram.tail, datagram.tail_size);
  }
  return bytes;
}

}  // namespace ringpeer::worker
