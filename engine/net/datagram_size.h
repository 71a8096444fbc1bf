#ifndef RINGPEER_ENGINE_NET_DATAGRAM_SIZE_H_
#define RINGPEER_ENGINE_NET_DATAGRAM_SIZE_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>

#include "ringpeer/codec/base/wire_format.h"

namespace ringpeer::net {

// The most payload that one UDP datagram carries. 16 bits of length count IPv4's header (20
// bytes) and UDP's (8), but not IPv6's. Constants.
inline constexpr std::size_t kLargestIpv4Datagram = kMaximumDatagramSize;
inline constexpr std::size_t kLargestDatagram = 65535 - 8;

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_DATAGRAM_SIZE_H_
