#include "ringpeer/engine/send/send_window.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cstring>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103  // linux/udp.h, since Linux 4.18
#endif

namespace ringpeer::worker {

void SendWindow::add_header(const SendMessage& message, const SendItem& first,
                            std::size_t first_part) {
  msghdr& header = headers_[count_].msg_hdr;
  header = {};
  header.msg_iov = &parts_[first_part];
  header.msg_iovlen = message.count;
  if (!first.connected) {
    net::SocketAddress& address = addresses_[count_];
    address = net::to_socket_address(first.destination, first.socket->family());
    header.msg_name = &address.generic;
    header.msg_namelen = address.size;
  }
  if (message.count > 1 || first.has_source) add_control(message, first);
  messages_[count_++] = message;
}

// To the message being added: the size of a train's segments, the address to leave from.
void SendWindow::add_control(const SendMessage& message, const SendItem& first) {
  std::uint8_t* space = controls_[count_].bytes;
  std::size_t used = 0;
  if (message.count > 1) {
    cmsghdr segment{};
    segment.cmsg_level = IPPROTO_UDP;
    segment.cmsg_type = UDP_SEGMENT;
    segment.cmsg_len = CMSG_LEN(sizeof(first.size));
    std::memcpy(space, &segment, sizeof(segment));
    std::memcpy(space + CMSG_LEN(0), &first.size, sizeof(first.size));
    used = kSegmentControlSize;
  }
  if (first.has_source) {
    used += net::write_source_control(space + used, first.source(), first.socket->family());
  }
  headers_[count_].msg_hdr.msg_control = space;
  headers_[count_].msg_hdr.msg_controllen = used;
}

}  // namespace ringpeer::worker
