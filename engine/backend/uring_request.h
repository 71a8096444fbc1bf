#ifndef RINGPEER_ENGINE_BACKEND_URING_REQUEST_H_
#define RINGPEER_ENGINE_BACKEND_URING_REQUEST_H_

#include <cstdint>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/backend/datagram.h"

// The identity of a request, which each of its completions carries: what it is for, the slot of
// its socket, and which of that slot's sockets.
//
// Threads: any; these are values.
namespace ringpeer::backend {

// What a request is for. The upper half of a receive's identity is its socket's slot alone,
// if its completions hold nothing but header, address and payload: the one look that tells
// ordinary datagrams from everything else.
enum class RequestKind : std::uint8_t {
  kReceive = 0,
  kReceiveWithControl = 1,
  kWake = 2,
  kCancel = 3,
};

constexpr std::uint64_t request_id(RequestKind kind, SocketSlot slot, std::uint32_t generation) {
  return static_cast<std::uint64_t>(kind) << 56 | static_cast<std::uint64_t>(slot) << 32 |
         generation;
}
constexpr RequestKind kind_of(std::uint64_t id) { return static_cast<RequestKind>(id >> 56); }
constexpr SocketSlot slot_of(std::uint64_t id) { return static_cast<SocketSlot>(id >> 32); }
constexpr unsigned place_of(std::uint64_t id) { return static_cast<unsigned>(id >> 32); }
constexpr bool is_plain_receive(std::uint64_t id) { return place_of(id) < kMaxSockets; }

}  // namespace ringpeer::backend

#endif  // RINGPEER_ENGINE_BACKEND_URING_REQUEST_H_
