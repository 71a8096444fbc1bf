#ifndef RINGPEER_BACKEND_DATAGRAM_H_
#define RINGPEER_BACKEND_DATAGRAM_H_

#include <cstdint>

#include "ringpeer/packet/packet_buffer.h"

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
// with one reference to buffer. The pointers live as long as that reference, tail
// only until the next receive().
struct Datagram {
  const std::uint8_t* payload = nullptr;
  const void* source = nullptr;  // kSocketAddressSize bytes of sockaddr, any alignment
  packet::PacketBuffer* buffer = nullptr;
  const std::uint8_t* tail = nullptr;     // the rest of a datagram that came in two parts
  const std::uint8_t* control = nullptr;  // control messages, any alignment
  std::uint32_t size = 0;                 // of the payload without the tail
  std::uint32_t tail_size = 0;
  std::uint16_t control_size = 0;
  std::uint16_t segment_size = 0;  // 0: a single datagram
  SocketSlot slot = 0;
  DatagramFault fault = DatagramFault::kNone;
  int error = 0;
};

}  // namespace ringpeer::backend

#endif  // RINGPEER_BACKEND_DATAGRAM_H_
