#ifndef RINGPEER_ENGINE_NET_SOURCE_CONTROL_H_
#define RINGPEER_ENGINE_NET_SOURCE_CONTROL_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ringpeer/engine/net/local_address.h"

namespace ringpeer::net {

// Room for the control message of either family that names a source address.
inline constexpr std::size_t kSourceControlSize = CMSG_SPACE(sizeof(in6_pktinfo));

// Writes the control message that makes a datagram leave from `source` through a
// socket of `family`, at `space` (kSourceControlSize bytes, aligned for cmsghdr).
// Returns the bytes used. Cannot fail, and keeps neither.
//
// The interface is named only where the address means nothing without it: elsewhere
// the route decides, which may have changed since the address was learned.
inline std::size_t write_source_control(std::uint8_t* space, const LocalAddress& source,
                                        int family) {
  cmsghdr header{};
  if (family == AF_INET) {
    in_pktinfo information{};
    information.ipi_spec_dst.s_addr = source.address.ipv4_network_order();
    header.cmsg_level = IPPROTO_IP;
    header.cmsg_type = IP_PKTINFO;
    header.cmsg_len = CMSG_LEN(sizeof(information));
    std::memcpy(space + CMSG_LEN(0), &information, sizeof(information));
    std::memcpy(space, &header, sizeof(header));
    return CMSG_SPACE(sizeof(information));
  }
  in6_pktinfo information{};
  std::memcpy(&information.ipi6_addr, source.address.bytes().data(), source.address.bytes().size());
  if (source.address.is_link_local_ipv6()) information.ipi6_ifindex = source.interface_index;
  header.cmsg_level = IPPROTO_IPV6;
  header.cmsg_type = IPV6_PKTINFO;
  header.cmsg_len = CMSG_LEN(sizeof(information));
  std::memcpy(space + CMSG_LEN(0), &information, sizeof(information));
  std::memcpy(space, &header, sizeof(header));
  return CMSG_SPACE(sizeof(information));
}

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_SOURCE_CONTROL_H_
