#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::net {

std::string Endpoint::host() const {
  const std::string text = address.to_string();
  return scope_id == 0 ? text : text + "%" + std::to_string(scope_id);
}

std::string Endpoint::to_string() const {
  const std::string number = std::to_string(port);
  return address.is_ipv4() ? host() + ":" + number : "[" + host() + "]:" + number;
}

SocketAddress to_socket_address(const Endpoint& endpoint, int family) {
  SocketAddress result;
  if (family == AF_INET) {
    const bool unspecified = endpoint.address == IpAddress();
    if (!endpoint.address.is_ipv4() && !unspecified) return result;
    result.ipv4.sin_family = AF_INET;
    result.ipv4.sin_port = htons(endpoint.port);
    result.ipv4.sin_addr.s_addr = unspecified ? 0 : endpoint.address.ipv4_network_order();
    result.size = sizeof(sockaddr_in);
  } else {
    result.ipv6.sin6_family = AF_INET6;
    result.ipv6.sin6_port = htons(endpoint.port);
    std::memcpy(&result.ipv6.sin6_addr, endpoint.address.bytes().data(),
                endpoint.address.bytes().size());
    result.ipv6.sin6_scope_id = endpoint.scope_id;
    result.size = sizeof(sockaddr_in6);
  }
  return result;
}

}  // namespace ringpeer::net
