#ifndef RINGPEER_PEER_SOCKET_ENDPOINT_H_
#define RINGPEER_PEER_SOCKET_ENDPOINT_H_

#include <atomic>
#include <memory>

#include "ringpeer/engine.h"
#include "ringpeer/net/socket.h"
#include "ringpeer/packet/packet_release.h"
#include "ringpeer/peer/peer_endpoint.h"
#include "ringpeer/peer/proven_destinations.h"
#include "ringpeer/socket_options.h"
#include "ringpeer/worker/send_socket.h"
#include "ringpeer/worker/socket_queue.h"
#include "ringpeer/worker/worker_group.h"

namespace ringpeer::internal {

// A socket of its own, served by one worker.
class SocketEndpoint final : public PeerEndpoint, public DrainSource {
 public:
  // Takes the socket over and begins to receive. Null on failure (errno in *error).
  static std::unique_ptr<SocketEndpoint> create(std::shared_ptr<Engine> engine, net::Socket socket,
                                                std::uint64_t receive_bytes,
                                                const SocketOptions& options, int* error);
  // The port is free when it returns.
  ~SocketEndpoint() override;

  int available() override;
  Error take(std::span<const std::uint8_t>* packet, net::Endpoint* sender) override;
  Error wait(std::chrono::milliseconds timeout) override;
  void interrupt() override { queue_.signal().interrupt(); }
  int send(std::span<const std::uint8_t> packet, const net::Endpoint& destination,
           SendState& state) override;
  bool is_alive() const override { return !queue_.is_stopped(); }
  bool is_server_peer() const override { return false; }
  int local_port() const override;

  // Connects the socket; what had arrived before is dropped and counted. 0 or errno.
  int connect(const net::Endpoint& remote);
  bool is_connected() const { return connected_; }
  net::Socket& own_socket() { return socket_; }

  Error poll() override;
  DrainSource* drain_source() override { return this; }
  const net::Socket* socket() const override { return &socket_; }
  void begin_batch() override { pump_if_empty(); }
  DrainWindow next_window(std::size_t most) override;
  bool take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) override;
  void note_taken(const DrainProgress& progress) override;
  const std::shared_ptr<Engine>& engine() const override { return engine_; }

  // Another destination than `before` is set, which was proven or not: whether the new one
  // is.
  bool is_proven(const net::Endpoint& before, bool before_proven, const net::Endpoint& now);

  // To any destination. From any thread. 0 or errno.
  int send_to(const net::Endpoint& destination, std::span<const std::uint8_t> packet);
  // Which address the packet taken last was sent to, as far as such things are noted.
  const net::LocalAddress& last_local_address() const { return last_local_; }
  std::chrono::steady_clock::time_point last_arrival() const override;
  // Where packets to the destination leave from, until the next call.
  void set_reply_address(const net::LocalAddress& local) { reply_address_ = local; }
  int watch() override { return workers_.is_inline() ? -1 : queue_.signal().watch(); }

 private:
  SocketEndpoint(std::shared_ptr<Engine> engine, net::Socket socket, std::uint64_t receive_bytes,
                 const SocketOptions& options);
  // The oldest descriptor or null.
  packet::PacketDescriptor* front() {
    packet::PacketDescriptor* const descriptor = queue_.ring().front();
    return descriptor != nullptr ? descriptor : front_of_empty();
  }
  packet::PacketDescriptor* front_of_empty();
  packet::PacketBuffer* take_from(packet::PacketDescriptor& descriptor,
                                  std::span<const std::uint8_t>* packet);
  void count_delivered(std::uint64_t packets, std::uint64_t bytes) {
    counters_->add(Counter::kDeliveredPackets, packets);
    counters_->add(Counter::kDeliveredBytes, bytes);
  }
  // Without threads these calls are what reads the socket.
  void pump_if_empty() {
    if (workers_.is_inline() && queue_.ring().depth() == 0) workers_.pump();
  }
  bool has_failed() { return !is_alive() || queue_.socket_error().take() != 0; }
  int start_receiving();
  void stop_receiving();
  void drop_waiting();
  void drop_from_kernel();
  void forget_proofs(SendState& state);

  const std::shared_ptr<Engine> engine_;
  worker::WorkerGroup& workers_;
  worker::Worker* worker_ = nullptr;  // while receiving_
  Counters* const counters_;
  net::Socket socket_;
  const bool notes_local_addresses_;
  worker::SocketQueue queue_;
  packet::PacketRelease held_;  // ends with the packet that the application looks at
  // Of the packet taken last; the source as long as its buffer is held.
  const void* last_source_ = nullptr;
  std::uint64_t last_arrival_us_ = 0;
  worker::ErrorLatch send_error_;  // of an unconnected socket
  worker::SendSocket sends_{&queue_.socket_error(), &send_error_};
  // Made when a second destination is set.
  std::unique_ptr<ProvenDestinations> proven_;
  // Packets to destinations that are not known as proven may be in the worker's queue.
  std::atomic<bool> may_overtake_{false};
  backend::SocketSlot slot_ = 0;
  net::LocalAddress last_local_;
  net::LocalAddress reply_address_;
  std::uint32_t looks_ = 0;
  bool receiving_ = false;
  bool connected_ = false;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_PEER_SOCKET_ENDPOINT_H_
