#include "ringpeer/tools/measure/local_address.h"

#include "ringpeer/engine/net/socket.h"

namespace ringpeer::tools {

bool is_of_this_machine(net::Endpoint endpoint) {
  endpoint.port = 0;
  net::Socket socket;
  const bool ipv4 = endpoint.address.is_ipv4();
  return socket.open(ipv4 ? net::SocketFamily::kIpv4 : net::SocketFamily::kIpv6) == 0 &&
         socket.bind(endpoint) == 0;
}

}  // namespace ringpeer::tools
