#ifndef RINGPEER_ENGINE_SERVER_REMOTE_CHANNEL_H_
#define RINGPEER_ENGINE_SERVER_REMOTE_CHANNEL_H_

#include <memory>

#include "ringpeer/engine/peer/peer_channel.h"
#include "ringpeer/engine/server/server_core.h"

namespace ringpeer::internal {

// One remote of a server, as the peer that take_connection() gave out sees it.
// Owned by its peer; it keeps the server's core, and outlives stop() of the server as a peer that
// is not alive (see orphan()).
//
// Threads: as PeerChannel says: the consumer, but any for send() and interrupt().
//
// The bases stand in this order so that what a put reads of one of a thousand lies together.
class RemoteChannel final : public DrainSource, public PeerChannel {
 public:
  // After ServerInbox::finds_pending(). Throws where there is no memory, and then takes none.
  static std::unique_ptr<RemoteChannel> take_pending(const std::shared_ptr<ServerCore>& server);
  ~RemoteChannel() override;

  int available() override;
  Error take(std::span<const std::uint8_t>* packet, net::Endpoint* sender, HeldView* view) override;
  Error take_briefly(std::span<const std::uint8_t>* packet, net::Endpoint* sender,
                     HeldView* view) override;
  void leave(HeldView* view) override { inbox().views().stop_counting(view); }
  Error wait(std::chrono::milliseconds timeout) override;
  void interrupt() override { server_->signal().interrupt(); }
  int send(std::span<const std::uint8_t> packet, PutState& state) override;
  bool is_alive() const override { return remote_ != nullptr && server_->is_alive(); }
  bool is_server_peer() const override { return true; }
  int local_port() const override { return server_->sockets().local_port(); }

  bool is_idle() const override { return is_alive() && server_->presence().is_idle(*remote_); }
  bool is_disconnected() const override {
    return !is_alive() || server_->presence().is_disconnected(*remote_);
  }
  Error poll() override;
  int watch() override { return inbox().watch(); }
  std::chrono::steady_clock::time_point last_arrival() const override {
    if (last_arrival_us_ == 0) return {};
    return server_->workers().time_of(last_arrival_us_);
  }
  DrainSource* drain_source() override { return this; }
  const net::Socket* socket() const override { return server_->sockets().first(); }
  std::size_t most_of_a_batch() const override { return inbox().max_packets(); }
  bool take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) override;
  void record_taken(const DrainProgress& progress) override { inbox().record_taken(progress); }
  void remind() override { inbox().remind(); }
  const std::shared_ptr<Engine>& engine() const override { return server_->engine(); }

  const worker::Remote* remote() const { return remote_; }
  PacketPeerUDP* peer() const { return peer_; }
  void set_peer(PacketPeerUDP* peer) { peer_ = peer; }

  const net::Endpoint& endpoint() const { return endpoint_; }
  // The server has stopped: the remote is gone.
  void orphan() { remote_ = nullptr; }

 private:
  explicit RemoteChannel(std::shared_ptr<ServerCore> server) : server_(std::move(server)) {}
  Error take_next(std::span<const std::uint8_t>* packet, net::Endpoint* sender, HeldView* view,
                  packet::PacketBuffer** buffer);

  bool ends_loop(PerRemoteInbox& inbox);
  PerRemoteInbox& inbox() const { return server_->per_remote(); }

  const std::shared_ptr<ServerCore> server_;
  worker::Remote* remote_ = nullptr;
  PacketPeerUDP* peer_ = nullptr;  // whose endpoint this is
  // For puts, which do not look at remote_.
  net::Endpoint endpoint_;
  std::uint64_t last_arrival_us_ = 0;
  worker::RemoteNotes* notes_ = nullptr;  // held
  LoopBound bound_;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_REMOTE_CHANNEL_H_
