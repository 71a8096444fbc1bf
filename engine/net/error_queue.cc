#include "ringpeer/engine/net/error_queue.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "ringpeer/engine/net/kernel_calls.h"

namespace ringpeer::net {
namespace {

// The extended error and the address of the machine that complains.
constexpr std::size_t kErrorControlSize =
    CMSG_SPACE(sizeof(sock_extended_err) + sizeof(sockaddr_in6));
// Other control messages that the socket may have been asked for come along.
constexpr std::size_t kControlSize = kErrorControlSize + 128;

bool is_extended_error(const cmsghdr& header) {
  return (header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_RECVERR) ||
         (header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_RECVERR);
}

}  // namespace

std::optional<ReturnedError> read_returned_error(int descriptor) {
  SocketAddress destination;
  ReturnedError returned;
  iovec part{returned.quote.data(), returned.quote.size()};
  alignas(cmsghdr) std::uint8_t control[kControlSize];
  msghdr message{};
  message.msg_name = &destination.generic;
  message.msg_namelen = kSocketAddressSize;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const std::ptrdiff_t size = kernel::receive_error(descriptor, &message);
  if (size < 0) {
    errno = static_cast<int>(-size);
    return std::nullopt;
  }
  returned.quote_size =
      static_cast<std::uint8_t>(std::min(static_cast<std::size_t>(size), returned.quote.size()));
  if (message.msg_namelen > 0)
    returned.destination = endpoint_from_socket_address(&destination.generic);
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (!is_extended_error(*header)) continue;
    sock_extended_err extended;
    std::memcpy(&extended, CMSG_DATA(header), sizeof(extended));
    returned.error = static_cast<int>(extended.ee_errno);
  }
  return returned;
}

}  // namespace ringpeer::net
