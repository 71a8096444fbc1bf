#ifndef RINGPEER_ENGINE_PEER_SOCKET_CHANNEL_H_
#define RINGPEER_ENGINE_PEER_SOCKET_CHANNEL_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "ringpeer/engine.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/peer/consumer_looks.h"
#include "ringpeer/engine/peer/loop_bound.h"
#include "ringpeer/engine/peer/peer_channel.h"
#include "ringpeer/engine/peer/verified_destinations.h"
#include "ringpeer/engine/send/send_socket.h"
#include "ringpeer/engine/worker/socket_queue.h"
#include "ringpeer/engine/worker/worker_group.h"
#include "ringpeer/socket_options.h"

namespace ringpeer::internal {

// A socket of its own, served by one worker.
//
// Threads: as PeerChannel says; send_to() any, within a worker::PutSection.
class SocketChannel final : public PeerChannel, public DrainSource {
 public:
  // Takes the socket over and begins to receive. Null on failure (errno in *error). For a put,
  // from any thread, else from the consumer's.
  static std::unique_ptr<SocketChannel> create(std::shared_ptr<Engine> engine, net::Socket socket,
                                               std::uint64_t receive_bytes,
                                               const SocketOptions& options, bool for_put,
                                               int* error);
  // The port is free when it returns.
  ~SocketChannel() override;

  int available() override;
  Error take(std::span<const std::uint8_t>* packet, net::Endpoint* sender, HeldView* view) override;
  Error wait(std::chrono::milliseconds timeout) override;
  void interrupt() override { queue_.signal().interrupt(); }
  int send(std::span<const std::uint8_t> packet, PutState& state) override;
  bool is_alive() const override { return !queue_.is_stopped(); }
  bool is_server_peer() const override { return false; }
  int local_port() const override;

  // Connects the socket; what had arrived before is dropped and counted. 0 or errno.
  int connect(const net::Endpoint& remote);
  bool is_connected() const { return connected_.load(std::memory_order_relaxed); }
  net::Socket& own_socket() { return socket_; }

  Error poll() override;
  DrainSource* drain_source() override { return this; }
  const net::Socket* socket() const override { return &socket_; }
  void begin_batch() override { pump_if_empty(); }
  std::size_t most_of_a_batch() const override { return most_packets_; }
  DrainWindow next_window(std::size_t most) override;
  bool take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) override;
  void record_taken(const DrainProgress& progress) override;
  void remind() override { queue_.signal().remind(); }
  const std::shared_ptr<Engine>& engine() const override { return engine_; }

  // Before another destination is set: from then on those that are verified are remembered.
  void remember_destination(const PutState& state);

  // To any destination. From any thread. 0 or errno.
  int send_to(const net::Endpoint& destination, std::span<const std::uint8_t> packet);
  // Which address the packet taken last was sent to, as far as such things are noted.
  const net::LocalAddress& last_local_address() const { return last_local_; }
  std::chrono::steady_clock::time_point last_arrival() const override;
  int watch() override;

 private:
  SocketChannel(std::shared_ptr<Engine> engine, net::Socket socket, std::uint64_t receive_bytes,
                const SocketOptions& options);
  // The oldest descriptor or null.
  packet::PacketDescriptor* front() {
    if (queue_.consumer().knows_more()) [[likely]]
      return queue_.consumer().front();
    return look_for_more();
  }
  [[gnu::noinline]] packet::PacketDescriptor* look_for_more();
  packet::PacketDescriptor* front_of_empty();
  // Wakes the worker where it sleeps for the sake of a rhythm that has ended.
  void begin_to_wait(bool wakes) {
    if (wakes) worker_->receives().wake();
  }
  // For an event loop that watches: whether something waits is what front() finds out.
  void tell_watcher() { front(); }
  packet::PacketBuffer* take_from(packet::PacketDescriptor& descriptor,
                                  std::span<const std::uint8_t>* packet);
  void count_delivered(std::uint64_t packets, std::uint64_t bytes) {
    counters_->add(Counter::kDeliveredPackets, packets);
    counters_->add(Counter::kDeliveredBytes, bytes);
  }
  bool ends_loop(const packet::PacketDescriptor& next) {
    if (!bound_.ends_loop(next.first_size() + packet::kRecordOverhead, receive_bytes_)) [[likely]]
      return false;
    remind();
    return true;
  }
  std::uint64_t ticks() const { return ticks_ + workers_.syncs(); }
  // Without threads these calls are what reads the socket. A loop that takes what waits looks at
  // no clock, which costs as much as a packet; who asks for more does.
  void pump_if_empty(bool asks_for_more = false) {
    if (!workers_.is_inline()) return;
    if (queue_.depth() == 0) {
      workers_.inline_pump().step();
    } else if (asks_for_more) {
      workers_.inline_pump().step_if_due();
    }
  }
  bool has_failed() { return !is_alive() || queue_.socket_error().take() != 0; }
  int start_receiving();
  int start_receiving_later();
  // What is queued for `sends`, if given, has left when it returns: see Worker::detach().
  void stop_receiving(worker::SendSocket* sends);
  void drop_waiting();
  void drop_from_kernel();
  int send_unverified(std::span<const std::uint8_t> packet, const worker::SendTarget& target,
                      std::uint64_t version);

  const std::shared_ptr<Engine> engine_;
  worker::WorkerGroup& workers_;
  worker::Worker* worker_ = nullptr;  // since the first start_receiving()
  const worker::LentCounters counters_;
  net::Socket socket_;
  const bool records_local_addresses_;
  worker::SocketQueue queue_;
  ConsumerLooks consumer_looks_{workers_, queue_.pace()};
  // Of the packet taken last; the source as long as its buffer is held.
  const void* last_source_ = nullptr;
  std::uint64_t last_arrival_us_ = 0;
  worker::ErrorLatch send_error_;  // of an unconnected socket
  worker::SendSocket sends_{&queue_.socket_error(), &send_error_};
  VerifiedDestinations verified_;
  worker::Command attach_later_;
  backend::SocketSlot slot_ = 0;
  net::LocalAddress last_local_;
  const std::uint64_t receive_bytes_;
  const std::size_t most_packets_;  // that so many bytes may hold
  LoopBound bound_;
  std::uint64_t ticks_ = 0;  // that poll() and wait() have begun
  bool receiving_ = false;
  std::atomic<bool> connected_{false};
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_PEER_SOCKET_CHANNEL_H_
