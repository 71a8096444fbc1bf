#ifndef RINGPEER_PEER_REMOTE_ENDPOINT_H_
#define RINGPEER_PEER_REMOTE_ENDPOINT_H_

#include <memory>

#include "ringpeer/peer/peer_endpoint.h"
#include "ringpeer/peer/server_core.h"

namespace ringpeer::internal {

// One remote of a server, as the peer that take_connection() gave out sees it.
class RemoteEndpoint final : public PeerEndpoint {
 public:
  // Null when no remote is pending.
  static std::unique_ptr<RemoteEndpoint> take_pending(const std::shared_ptr<ServerCore>& server);
  ~RemoteEndpoint() override;

  int available() override;
  Error take(std::span<const std::uint8_t>* packet, net::Endpoint* sender) override;
  Error wait(std::chrono::milliseconds timeout) override;
  void interrupt() override { server_->signal().interrupt(); }
  int send(std::span<const std::uint8_t> packet, const net::Endpoint& destination,
           bool now) override;
  bool is_alive() const override { return remote_ != nullptr && server_->is_alive(); }
  bool is_server_peer() const override { return true; }
  int local_port() const override { return server_->local_port(); }

  const net::Endpoint& endpoint() const { return endpoint_; }
  // The server has stopped: the remote is gone.
  void orphan() { remote_ = nullptr; }

 private:
  explicit RemoteEndpoint(std::shared_ptr<ServerCore> server) : server_(std::move(server)) {}

  const std::shared_ptr<ServerCore> server_;
  worker::Remote* remote_ = nullptr;
  net::Endpoint endpoint_;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_PEER_REMOTE_ENDPOINT_H_
