#include "ringpeer/backend/control_messages.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cstring>

#ifndef UDP_GRO
#define UDP_GRO 104  // linux/udp.h, since Linux 5.0
#endif

namespace ringpeer::backend {

std::uint16_t segment_size_of(const std::uint8_t* control, std::size_t size) {
  // CMSG_NXTHDR wants alignment, which packed buffers do not give: walk by hand.
  std::size_t offset = 0;
  while (size - offset >= sizeof(cmsghdr)) {
    cmsghdr header;
    std::memcpy(&header, control + offset, sizeof(header));
    if (header.cmsg_len < sizeof(header) || header.cmsg_len > size - offset) return 0;
    if (header.cmsg_level == IPPROTO_UDP && header.cmsg_type == UDP_GRO &&
        header.cmsg_len >= CMSG_LEN(sizeof(int))) {
      int segment = 0;
      std::memcpy(&segment, control + offset + CMSG_LEN(0), sizeof(segment));
      return segment > 0 && segment <= UINT16_MAX ? static_cast<std::uint16_t>(segment) : 0;
    }
    const std::size_t step = CMSG_ALIGN(header.cmsg_len);
    if (step > size - offset) return 0;
    offset += step;
  }
  return 0;
}

}  // namespace ringpeer::backend
