#ifndef RINGPEER_ENGINE_NET_ERROR_QUEUE_H_
#define RINGPEER_ENGINE_NET_ERROR_QUEUE_H_

#include <array>
#include <cstdint>
#include <optional>

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::net {

// An ICMP message that came back for a datagram that this machine has sent.
struct ReturnedError {
  Endpoint destination;  // whom the datagram was for
  int error = 0;         // errno: ECONNREFUSED when nobody listens there
  // What it quotes of the payload, as far as it goes and there is room.
  std::array<std::uint8_t, 32> quote{};
  std::uint8_t quote_size = 0;
};

// The oldest message that waits in the error queue of a socket with
// Socket::set_error_queue(), or nothing, and why in errno (EAGAIN: none waits). Never blocks.
//
// Threads: any; each message is read once.
std::optional<ReturnedError> read_returned_error(int descriptor);

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_ERROR_QUEUE_H_
