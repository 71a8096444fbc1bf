#ifndef RINGPEER_ENGINE_NET_LOCAL_ADDRESS_H_
#define RINGPEER_ENGINE_NET_LOCAL_ADDRESS_H_

#include "ringpeer/codec/base/language.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "ringpeer/engine/net/ip_address.h"

namespace ringpeer::net {

// One of this machine's addresses: what a datagram was sent to, and what its answer
// leaves from. A value type, all zeros while nothing is known.
struct LocalAddress {
  IpAddress address;                  // :: when not known
  std::uint32_t interface_index = 0;  // that the datagram came in on; 0: any

  // As words: the compiler makes a call of a memcmp of this size.
  bool is_known() const {
    std::array<std::uint64_t, 2> words;
    std::memcpy(words.data(), &address, sizeof(words));
    return (words[0] | words[1]) != 0;
  }
  friend bool operator==(const LocalAddress&, const LocalAddress&) = default;
};
static_assert(sizeof(LocalAddress) == 20);

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_LOCAL_ADDRESS_H_
