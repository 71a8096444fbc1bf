#ifndef RINGPEER_ENGINE_NET_STIRRED_H_
#define RINGPEER_ENGINE_NET_STIRRED_H_

#include <cstdint>

namespace ringpeer::net {

// The bits of a hash, each spread over all (MurmurHash3's finalizer, a bijection: it adds no
// collision). A sum of keyed words lays neighbouring addresses in an even row, which some keys fold
// onto few of a table's slots.
//
// Threads: any.
constexpr std::uint32_t stirred(std::uint32_t bits) {
  bits = (bits ^ bits >> 16) * 0x85ebca6bu;
  bits = (bits ^ bits >> 13) * 0xc2b2ae35u;
  return bits ^ bits >> 16;
}

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_STIRRED_H_
