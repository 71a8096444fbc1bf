// What PacketPeerUDP has beyond Godot.

#include <cerrno>
#include <new>
#include <utility>

#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/engine/peer/send_packet.h"
#include "ringpeer/engine/peer/socket_endpoint.h"
#include "ringpeer/engine/send/put_section.h"
#include "ringpeer/packet_peer_udp.h"

namespace ringpeer {
namespace {

// What IP and UDP put before the payload.
constexpr int kIpv4Headers = 28;
constexpr int kIpv6Headers = 48;

}  // namespace

// An error queue that nobody reads fills the receive buffer and keeps the worker awake.
Error PacketPeerUDP::check_options(const SocketOptions& options) const {
  if (!options.detect_unreachable) return Error::OK;
  if (engine_ != nullptr) {
    engine_->log(
        "SocketOptions::detect_unreachable is for servers; a PacketPeerUDP that is "
        "connected is told of ICMP errors without it");
  }
  return Error::ERR_INVALID_PARAMETER;
}

Error PacketPeerUDP::bind_descriptor(int descriptor, int recv_buf_size,
                                     const SocketOptions& options) try {
  if (is_in_child()) return Error::ERR_UNAVAILABLE;
  const std::lock_guard lock(opening_);
  if (endpoint_ != nullptr) return Error::ERR_ALREADY_IN_USE;
  if (const Error error = check_options(options); error != Error::OK) return error;
  if (recv_buf_size < 1 || recv_buf_size > kLargestReceiveBufferSize) {
    return Error::ERR_INVALID_PARAMETER;
  }
  if (const Error error = take_engine(); error != Error::OK) return error;
  net::Socket socket;
  if (const Error error = adopt_socket(descriptor, engine_->options(), options, &socket);
      error != Error::OK) {
    return error;
  }
  const Error error = open_bound(std::move(socket), recv_buf_size, options);
  if (error == Error::OK) own_socket()->own_socket().keep();
  return error;
} catch (const std::bad_alloc&) {
  return Error::ERR_OUT_OF_MEMORY;
}

Error PacketPeerUDP::set_socket_options(const SocketOptions& options) try {
  if (is_in_child()) return Error::ERR_UNAVAILABLE;
  const std::lock_guard lock(opening_);
  if (endpoint_ != nullptr) return Error::ERR_ALREADY_IN_USE;
  if (const Error error = check_options(options); error != Error::OK) return error;
  SocketOptions copy = options;
  socket_options_ = std::move(copy);
  return Error::OK;
} catch (const std::bad_alloc&) {
  return Error::ERR_OUT_OF_MEMORY;
}

Error PacketPeerUDP::poll() {
  if (is_in_child()) return Error::ERR_UNAVAILABLE;
  return endpoint_ == nullptr ? Error::ERR_UNCONFIGURED : endpoint_->poll();
}

DrainBatch PacketPeerUDP::drain(const DrainBudget& budget) {
  return DrainBatch(endpoint_ == nullptr ? nullptr : endpoint_->drain_source(), budget);
}

int PacketPeerUDP::get_poll_descriptor() { return is_open() ? endpoint_->watch() : -1; }

bool PacketPeerUDP::is_idle() const { return endpoint_ != nullptr && endpoint_->is_idle(); }

bool PacketPeerUDP::is_disconnected() const {
  return endpoint_ == nullptr || endpoint_->is_disconnected();
}

std::chrono::steady_clock::time_point PacketPeerUDP::get_packet_arrival() const {
  return endpoint_ == nullptr ? std::chrono::steady_clock::time_point() : endpoint_->last_arrival();
}

Error PacketPeerUDP::put_packet_to(const net::Endpoint& destination,
                                   std::span<const std::uint8_t> packet) {
  if (is_in_child()) return Error::ERR_UNAVAILABLE;
  const worker::PutSection section;
  internal::PeerEndpoint* const endpoint = endpoint_.get();
  if (endpoint == nullptr) return Error::ERR_UNCONFIGURED;
  if (endpoint->is_server_peer()) return Error::ERR_LOCKED;
  auto& own = static_cast<internal::SocketEndpoint&>(*endpoint);
  if (own.is_connected()) return Error::ERR_LOCKED;
  if (destination.port == 0) return Error::ERR_INVALID_PARAMETER;
  if (packet.empty()) return Error::OK;
  return send_result(own.send_to(destination, packet));
}

Error PacketPeerUDP::put_packet_to(std::string_view ip, int port,
                                   std::span<const std::uint8_t> packet) {
  const auto destination = parse_remote(ip, port);
  if (!destination.has_value()) return Error::ERR_INVALID_PARAMETER;
  return put_packet_to(*destination, packet);
}

// An answer to the packet that was last taken leaves from where that was sent to.
net::LocalAddress PacketPeerUDP::reply_address_for(const net::Endpoint& destination) const {
  const internal::SocketEndpoint* own = own_socket();
  return own != nullptr && has_sender_ && destination == sender_ ? own->last_local_address()
                                                                 : net::LocalAddress();
}

int PacketPeerUDP::get_socket_receive_buffer() const {
  const net::Socket* socket = is_open() ? endpoint_->socket() : nullptr;
  return socket == nullptr ? 0 : socket->receive_buffer();
}

int PacketPeerUDP::get_socket_send_buffer() const {
  const net::Socket* socket = is_open() ? endpoint_->socket() : nullptr;
  return socket == nullptr ? 0 : socket->send_buffer();
}

int PacketPeerUDP::get_path_mtu() const {
  if (puts_.destination.version() == 0 || is_in_child()) return 0;
  const int mtu = net::path_mtu_to(destination_.endpoint);
  const int headers = destination_.endpoint.address.is_ipv4() ? kIpv4Headers : kIpv6Headers;
  return mtu > headers ? mtu - headers : 0;
}

}  // namespace ringpeer
