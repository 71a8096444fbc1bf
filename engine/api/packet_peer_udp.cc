#include "ringpeer/packet_peer_udp.h"

#include <netdb.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <new>
#include <optional>
#include <utility>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/engine/net/port_holder.h"
#include "ringpeer/engine/peer/send_or_queue.h"
#include "ringpeer/engine/peer/socket_channel.h"
#include "ringpeer/engine/send/put_section.h"

namespace ringpeer {
namespace {

// Godot's native answer; what fits any network without fragmentation. Not enforced.
constexpr int kGodotMaxPacketSize = 512;

// Godot's ring for a recv_buf_size: the power of two above it, less one byte.
constexpr std::uint64_t receive_bytes_for(int recv_buf_size) {
  return (std::uint64_t{1} << std::bit_width(static_cast<unsigned>(recv_buf_size))) - 1;
}
static_assert(receive_bytes_for(65536) == 131071 && receive_bytes_for(65535) == 65535);
static_assert(receive_bytes_for(1024) == 2047);
static_assert(receive_bytes_for(PacketPeerUDP::kUnboundReceiveBufferSize) == 65535);

// A literal, or a name that is resolved. Godot takes the first answer of any family.
std::optional<net::Endpoint> resolve(std::string_view host) {
  if (const auto literal = parse_host(host)) return literal;
  if (host.empty()) return std::nullopt;
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(std::string(host).c_str(), nullptr, &hints, &list);
  if (error == EAI_MEMORY) refuse_memory();
  if (error != 0) return std::nullopt;
  std::optional<net::Endpoint> found;
  if (list != nullptr) found = net::endpoint_from_socket_address(list->ai_addr);
  ::freeaddrinfo(list);
  return found;
}

// What IP and UDP put before the payload.
constexpr int kIpv4Headers = 28;
constexpr int kIpv6Headers = 48;

}  // namespace

PacketPeerUDP::PacketPeerUDP(std::shared_ptr<Engine> engine)
    : known_engine_(engine.get()), engine_(std::move(engine)) {}

// Nobody puts any more.
PacketPeerUDP::~PacketPeerUDP() {
  const std::unique_ptr<internal::PeerChannel> closing(channel_.hide());
  if (closing != nullptr) closing->leave(&view_);
}

bool PacketPeerUDP::is_open() const { return channel_ != nullptr && channel_->is_alive(); }

Error PacketPeerUDP::take_engine() {
  const Error error = ringpeer::take_engine(&engine_);
  known_engine_.store(engine_.get(), std::memory_order_release);
  return error;
}

bool PacketPeerUDP::is_in_child() const {
  const Engine* const engine = known_engine_.load(std::memory_order_acquire);
  return engine != nullptr && ringpeer::is_in_child(*engine);
}

internal::SocketChannel* PacketPeerUDP::own_socket() const {
  return channel_ == nullptr || channel_->is_server_peer()
             ? nullptr
             : static_cast<internal::SocketChannel*>(channel_.get());
}

Error PacketPeerUDP::bind(int port, std::string_view address, int recv_buf_size) {
  RINGPEER_TRY {
    if (is_in_child()) return Error::ERR_UNAVAILABLE;
    const base::MutexLock lock(opening_);
    return open_and_bind(port, address, recv_buf_size, socket_options_);
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

Error PacketPeerUDP::bind(int port, std::string_view address, int recv_buf_size,
                          const SocketOptions& options) {
  RINGPEER_TRY {
    if (is_in_child()) return Error::ERR_UNAVAILABLE;
    const base::MutexLock lock(opening_);
    return open_and_bind(port, address, recv_buf_size, options);
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

Error PacketPeerUDP::open_and_bind(int port, std::string_view address, int recv_buf_size,
                                   const SocketOptions& options) {
  if (channel_ != nullptr) return Error::ERR_ALREADY_IN_USE;
  if (const Error error = check_options(options); error != Error::OK) return error;
  const auto local = parse_listen_address(address, port);
  if (!local.has_value() || recv_buf_size < 1 || recv_buf_size > kMaxReceiveBufferSize) {
    return Error::ERR_INVALID_PARAMETER;
  }
  if (const Error error = take_engine(); error != Error::OK) return error;
  net::Socket socket;
  if (socket.open(local->family) != 0) return Error::ERR_CANT_CREATE;
  if (prepare_socket(socket, engine_->options(), options) != 0) return Error::ERR_UNAVAILABLE;
  if (broadcast_) socket.set_broadcast(true);
  const int refused = options.share_port ? socket.bind(local->endpoint)
                                         : net::bind_when_released(socket, local->endpoint);
  if (refused != 0) return Error::ERR_UNAVAILABLE;
  return open_bound(std::move(socket), recv_buf_size, options);
}

Error PacketPeerUDP::open_bound(net::Socket socket, int recv_buf_size,
                                const SocketOptions& options) {
  int error = 0;
  auto channel = internal::SocketChannel::create(
      engine_, std::move(socket), receive_bytes_for(recv_buf_size), options, false, &error);
  channel_.publish(channel.release());
  return error == 0 ? Error::OK : opening_error(error, Error::ERR_UNAVAILABLE);
}

Error PacketPeerUDP::open_unbound(const net::IpAddress& address, bool for_put) {
  if (const Error error = take_engine(); error != Error::OK) return error;
  net::Socket socket;
  const auto family = address.is_ipv4() ? net::SocketFamily::kIpv4 : net::SocketFamily::kIpv6;
  if (socket.open(family) != 0) return Error::ERR_CANT_OPEN;
  if (prepare_socket(socket, engine_->options(), socket_options_) != 0) {
    return Error::ERR_CANT_OPEN;
  }
  if (broadcast_) socket.set_broadcast(true);
  // The first send would choose a port, but for a moment the kernel has only a part of it: what
  // another thread sends then leaves from port 0. Where none is free, that send says so.
  const net::IpAddress any = address.is_ipv4() ? net::IpAddress::from_ipv4(0) : net::IpAddress();
  static_cast<void>(socket.bind({any, 0, 0}));
  int error = 0;
  auto channel = internal::SocketChannel::create(engine_, std::move(socket),
                                                 receive_bytes_for(kUnboundReceiveBufferSize),
                                                 socket_options_, for_put, &error);
  channel_.publish(channel.release());
  if (error == ESHUTDOWN) return Error::FAILED;  // the engine has stopped
  return error == 0 ? Error::OK : opening_error(error, Error::ERR_CANT_OPEN);
}

// Nothing that takes long happens with opening_ locked: puts look at it.
void PacketPeerUDP::close() {
  if (is_in_child()) {  // a thread that is not here may hold the lock
    const std::unique_ptr<internal::PeerChannel> closing(channel_.hide());
    if (closing != nullptr) closing->leave(&view_);
    return;
  }
  std::unique_ptr<internal::PeerChannel> closing;
  {
    const base::MutexLock lock(opening_);
    is_closing_ = true;
    closing.reset(channel_.hide());
  }
  if (closing != nullptr) {
    worker::PutSection::wait_for_begun();
    closing->leave(&view_);
  }
  closing.reset();
  connected_ = false;
  // Of the next socket nothing is known yet.
  if (puts_.destination.version() > 0) set_destination({destination_.endpoint, false, {}});
  const base::MutexLock lock(opening_);
  is_closing_ = false;
}

Error PacketPeerUDP::wait() { return wait(std::chrono::milliseconds(-1)); }

Error PacketPeerUDP::wait(std::chrono::milliseconds timeout) {
  if (is_in_child()) return Error::ERR_UNAVAILABLE;
  if (!is_open()) return Error::ERR_UNCONFIGURED;
  return channel_->wait(timeout);
}

void PacketPeerUDP::wake() {
  const worker::PutSection section;
  internal::PeerChannel* const channel = channel_.get();
  // A child has the parent's descriptors.
  if (channel != nullptr && !is_in_child()) channel->interrupt();
}

bool PacketPeerUDP::is_bound() const { return is_open(); }
bool PacketPeerUDP::is_socket_connected() const { return is_open() && connected_; }

Error PacketPeerUDP::connect_to_host(std::string_view host, int port) {
  RINGPEER_TRY {
    if (is_in_child()) return Error::ERR_UNAVAILABLE;
    if (channel_ != nullptr && channel_->is_server_peer()) return Error::ERR_LOCKED;
    const auto remote = parse_remote(host, port);
    if (!remote.has_value()) return Error::ERR_INVALID_PARAMETER;
    {
      const base::MutexLock lock(opening_);
      if (channel_ == nullptr) {
        if (const Error error = open_unbound(remote->address); error != Error::OK) return error;
      }
    }
    if (!send_to_remote() || own_socket()->connect(*remote) != 0) {
      close();
      return Error::FAILED;
    }
    connected_ = true;
    set_destination({*remote, true, {}});
    return Error::OK;
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

// Before another remote is connected to: what is queued for this one goes by the socket's
// address, and what other threads put meanwhile by its own.
bool PacketPeerUDP::send_to_remote() {
  if (!connected_) return true;
  set_destination({destination_.endpoint, false, {}});
  worker::PutSection::wait_for_begun();
  return engine_->flush() == Error::OK;
}

Error PacketPeerUDP::set_dest_address(std::string_view host, int port) {
  RINGPEER_TRY {
    if (is_in_child()) return Error::ERR_UNAVAILABLE;
    if (connected_) return Error::OK;
    if (port < 0 || port > kMaxPort) return Error::ERR_INVALID_PARAMETER;
    auto remote = resolve(host);
    if (!remote.has_value()) return Error::ERR_CANT_RESOLVE;
    remote->port = static_cast<std::uint16_t>(port);
    const internal::PutDestination::Value destination{.endpoint = *remote,
                                                      .source = reply_address_for(*remote)};
    if (puts_.destination.version() == 0 || destination != destination_)
      set_destination(destination);
    return Error::OK;
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

// Puts of other threads may be opening the socket: it has to know of a second destination,
// which it may have verified the first of.
void PacketPeerUDP::set_destination(const internal::PutDestination::Value& destination) {
  destination_ = destination;
  if (channel_ != nullptr) return give_destination(destination);
  const base::MutexLock lock(opening_);
  give_destination(destination);
}

void PacketPeerUDP::give_destination(const internal::PutDestination::Value& destination) {
  if (internal::SocketChannel* own = own_socket()) own->remember_destination(puts_);
  puts_.destination.set(destination);
}

std::string PacketPeerUDP::get_packet_ip() const {
  return has_sender_ ? sender_.host() : std::string();
}
int PacketPeerUDP::get_packet_port() const { return has_sender_ ? sender_.port : 0; }
int PacketPeerUDP::get_local_port() const { return is_open() ? channel_->local_port() : 0; }

void PacketPeerUDP::set_broadcast_enabled(bool enabled) {
  if (is_in_child()) return;
  const base::MutexLock lock(opening_);
  if (channel_ != nullptr && channel_->is_server_peer()) return;
  broadcast_ = enabled;
  if (auto* own = own_socket()) own->own_socket().set_broadcast(enabled);
}

Error PacketPeerUDP::check_group_call(std::string_view group, net::IpAddress* address) const {
  if (is_in_child()) return Error::ERR_UNAVAILABLE;
  if (channel_ != nullptr && channel_->is_server_peer()) return Error::ERR_LOCKED;
  const auto parsed = net::IpAddress::parse(group);
  if (!parsed.has_value()) return Error::ERR_INVALID_PARAMETER;
  *address = *parsed;
  return Error::OK;
}

Error PacketPeerUDP::join_multicast_group(std::string_view group, std::string_view interface_name) {
  RINGPEER_TRY {
    net::IpAddress address;
    if (const Error error = check_group_call(group, &address); error != Error::OK) return error;
    {
      const base::MutexLock lock(opening_);
      if (channel_ == nullptr) {
        if (const Error error = open_unbound(address); error != Error::OK) return error;
      }
    }
    const int error = own_socket()->own_socket().join_group(address, std::string(interface_name));
    if (error == ENODEV) return Error::ERR_INVALID_PARAMETER;
    return error == 0 ? Error::OK : Error::FAILED;
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

Error PacketPeerUDP::leave_multicast_group(std::string_view group,
                                           std::string_view interface_name) {
  RINGPEER_TRY {
    net::IpAddress address;
    if (const Error error = check_group_call(group, &address); error != Error::OK) return error;
    if (channel_ == nullptr) return Error::ERR_UNCONFIGURED;
    const int error = own_socket()->own_socket().leave_group(address, std::string(interface_name));
    if (error == ENODEV) return Error::ERR_INVALID_PARAMETER;
    return error == 0 ? Error::OK : Error::FAILED;
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

int PacketPeerUDP::get_available_packet_count() const {
  return channel_ == nullptr ? -1 : channel_->available();
}

int PacketPeerUDP::get_max_packet_size() const { return kGodotMaxPacketSize; }

Error PacketPeerUDP::take_packet(std::span<const std::uint8_t>* packet) {
  if (channel_ == nullptr) {
    if (is_in_child()) return Error::ERR_UNAVAILABLE;
    view_.let_go();
    return Error::FAILED;
  }
  const Error error = channel_->take(packet, &sender_, &view_);
  if (error == Error::OK) has_sender_ = true;
  return error;
}

Error PacketPeerUDP::take_packet_briefly(std::span<const std::uint8_t>* packet) {
  if (channel_ == nullptr) return take_packet(packet);
  const Error error = channel_->take_briefly(packet, &sender_, &view_);
  if (error == Error::OK) has_sender_ = true;
  return error;
}

// No datagram is larger, whatever the family.
std::size_t PacketPeerUDP::largest_packet() const { return kLargestDatagram; }

Error PacketPeerUDP::oversized_packet_error() const {
  return puts_.destination.version() > 0 ? Error::FAILED : Error::ERR_UNCONFIGURED;
}

EncodePool& PacketPeerUDP::encode_pool() {
  Engine* const engine = known_engine_.load(std::memory_order_acquire);
  return engine == nullptr ? PacketPeer::encode_pool() : engine->encode_pool();
}

Error PacketPeerUDP::open_for_put() {
  RINGPEER_TRY {
    if (puts_.destination.version() == 0) return Error::ERR_UNCONFIGURED;
    const base::MutexLock lock(opening_);
    if (is_closing_) return Error::FAILED;
    if (channel_ != nullptr) return Error::OK;  // another put was faster
    internal::PutDestination::Value destination;
    puts_.destination.read(&destination);
    return open_unbound(destination.endpoint.address, true);
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

Error PacketPeerUDP::send_packet(std::span<const std::uint8_t> packet) {
  if (is_in_child()) return Error::ERR_UNAVAILABLE;
  for (;;) {
    {
      const worker::PutSection section;
      if (internal::PeerChannel* channel = channel_.get()) [[likely]] {
        return send_result(channel->send(packet, puts_));
      }
    }
    if (const Error error = open_for_put(); error != Error::OK) return error;
  }
}

// ---- Beyond Godot.

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
                                     const SocketOptions& options) {
  RINGPEER_TRY {
    if (is_in_child()) return Error::ERR_UNAVAILABLE;
    const base::MutexLock lock(opening_);
    if (channel_ != nullptr) return Error::ERR_ALREADY_IN_USE;
    if (const Error error = check_options(options); error != Error::OK) return error;
    if (recv_buf_size < 1 || recv_buf_size > kMaxReceiveBufferSize) {
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
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

Error PacketPeerUDP::set_socket_options(const SocketOptions& options) {
  RINGPEER_TRY {
    if (is_in_child()) return Error::ERR_UNAVAILABLE;
    const base::MutexLock lock(opening_);
    if (channel_ != nullptr) return Error::ERR_ALREADY_IN_USE;
    if (const Error error = check_options(options); error != Error::OK) return error;
    SocketOptions copy = options;
    socket_options_ = std::move(copy);
    return Error::OK;
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

Error PacketPeerUDP::poll() {
  if (is_in_child()) return Error::ERR_UNAVAILABLE;
  return channel_ == nullptr ? Error::ERR_UNCONFIGURED : channel_->poll();
}

DrainBatch PacketPeerUDP::drain(const DrainBudget& budget) {
  return DrainBatch(channel_ == nullptr ? nullptr : channel_->drain_source(), budget);
}

int PacketPeerUDP::get_poll_descriptor() { return is_open() ? channel_->watch() : -1; }

bool PacketPeerUDP::is_idle() const { return channel_ != nullptr && channel_->is_idle(); }

bool PacketPeerUDP::is_disconnected() const {
  return channel_ == nullptr || channel_->is_disconnected();
}

std::chrono::steady_clock::time_point PacketPeerUDP::get_packet_arrival() const {
  return channel_ == nullptr ? std::chrono::steady_clock::time_point() : channel_->last_arrival();
}

Error PacketPeerUDP::put_packet_to(const net::Endpoint& destination,
                                   std::span<const std::uint8_t> packet) {
  if (is_in_child()) return Error::ERR_UNAVAILABLE;
  const worker::PutSection section;
  internal::PeerChannel* const channel = channel_.get();
  if (channel == nullptr) return Error::ERR_UNCONFIGURED;
  if (channel->is_server_peer()) return Error::ERR_LOCKED;
  auto& own = static_cast<internal::SocketChannel&>(*channel);
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
  const internal::SocketChannel* own = own_socket();
  return own != nullptr && has_sender_ && destination == sender_ ? own->last_local_address()
                                                                 : net::LocalAddress();
}

int PacketPeerUDP::get_socket_receive_buffer() const {
  const net::Socket* socket = is_open() ? channel_->socket() : nullptr;
  return socket == nullptr ? 0 : socket->receive_buffer();
}

int PacketPeerUDP::get_socket_send_buffer() const {
  const net::Socket* socket = is_open() ? channel_->socket() : nullptr;
  return socket == nullptr ? 0 : socket->send_buffer();
}

int PacketPeerUDP::get_path_mtu() const {
  if (puts_.destination.version() == 0 || is_in_child()) return 0;
  const int mtu = net::path_mtu_to(destination_.endpoint);
  const int headers = destination_.endpoint.address.is_ipv4() ? kIpv4Headers : kIpv6Headers;
  return mtu > headers ? mtu - headers : 0;
}

}  // namespace ringpeer
