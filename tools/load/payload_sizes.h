#ifndef RINGPEER_TOOLS_LOAD_PAYLOAD_SIZES_H_
#define RINGPEER_TOOLS_LOAD_PAYLOAD_SIZES_H_

#include <cstddef>

#include "ringpeer/engine/net/datagram_size.h"

namespace ringpeer::tools {

// Threads: any; constants.

// What a packet of `ringpeer load` may take, in bytes.

// The head of a raw packet: without it a reply cannot be told from another.
inline constexpr std::size_t kSmallestRawPacket = 24;
// The most that IPv4 carries.
inline constexpr std::size_t kMaxRawPacket = net::kLargestIpv4Datagram;

// An input of the arena grows by this much at most while a client runs: a sequence number
// beyond 32 bits, and the "leave" of the last packet.
inline constexpr std::size_t kVarPacketGrowth = 4 + 24;
// Godot's encoding consists of words of 4 bytes.
inline constexpr std::size_t kMaxVarPacket = kMaxRawPacket / 4 * 4 - kVarPacketGrowth;

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_PAYLOAD_SIZES_H_
