#ifndef RINGPEER_PACKET_PEER_UDP_H_
#define RINGPEER_PACKET_PEER_UDP_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ringpeer/engine.h"
#include "ringpeer/packet_peer.h"

namespace ringpeer {

namespace internal {
class PeerEndpoint;
}

// Godot's PacketPeerUDP: one UDP socket, or one remote of a UDPServer.
//
// Threads: one consumer thread at a time for everything but put_packet and put_var,
// which any thread may call.
class PacketPeerUDP : public PacketPeer {
 public:
  // Godot's default for recv_buf_size.
  static constexpr int kDefaultReceiveBufferSize = 65536;

  explicit PacketPeerUDP(std::shared_ptr<Engine> engine = nullptr);
  ~PacketPeerUDP() override;

  // Opens a socket on port (0: the kernel chooses) of address, "*" for every
  // address of both families.
  Error bind(int port, std::string_view address = "*",
             int recv_buf_size = kDefaultReceiveBufferSize);
  void close();

  // Blocks until a packet is queued; ERR_TIMEOUT after timeout. wake() from another
  // thread ends it with ERR_SKIP.
  Error wait();
  Error wait(std::chrono::milliseconds timeout);
  void wake();

  bool is_bound() const;
  bool is_socket_connected() const;

  // Only this remote's packets arrive afterwards. A literal address only.
  Error connect_to_host(std::string_view host, int port);

  // Where put_packet sends to. A name is resolved, which blocks.
  Error set_dest_address(std::string_view host, int port);

  // Sender of the packet that was last taken: "" and 0 before the first.
  std::string get_packet_ip() const;
  int get_packet_port() const;
  int get_local_port() const;

  void set_broadcast_enabled(bool enabled);
  Error join_multicast_group(std::string_view group, std::string_view interface_name);
  Error leave_multicast_group(std::string_view group, std::string_view interface_name);

  int get_available_packet_count() const override;
  int get_max_packet_size() const override;

 private:
  friend class UDPServer;
  Error take_packet(std::span<const std::uint8_t>* packet) override;
  Error send_packet(std::span<const std::uint8_t> packet) override;

  std::unique_ptr<internal::PeerEndpoint> endpoint_;
};

}  // namespace ringpeer

#endif  // RINGPEER_PACKET_PEER_UDP_H_
