// Any text may be asked to be an address: what is one is written as a text that is the same one.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/ip_address.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringpeer;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const int port = size == 0 ? 0 : (data[0] << 10) - 300;  // some are none
  const auto address = net::IpAddress::parse(text);
  const auto host = parse_host(text);
  if (address.has_value()) {
    FUZZ_CHECK(net::IpAddress::parse(address->to_string()) == *address);
    FUZZ_CHECK(host.has_value() && host->address == *address && host->scope_id == 0);
  }
  if (host.has_value()) {
    FUZZ_CHECK(parse_host(host->host()) == *host);
    FUZZ_CHECK(host->scope_id == 0 || host->address.is_link_local_ipv6());
    for (const int family : {AF_INET, AF_INET6}) {
      net::Endpoint endpoint = *host;
      endpoint.port = 4000;
      const net::SocketAddress socket_address = net::to_socket_address(endpoint, family);
      FUZZ_CHECK(socket_address.size > 0 || (family == AF_INET && !endpoint.address.is_ipv4()));
      if (socket_address.size == 0 || endpoint.address == net::IpAddress()) continue;
      FUZZ_CHECK(net::endpoint_from_socket_address(&socket_address.generic) == endpoint);
    }
  }
  const bool is_port = port >= 0 && port <= kMaxPort;
  const auto listen = parse_listen_address(text, port);
  FUZZ_CHECK(listen.has_value() == (is_port && (text == "*" || host.has_value())));
  const auto remote = parse_remote(text, port);
  FUZZ_CHECK(remote.has_value() == (is_port && port > 0 && host.has_value()));
  if (remote.has_value()) FUZZ_CHECK(remote->port == port && remote->address == host->address);
  return 0;
}
