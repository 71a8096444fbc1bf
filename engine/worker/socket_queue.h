#ifndef RINGPEER_ENGINE_WORKER_SOCKET_QUEUE_H_
#define RINGPEER_ENGINE_WORKER_SOCKET_QUEUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "ringpeer/engine/admission/client_handshake.h"
#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/packet/packet_ring.h"
#include "ringpeer/engine/send/error_latch.h"
#include "ringpeer/engine/wait/consumer_pace.h"
#include "ringpeer/engine/wait/inflow.h"
#include "ringpeer/engine/worker/arrival_metadata.h"
#include "ringpeer/engine/worker/consumer_signal.h"
#include "ringpeer/engine/worker/datagram_sink.h"
#include "ringpeer/engine/worker/fork_generation.h"

namespace ringpeer::worker {

// The queue of a socket with one consumer: everything that arrives goes into one
// ring. A descriptor's source is the sender's sockaddr.
//
// Of a client of a server that asks for cookies it also is the client's half of the handshake
// (admission::ClientHandshake), whose packets reach no consumer: the worker speaks it, so that a
// game that stands still is still known.
//
// Threads: the DatagramSink side is the worker's; consumer() and the rest belong
// to the consumer.
class SocketQueue final : public DatagramSink {
 public:
  // socket: that handshakes leave by, once begin_handshake() was called; null: there are none. It
  // outlives this.
  SocketQueue(std::size_t max_packets, std::uint64_t max_bytes, const ArrivalOptions& arrival = {},
              const net::Socket* socket = nullptr)
      : ring_(max_packets, max_bytes),
        arrival_(arrival),
        is_plain_(!arrival.any() && socket == nullptr),
        socket_(socket) {}

  void deliver(const DatagramRun& run, Delivery& delivery) override;
  bool has_recovered() override;
  void publish() override { ring_.producer().publish(); }
  bool notify() override { return signal_.notify_if_waiting(); }
  wait::Inflow* inflow() override { return &inflow_; }
  bool is_behind() const override { return ring_.is_half_full(); }
  void on_socket_error(int error, std::uint64_t now_us) override;
  bool wants_control() const override { return arrival_.any(); }
  bool has_deadlines() const override { return socket_ != nullptr; }
  std::uint64_t deadline_us() const override {
    return handshake_.has_value() ? handshake_->deadline_us() : kNoDeadline;
  }
  void on_deadline(std::uint64_t now_us) override;
  void on_worker_stopped() override;

  // Consumer, while nothing is received: the socket is connected to a server from now on.
  void begin_handshake() { handshake_.emplace(); }
  bool has_handshakes() const { return socket_ != nullptr; }

  packet::PacketRing::Consumer consumer() { return ring_.consumer(); }
  std::size_t depth() const { return ring_.depth(); }
  ConsumerSignal& signal() { return signal_; }
  wait::ConsumerPace& pace() { return pace_; }

  // Errors that the socket reported: an ICMP refusal reaches a connected one.
  ErrorLatch& socket_error() { return socket_error_; }
  bool is_stopped() const { return life_.is_over(); }

 private:
  void deliver_marked(std::span<const backend::Datagram> datagrams, Delivery& delivery);
  bool take_handshake(const backend::Datagram& datagram, Delivery& delivery);
  void send_handshake(const admission::HandshakePacket& packet, std::uint64_t now_us);
  void deliver_each(std::span<const backend::Datagram> datagrams, Delivery& delivery);
  void deliver_with_metadata(std::span<const backend::Datagram> datagrams, Delivery& delivery);
  bool admit(const backend::Datagram& datagram, Delivery& delivery);
  void refuse(const backend::Datagram& datagram, Counter reason, Delivery& delivery);

  // Packets that are refused one by one before the socket is no longer read: a burst that
  // does not fit loses its newest, as with Godot; a flood that goes on costs nothing more.
  static constexpr int kPatience = 1024;

  packet::PacketRing ring_;
  // Refusals left. After an overrun one is enough, until the ring has been empty.
  int patience_ = kPatience;
  const ArrivalOptions arrival_;
  const bool is_plain_;  // nothing is looked for in datagrams, or noted with them
  const net::Socket* const socket_;
  std::optional<admission::ClientHandshake> handshake_;
  ArrivalClock arrival_clock_;
  ConsumerSignal signal_;
  wait::ConsumerPace pace_;
  wait::Inflow inflow_{&pace_};
  ErrorLatch socket_error_;
  ForkLife life_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_SOCKET_QUEUE_H_
