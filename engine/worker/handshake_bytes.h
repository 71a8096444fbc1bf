#ifndef RINGPEER_ENGINE_WORKER_HANDSHAKE_BYTES_H_
#define RINGPEER_ENGINE_WORKER_HANDSHAKE_BYTES_H_

#include <optional>

#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/engine/backend/datagram.h"

namespace ringpeer::worker {

// The bytes of a datagram that may be one of a handshake, wherever they lie; nothing of one that
// has another size.
std::optional<admission::HandshakePacket> handshake_bytes(const backend::Datagram& datagram);

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_HANDSHAKE_BYTES_H_
