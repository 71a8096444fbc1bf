#include "ringpeer/udp_server.h"

#include <cerrno>
#include <new>
#include <utility>

#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/engine/server/remote_endpoint.h"
#include "ringpeer/engine/server/server_core.h"

namespace ringpeer {

UDPServer::UDPServer(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}

UDPServer::~UDPServer() { stop(); }

Error UDPServer::listen(int port, std::string_view bind_address) {
  return listen(port, bind_address, ServerOptions());
}

Error UDPServer::listen(int port, std::string_view bind_address, const ServerOptions& options) try {
  if (is_in_child(engine_)) return Error::ERR_UNAVAILABLE;
  if (core_ != nullptr) return Error::ERR_ALREADY_IN_USE;
  const auto local = parse_listen_address(bind_address, port);
  if (!local.has_value()) return Error::ERR_INVALID_PARAMETER;
  if (const Error none = take_engine(&engine_); none != Error::OK) return none;
  int error = 0;
  core_ = internal::ServerCore::create(engine_, local->endpoint, local->family,
                                       max_pending_connections_, options, &error);
  return start(options, error);
} catch (const std::bad_alloc&) {
  return Error::ERR_OUT_OF_MEMORY;
}

Error UDPServer::start(const ServerOptions& options, int error) {
  if (error == EMFILE || error == ENFILE) return Error::ERR_CANT_CREATE;
  if (error != 0) return opening_error(error, Error::ERR_UNAVAILABLE);
  // A default changes nothing, here what set_idle_timeout() has set.
  if (options.idle_timeout.count() > 0) idle_timeout_ = options.idle_timeout;
  core_->set_idle_timeout(idle_timeout_);
  core_->set_automatic_poll(automatic_poll_);
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
  core_->poll();
  return Error::OK;
}

void UDPServer::set_automatic_poll(bool enabled) {
  automatic_poll_ = enabled;
  if (core_ != nullptr) core_->set_automatic_poll(enabled);
}

bool UDPServer::is_connection_available() const {
  return core_ != nullptr && core_->is_alive() && core_->has_pending();
}

// Whoever is pending stays so until there is memory for the peer.
std::shared_ptr<PacketPeerUDP> UDPServer::take_connection() try {
  if (core_ == nullptr || !core_->is_alive() || !core_->finds_pending()) return nullptr;
  auto peer = std::make_shared<PacketPeerUDP>(engine_);
  auto endpoint = internal::RemoteEndpoint::take_pending(core_);
  peer->sender_ = endpoint->endpoint();
  peer->has_sender_ = peer->connected_ = true;
  peer->set_destination({endpoint->endpoint(), true, {}});
  endpoint->set_peer(peer.get());
  peer->endpoint_.publish(endpoint.release());
  return peer;
} catch (const std::bad_alloc&) {
  return nullptr;
}

bool UDPServer::is_listening() const { return core_ != nullptr && !is_in_child(engine_); }

int UDPServer::get_local_port() const { return is_listening() ? core_->local_port() : 0; }

int UDPServer::get_max_pending_connections() const { return max_pending_connections_; }

void UDPServer::set_max_pending_connections(int count) {
  if (count < 0) {
    if (engine_ != nullptr) engine_->log("max_pending_connections must not be negative");
    return;
  }
  max_pending_connections_ = count;
  if (is_listening()) core_->set_max_pending(count);
}

}  // namespace ringpeer
