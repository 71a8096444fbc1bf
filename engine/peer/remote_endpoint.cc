#include "ringpeer/peer/remote_endpoint.h"

#include <cerrno>

namespace ringpeer::internal {

std::unique_ptr<RemoteEndpoint> RemoteEndpoint::take_pending(
    const std::shared_ptr<ServerCore>& server) {
  std::unique_ptr<RemoteEndpoint> endpoint(new RemoteEndpoint(server));
  endpoint->remote_ = server->take_pending(endpoint.get());
  if (endpoint->remote_ == nullptr) return nullptr;
  endpoint->endpoint_ = endpoint->remote_->endpoint;
  if (endpoint->remote_->source != nullptr) endpoint->source_ = *endpoint->remote_->source;
  return endpoint;
}

RemoteEndpoint::~RemoteEndpoint() {
  if (remote_ != nullptr) server_->close(*remote_);
  end_batch();
}

int RemoteEndpoint::available() {
  if (!is_alive()) return -1;
  server_->take_arrivals();
  return static_cast<int>(remote_->queued_packets);
}

Error RemoteEndpoint::take(std::span<const std::uint8_t>* packet, net::Endpoint* sender) {
  if (!is_alive()) return error_of_dead(server_->workers());
  server_->take_arrivals();
  *sender = endpoint_;
  return server_->take(*remote_, packet, &last_arrival_us_);
}

Error RemoteEndpoint::wait(std::chrono::milliseconds timeout) {
  return wait_for_packets(
      server_->workers(), server_->signal(), timeout,
      [this] {
        server_->take_published();
        return is_alive() && remote_->queued_packets > 0;
      },
      [this] { return !is_alive(); });
}

Error RemoteEndpoint::poll() {
  if (!is_alive()) return Error::FAILED;
  server_->poll();
  return Error::OK;
}

bool RemoteEndpoint::take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) {
  if (!is_alive()) return false;
  server_->take_arrivals();
  return server_->take_next_of(*remote_, packet, buffer);
}

int RemoteEndpoint::send(std::span<const std::uint8_t> packet, PutState& state) {
  return server_->send(endpoint_, source_, packet, state);
}

}  // namespace ringpeer::internal
