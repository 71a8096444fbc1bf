#ifndef RINGPEER_ENGINE_BACKEND_DATAGRAM_H_
#define RINGPEER_ENGINE_BACKEND_DATAGRAM_H_

#include <cstdint>

#include "ringpeer/engine/packet/packet_descriptor.h"

namespace ringpeer::backend {

// A socket's place in its worker's tables.
using SocketSlot = std::uint16_t;

enum class DatagramFault : std::uint8_t {
  kNone,
  kTruncated,    // larger than max_datagram
  kMalformed,    // the kernel's completion contradicts itself
  kSocketError,  // no datagram: `error` is the errno that the socket reported
};

// One datagram, or one train of them, as a backend hands it to its worker together
// with one reference to its buffer. The pointers live as long as that reference, tail
// only until the next receive().
struct Datagram {
  // As a consumer will get it, but for the time. source: kSocketAddressSize bytes of
  // sockaddr at any alignment.
  packet::PacketDescriptor packet;
  SocketSlot slot;
  DatagramFault fault;
  std::uint16_t control_size;
  std::uint16_t tail_size;  // bytes at the payload's end that are not there but in tail

  // Each is set only where something above says that there is such a thing.
  const std::uint8_t* control;  // control messages, any alignment
  const std::uint8_t* tail;
  int error;
};

}  // namespace ringpeer::backend

#endif  // RINGPEER_ENGINE_BACKEND_DATAGRAM_H_
