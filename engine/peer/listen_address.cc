#include "ringpeer/peer/listen_address.h"

#include <net/if.h>

#include <string>

#include "ringpeer/worker/worker_group.h"

namespace ringpeer {

std::optional<net::Endpoint> parse_host(std::string_view host) {
  net::Endpoint endpoint;
  const std::size_t percent = host.find('%');
  const auto address = net::IpAddress::parse(host.substr(0, percent));
  if (!address.has_value()) return std::nullopt;
  endpoint.address = *address;
  if (percent != std::string_view::npos) {
    if (!address->is_link_local_ipv6()) return std::nullopt;
    endpoint.scope_id = ::if_nametoindex(std::string(host.substr(percent + 1)).c_str());
    if (endpoint.scope_id == 0) return std::nullopt;
  }
  return endpoint;
}

std::optional<ListenAddress> parse_listen_address(std::string_view address, int port) {
  if (port < 0 || port > kLargestPort) return std::nullopt;
  ListenAddress result{{}, net::SocketFamily::kDualStack};
  if (address != "*") {
    const auto host = parse_host(address);
    if (!host.has_value()) return std::nullopt;
    result.endpoint = *host;
    result.family = host->address.is_ipv4() ? net::SocketFamily::kIpv4 : net::SocketFamily::kIpv6;
  }
  result.endpoint.port = static_cast<std::uint16_t>(port);
  return result;
}

bool take_engine(std::shared_ptr<Engine>* engine) {
  if (*engine == nullptr) *engine = Engine::shared();
  return *engine != nullptr && (*engine)->workers_of_engine().is_usable();
}

void prepare_socket(net::Socket& socket, const EngineOptions& options) {
  if (options.socket_receive_buffer > 0) {
    socket.request_receive_buffer(options.socket_receive_buffer);
  }
  if (options.socket_send_buffer > 0) socket.request_send_buffer(options.socket_send_buffer);
  if (options.gro) socket.set_receive_offload(true);
}

}  // namespace ringpeer
