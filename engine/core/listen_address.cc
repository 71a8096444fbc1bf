#include "ringpeer/engine/core/listen_address.h"

#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "ringpeer/engine/core/live_engines.h"
#include "ringpeer/engine/worker/worker_group.h"

namespace ringpeer {
namespace {

// DSCP has six bits (RFC 2474).
constexpr int kMaxCodePoint = 63;

// An interface by name or by number, as in RFC 4007. 0 when there is no such interface.
std::uint32_t parse_scope(std::string_view scope) {
  std::array<char, IF_NAMESIZE> name{};
  if (scope.size() < name.size()) {
    std::copy(scope.begin(), scope.end(), name.begin());
    const std::uint32_t by_name = ::if_nametoindex(name.data());
    if (by_name != 0) return by_name;
  }
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(scope.data(), scope.data() + scope.size(), index);
  return error == std::errc() && end == scope.data() + scope.size() ? index : 0;
}

}  // namespace

std::optional<net::Endpoint> parse_host(std::string_view host) {
  net::Endpoint endpoint;
  const std::size_t percent = host.find('%');
  const auto address = net::IpAddress::parse(host.substr(0, percent));
  if (!address.has_value()) return std::nullopt;
  endpoint.address = *address;
  if (percent != std::string_view::npos) {
    if (!address->is_link_local_ipv6()) return std::nullopt;
    endpoint.scope_id = parse_scope(host.substr(percent + 1));
    if (endpoint.scope_id == 0) return std::nullopt;
  }
  return endpoint;
}

std::optional<net::Endpoint> parse_remote(std::string_view host, int port) {
  auto remote = parse_host(host);
  if (!remote.has_value() || port < 1 || port > kMaxPort) return std::nullopt;
  remote->port = static_cast<std::uint16_t>(port);
  return remote;
}

std::optional<ListenAddress> parse_listen_address(std::string_view address, int port) {
  if (port < 0 || port > kMaxPort) return std::nullopt;
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

Error take_engine(std::shared_ptr<Engine>* engine) {
  if (*engine == nullptr) {
    Error error = Error::OK;
    *engine = LiveEngines::of_process().shared(&error);
    if (*engine == nullptr) {
      return error == Error::ERR_OUT_OF_MEMORY ? error : Error::ERR_UNAVAILABLE;
    }
  }
  return (*engine)->workers_of_engine().is_usable() ? Error::OK : Error::ERR_UNAVAILABLE;
}

int prepare_socket(net::Socket& socket, const EngineOptions& options,
                   const SocketOptions& socket_options) {
  if (socket_options.dscp > kMaxCodePoint) return EINVAL;
  const auto choose = [](int own, int engines) { return own > 0 ? own : engines; };
  const int receive = choose(socket_options.receive_buffer, options.socket_receive_buffer);
  const int send = choose(socket_options.send_buffer, options.socket_send_buffer);
  if (receive > 0) socket.request_receive_buffer(receive);
  if (send > 0) socket.request_send_buffer(send);
  // Handshakes are looked at one by one.
  if (options.gro && !socket_options.cookie) socket.set_receive_offload(true);
  int error = 0;
  const auto attempt = [&error](int result) {
    if (error == 0) error = result;
  };
  if (!socket_options.interface.empty()) {
    attempt(socket.bind_to_interface(socket_options.interface));
  }
  if (socket_options.share_port) attempt(socket.set_reuse_port(true));
  if (socket_options.dscp >= 0) attempt(socket.set_dscp(socket_options.dscp));
  attempt(socket.set_path_mtu_discovery(socket_options.path_mtu_discovery));
  if (socket_options.reply_from_received_address) attempt(socket.report_local_addresses());
  if (socket_options.receive_timestamps) attempt(socket.report_timestamps());
  if (socket_options.detect_unreachable) attempt(socket.set_error_queue(true));
  return error;
}

Error adopt_socket(int descriptor, const EngineOptions& options,
                   const SocketOptions& socket_options, net::Socket* socket) {
  if (const int error = socket->adopt(descriptor); error != 0) {
    return error == EEXIST ? Error::ERR_ALREADY_IN_USE : Error::ERR_INVALID_PARAMETER;
  }
  // Whoever made it may have asked for trains and messages that nobody here looks at, for an
  // error queue that nobody reads, or for datagrams that are not sent and received as they are.
  socket->forget_ways_of_udp();
  if (!options.gro || socket_options.cookie) socket->set_receive_offload(false);
  if (!socket_options.reply_from_received_address) socket->report_local_addresses(false);
  if (!socket_options.receive_timestamps) socket->report_timestamps(false);
  if (!socket_options.detect_unreachable) socket->set_error_queue(false);
  return prepare_socket(*socket, options, socket_options) == 0 ? Error::OK : Error::ERR_UNAVAILABLE;
}

}  // namespace ringpeer
