#ifndef RINGPEER_PACKET_PEER_UDP_H_
#define RINGPEER_PACKET_PEER_UDP_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ringpeer/engine.h"
#include "ringpeer/net/endpoint.h"
#include "ringpeer/packet_peer.h"

namespace ringpeer {

namespace internal {
class PeerEndpoint;
class SocketEndpoint;
}  // namespace internal

// Godot's PacketPeerUDP: one UDP socket, or one remote of a UDPServer.
//
// Threads: one consumer thread at a time for everything but put_packet, put_var and
// wake, which any thread may call while no call of the consumer opens, connects or
// closes the peer.
class PacketPeerUDP : public PacketPeer {
 public:
  // What bind() asks for by default, in bytes: eight times Godot's, so that a server
  // that drains once a 60 Hz frame keeps up with 700,000 small packets a second.
  static constexpr int kDefaultReceiveBufferSize = 512 << 10;
  // What a socket opened by connect_to_host or put_packet has: Godot's own figure.
  static constexpr int kUnboundReceiveBufferSize = 32768;

  // An engine of null means Engine::shared(), taken when a socket is first opened.
  explicit PacketPeerUDP(std::shared_ptr<Engine> engine = nullptr);
  ~PacketPeerUDP() override;

  // Opens a socket on port (0: the kernel chooses) of address, "*" for every address
  // of both families. recv_buf_size bounds what may wait here, counted as Godot
  // counts (24 bytes and the payload a packet, rounded up to a power of two); beyond
  // it the newest packet is dropped and counted.
  //
  // ERR_ALREADY_IN_USE when open; ERR_INVALID_PARAMETER for a bad address, port or
  // size; ERR_UNAVAILABLE when the kernel refuses the port.
  Error bind(int port, std::string_view address = "*",
             int recv_buf_size = kDefaultReceiveBufferSize);
  // Drops what waits. The destination stays.
  void close();

  // Blocks until a packet is queued. ERR_UNCONFIGURED when not open, ERR_TIMEOUT,
  // FAILED when the socket reports an error, ERR_SKIP after wake().
  Error wait();
  Error wait(std::chrono::milliseconds timeout);
  // Any thread: ends the consumer's wait, or its next one.
  void wake();

  bool is_bound() const;
  bool is_socket_connected() const;

  // Only this remote's packets arrive afterwards; what waits is dropped. A literal
  // address only: names give ERR_INVALID_PARAMETER. ERR_LOCKED on a server's peer.
  Error connect_to_host(std::string_view host, int port);

  // Where put_packet sends to. A name is resolved, which blocks; ERR_CANT_RESOLVE.
  // On a connected peer nothing changes and the answer is OK, as in Godot.
  Error set_dest_address(std::string_view host, int port);

  // Sender of the packet that was last taken: "" and 0 before the first. A server's
  // peer knows it from the start.
  std::string get_packet_ip() const;
  int get_packet_port() const;
  int get_local_port() const;  // 0 when not open

  void set_broadcast_enabled(bool enabled);
  Error join_multicast_group(std::string_view group, std::string_view interface_name);
  Error leave_multicast_group(std::string_view group, std::string_view interface_name);

  int get_available_packet_count() const override;
  int get_max_packet_size() const override;

 private:
  friend class UDPServer;

  Error take_packet(std::span<const std::uint8_t>* packet) override;
  Error send_packet(std::span<const std::uint8_t> packet) override;

  std::size_t largest_packet() const override;
  Error oversized_packet_error() const override;
  EncodePool& encode_pool() override;

  bool is_open() const;
  // Opens a socket that is bound to nothing yet, for the family of an address.
  Error open_unbound(const net::IpAddress& address);
  Error check_group_call(std::string_view group, net::IpAddress* address) const;
  internal::SocketEndpoint* own_socket() const;

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<internal::PeerEndpoint> endpoint_;
  net::Endpoint destination_;
  net::Endpoint sender_;
  bool has_destination_ = false;
  bool has_sender_ = false;
  bool broadcast_ = false;
  bool connected_ = false;
  // A packet has gone to the destination: later ones may take the worker's queue.
  std::atomic<bool> destination_proven_{false};
};

}  // namespace ringpeer

#endif  // RINGPEER_PACKET_PEER_UDP_H_
