#include "ringpeer/udp_server.h"

#include <cerrno>
#include <new>
#include <utility>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/codec/wire/pooled_encoding.h"
#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/engine/peer/send_or_queue.h"
#include "ringpeer/engine/send/put_section.h"
#include "ringpeer/engine/server/remote_channel.h"
#include "ringpeer/engine/server/server_core.h"
#include "ringpeer/engine/worker/gate.h"

namespace ringpeer {

UDPServer::UDPServer(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}

UDPServer::~UDPServer() { stop(); }

Error UDPServer::listen(int port, std::string_view bind_address) {
  return listen(port, bind_address, ServerOptions());
}

Error UDPServer::listen(int port, std::string_view bind_address, const ServerOptions& options) {
  RINGPEER_TRY {
    if (is_in_child(engine_)) return Error::ERR_UNAVAILABLE;
    if (core_ != nullptr) return Error::ERR_ALREADY_IN_USE;
    const auto local = parse_listen_address(bind_address, port);
    if (!local.has_value()) return Error::ERR_INVALID_PARAMETER;
    if (const Error none = take_engine(&engine_); none != Error::OK) return none;
    if (!check(options)) return Error::ERR_INVALID_PARAMETER;  // the engine's log says why
    int error = 0;
    core_ = internal::ServerCore::create(engine_, local->endpoint, local->family,
                                         max_pending_connections_, options, source_list_, &error);
    return start(options, error);
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

bool UDPServer::check(const ServerOptions& options) const {
  const char* complaint = nullptr;
  if (options.socket.cookie) {
    complaint = "SocketOptions::cookie is for a client; a server has AdmissionOptions::cookie";
  } else if (options.admission.cookie && options.receive == ServerReceive::kTogether) {
    complaint =
        "AdmissionOptions::cookie is for remotes, of which ServerReceive::kTogether has none";
  } else if (options.admission.limit_replies && options.receive == ServerReceive::kTogether) {
    complaint =
        "AdmissionOptions::limit_replies is for remotes, of which ServerReceive::kTogether has "
        "none";
  } else if (!worker::Gate::is_valid(options.admission)) {
    complaint = "AdmissionOptions has a rate or a burst that is out of range";
  }
  if (complaint != nullptr) engine_->log(complaint);
  return complaint == nullptr;
}

Error UDPServer::start(const ServerOptions& options, int error) {
  if (error == EMFILE || error == ENFILE) return Error::ERR_CANT_CREATE;
  if (error != 0) return opening_error(error, Error::ERR_UNAVAILABLE);
  // A default changes nothing, here what set_idle_timeout() has set.
  if (options.idle_timeout.count() > 0) idle_timeout_ = options.idle_timeout;
  core_->presence().set_idle_timeout(idle_timeout_);
  core_->inbox().set_automatic_poll(automatic_poll_);
  shared_core_.store(core_.get(), std::memory_order_release);
  return Error::OK;
}

void UDPServer::stop() {
  shared_core_.store(nullptr, std::memory_order_seq_cst);
  if (core_ != nullptr) std::exchange(core_, nullptr)->stop();
}

Error UDPServer::poll() {
  if (is_in_child(engine_)) return Error::ERR_UNAVAILABLE;
  if (core_ == nullptr) return Error::ERR_UNCONFIGURED;
  if (!core_->is_alive()) return Error::FAILED;
  core_->inbox().poll();
  return Error::OK;
}

void UDPServer::set_automatic_poll(bool enabled) {
  automatic_poll_ = enabled;
  if (core_ != nullptr) core_->inbox().set_automatic_poll(enabled);
}

bool UDPServer::is_connection_available() const {
  return core_ != nullptr && core_->is_alive() && core_->inbox().has_pending();
}

// Whoever is pending stays so until there is memory for the peer.
std::shared_ptr<PacketPeerUDP> UDPServer::take_connection() {
  RINGPEER_TRY {
    if (core_ == nullptr || !core_->is_alive() || !core_->inbox().finds_pending()) return nullptr;
    auto peer = std::make_shared<PacketPeerUDP>(engine_);
    auto channel = internal::RemoteChannel::take_pending(core_);
    peer->sender_ = channel->endpoint();
    peer->has_sender_ = peer->connected_ = true;
    peer->set_destination({channel->endpoint(), true, {}});
    channel->set_peer(peer.get());
    peer->channel_.publish(channel.release());
    return peer;
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return nullptr; }
}

bool UDPServer::is_listening() const { return core_ != nullptr && !is_in_child(engine_); }

int UDPServer::get_local_port() const { return is_listening() ? core_->sockets().local_port() : 0; }

int UDPServer::get_max_pending_connections() const { return max_pending_connections_; }

void UDPServer::set_max_pending_connections(int count) {
  if (count < 0) {
    if (engine_ != nullptr) engine_->log("max_pending_connections must not be negative");
    return;
  }
  max_pending_connections_ = count;
  if (is_listening()) core_->inbox().set_max_pending(count);
}

// ---- Beyond Godot.

Error UDPServer::listen_descriptor(int descriptor, const ServerOptions& options) {
  RINGPEER_TRY {
    if (is_in_child(engine_)) return Error::ERR_UNAVAILABLE;
    if (core_ != nullptr) return Error::ERR_ALREADY_IN_USE;
    if (const Error none = take_engine(&engine_); none != Error::OK) return none;
    if (!check(options)) return Error::ERR_INVALID_PARAMETER;  // the engine's log says why
    net::Socket socket;
    if (const Error refused = adopt_socket(descriptor, engine_->options(),
                                           internal::socket_options_of(options), &socket);
        refused != Error::OK) {
      return refused;
    }
    int error = 0;
    core_ = internal::ServerCore::adopt(engine_, std::move(socket), max_pending_connections_,
                                        options, source_list_, &error);
    return start(options, error);
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

// ---- Receiving.

DrainBatch UDPServer::drain(const DrainBudget& budget) {
  return DrainBatch(core_ == nullptr ? nullptr : &core_->inbox(), budget);
}

Error UDPServer::get_packet(ReceivedPacket* packet) {
  *packet = {};
  if (is_in_child(engine_)) return Error::ERR_UNAVAILABLE;
  if (core_ == nullptr) {
    view_.let_go();
    return Error::ERR_UNCONFIGURED;
  }
  return core_->inbox().take_any(packet, &view_);
}

Error UDPServer::wait(std::chrono::milliseconds timeout) {
  if (is_in_child(engine_)) return Error::ERR_UNAVAILABLE;
  return core_ == nullptr ? Error::ERR_UNCONFIGURED : core_->inbox().wait(timeout);
}

void UDPServer::wake() {
  const worker::PutSection section;
  auto* const core = shared_core_.load(std::memory_order_acquire);
  // A child has the parent's descriptors.
  if (core != nullptr && !is_in_child(*core->engine())) core->signal().interrupt();
}

int UDPServer::get_poll_descriptor() { return is_listening() ? core_->inbox().watch() : -1; }

// ---- Sending.

Error UDPServer::put_packet_to(const net::Endpoint& destination,
                               std::span<const std::uint8_t> packet) {
  const worker::PutSection section;
  auto* const core = shared_core_.load(std::memory_order_acquire);
  if (core == nullptr) return Error::ERR_UNCONFIGURED;
  if (is_in_child(*core->engine())) return Error::ERR_UNAVAILABLE;
  if (destination.port == 0) return Error::ERR_INVALID_PARAMETER;
  if (packet.empty()) return Error::OK;
  return send_result(core->sender().send_to(destination, {}, packet));
}

Error UDPServer::put_packet_to(std::string_view ip, int port,
                               std::span<const std::uint8_t> packet) {
  const auto destination = parse_remote(ip, port);
  if (!destination.has_value()) return Error::ERR_INVALID_PARAMETER;
  return put_packet_to(*destination, packet);
}

Error UDPServer::answer(const ReceivedPacket& received, std::span<const std::uint8_t> packet) {
  if (is_in_child(engine_)) return Error::ERR_UNAVAILABLE;
  if (core_ == nullptr) return Error::ERR_UNCONFIGURED;
  if (packet.empty()) return Error::OK;
  return send_result(core_->sender().send_to(received.sender, received.local, packet));
}

Error UDPServer::put_packet_to_all(std::span<const std::uint8_t> packet,
                                   const PacketPeerUDP* except) {
  if (is_in_child(engine_)) return Error::ERR_UNAVAILABLE;
  if (core_ == nullptr) return Error::ERR_UNCONFIGURED;
  if (packet.empty()) return Error::OK;
  const worker::Remote* excepted = nullptr;
  if (except != nullptr && except->channel_ != nullptr && except->channel_->is_server_peer()) {
    excepted = static_cast<internal::RemoteChannel*>(except->channel_.get())->remote();
  }
  return send_result(core_->sender().send_to_all(packet, excepted));
}

Error UDPServer::put_var_to_all(const Variant& value, bool full_objects,
                                const PacketPeerUDP* except) {
  RINGPEER_TRY {
    if (is_in_child(engine_)) return Error::ERR_UNAVAILABLE;
    if (core_ == nullptr) return Error::ERR_UNCONFIGURED;
    PooledEncoding encoding;
    EncodeOptions options;
    options.full_objects = full_objects;
    const Error error = encoding.encode(&engine_->encode_pool(), value,
                                        PacketPeer::kEncodeBufferDefaultSize, options);
    if (error != Error::OK) return error;
    return put_packet_to_all(encoding.bytes(), except);
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
}

// ---- Who is there.

void UDPServer::set_idle_timeout(std::chrono::milliseconds timeout) {
  if (timeout.count() < 0) {
    if (engine_ != nullptr) engine_->log("the idle timeout must not be negative");
    return;
  }
  idle_timeout_ = timeout;
  if (core_ != nullptr) core_->presence().set_idle_timeout(timeout);
}

void UDPServer::set_source_list(std::shared_ptr<const SourceList> list) {
  source_list_ = std::move(list);
  if (is_listening()) core_->set_source_list(source_list_);
}

PacketPeerUDP* UDPServer::next_disconnected() {
  return core_ == nullptr || !core_->is_alive() ? nullptr : core_->presence().next_disconnected();
}

std::size_t UDPServer::get_remote_count() const {
  return is_listening() ? core_->sockets().remote_count() : 0;
}

int UDPServer::get_socket_receive_buffer() const {
  const net::Socket* socket = is_listening() ? core_->sockets().first() : nullptr;
  return socket == nullptr ? 0 : socket->receive_buffer();
}

int UDPServer::get_socket_send_buffer() const {
  const net::Socket* socket = is_listening() ? core_->sockets().first() : nullptr;
  return socket == nullptr ? 0 : socket->send_buffer();
}

}  // namespace ringpeer
