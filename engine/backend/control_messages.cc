#include "ringpeer/engine/backend/control_messages.h"

#include <netinet/udp.h>

#include <cstring>

#ifndef UDP_GRO
#define UDP_GRO 104  // linux/udp.h, since Linux 5.0
#endif

namespace ringpeer::backend {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

// Copies the message of this level and type to *value. False when there is none.
template <typename Value>
bool find_message(const std::uint8_t* control, std::size_t size, int level, int type,
                  Value* value) {
  // CMSG_NXTHDR wants alignment, which packed buffers do not give: walk by hand.
  std::size_t offset = 0;
  while (size - offset >= sizeof(cmsghdr)) {
    cmsghdr header;
    std::memcpy(&header, control + offset, sizeof(header));
    if (header.cmsg_len < sizeof(header) || header.cmsg_len > size - offset) return false;
    if (header.cmsg_level == level && header.cmsg_type == type &&
        header.cmsg_len >= CMSG_LEN(sizeof(*value))) {
      std::memcpy(value, control + offset + CMSG_LEN(0), sizeof(*value));
      return true;
    }
    const std::size_t step = CMSG_ALIGN(header.cmsg_len);
    if (step > size - offset) return false;
    offset += step;
  }
  return false;
}

}  // namespace

std::uint16_t segment_size_of(const std::uint8_t* control, std::size_t size) {
  int segment = 0;
  if (!find_message(control, size, IPPROTO_UDP, UDP_GRO, &segment)) return 0;
  return segment > 0 && segment <= UINT16_MAX ? static_cast<std::uint16_t>(segment) : 0;
}

std::int64_t timestamp_of(const std::uint8_t* control, std::size_t size) {
  timespec time{};
  if (!find_message(control, size, SOL_SOCKET, SCM_TIMESTAMPNS, &time)) return 0;
  // What nanoseconds of 64 bits cannot count is no time: beyond the year 2262, or before 1970.
  if (time.tv_sec < 0 || time.tv_sec >= INT64_MAX / kNsPerSecond) return 0;
  if (time.tv_nsec < 0 || time.tv_nsec >= kNsPerSecond) return 0;
  return time.tv_sec * kNsPerSecond + time.tv_nsec;
}

net::LocalAddress local_address_of(const std::uint8_t* control, std::size_t size) {
  if (in_pktinfo ipv4{}; find_message(control, size, IPPROTO_IP, IP_PKTINFO, &ipv4)) {
    // The header's destination may be a broadcast or a group; this is an address to answer from.
    const bool is_known = ipv4.ipi_spec_dst.s_addr != INADDR_ANY;
    return {is_known ? net::IpAddress::from_ipv4(ipv4.ipi_spec_dst.s_addr) : net::IpAddress(),
            static_cast<std::uint32_t>(ipv4.ipi_ifindex)};
  }
  if (in6_pktinfo ipv6{}; find_message(control, size, IPPROTO_IPV6, IPV6_PKTINFO, &ipv6)) {
    net::IpAddress::Bytes bytes;
    std::memcpy(bytes.data(), &ipv6.ipi6_addr, bytes.size());
    // Nothing leaves from a group: the route decides.
    const net::IpAddress address(bytes);
    return {address.is_multicast() ? net::IpAddress() : address, ipv6.ipi6_ifindex};
  }
  return {};
}

}  // namespace ringpeer::backend
