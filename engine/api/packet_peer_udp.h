#ifndef RINGPEER_ENGINE_API_PACKET_PEER_UDP_H_
#define RINGPEER_ENGINE_API_PACKET_PEER_UDP_H_

#include "ringpeer/codec/base/language.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ringpeer/codec/base/mutex.h"
#include "ringpeer/drain_batch.h"
#include "ringpeer/engine.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/peer/channel_pointer.h"
#include "ringpeer/engine/peer/held_view.h"
#include "ringpeer/engine/peer/put_state.h"
#include "ringpeer/packet_peer.h"
#include "ringpeer/socket_options.h"

namespace ringpeer {

namespace internal {
class PeerChannel;
class SocketChannel;
}  // namespace internal

// Godot's PacketPeerUDP: one UDP socket, or one remote of a UDPServer.
//
// Threads: one consumer thread at a time for everything but put_packet, put_packet_to,
// put_var and wake, which any thread may call at any time while the object lives, beside
// close() and every other call of the consumer too.
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

  // Opens a socket on port (0: the kernel chooses) of bind_address, "*" for every address
  // of both families. recv_buf_size bounds what may wait here, counted as Godot
  // counts (24 bytes and the payload a packet, rounded up to a power of two); beyond
  // it the newest packet is dropped and counted.
  //
  // ERR_ALREADY_IN_USE when open; ERR_INVALID_PARAMETER for a bad address, port or
  // size; ERR_UNAVAILABLE when the kernel refuses the port, ERR_CANT_CREATE when it gives
  // no socket.
  Error bind(int port, std::string_view bind_address = "*",
             int recv_buf_size = kDefaultReceiveBufferSize);
  // The same with options. ERR_UNAVAILABLE when the kernel refuses one of them, too.
  Error bind(int port, std::string_view bind_address, int recv_buf_size,
             const SocketOptions& options);
  // Takes over a UDP socket that is bound already (socket activation: see
  // inherited_sockets()), and closes it with the peer. ERR_INVALID_PARAMETER when the
  // descriptor is none, ERR_ALREADY_IN_USE when it is another peer's; it stays the caller's, and
  // open, on any error.
  Error bind_descriptor(int descriptor, int recv_buf_size = kDefaultReceiveBufferSize,
                        const SocketOptions& options = {});
  // What the socket is asked for that connect_to_host, join_multicast_group or a put opens, or a
  // bind that is given no options. The opening call is ERR_CANT_OPEN (bind: ERR_UNAVAILABLE) when
  // the kernel refuses one. ERR_ALREADY_IN_USE when open, ERR_INVALID_PARAMETER with
  // detect_unreachable, which is for servers.
  Error set_socket_options(const SocketOptions& options);

  // Drops what waits to be taken; the packet got last stays valid. What was put before is sent,
  // which takes 500 ms at most, and 100 ms when the kernel takes none of it; the rest is
  // counted. Puts of other threads meanwhile are FAILED. The destination stays: a later put
  // opens the peer again, as in Godot.
  void close();

  // Blocks until a packet is queued; a server's peer polls its server while it does. Any time
  // may be given; a negative one has no end. ERR_UNCONFIGURED when not open, ERR_TIMEOUT,
  // FAILED when the socket reports an error, ERR_SKIP after wake().
  Error wait();
  Error wait(std::chrono::milliseconds timeout);
  // Any thread: ends the consumer's wait, or its next one.
  void wake();

  // Takes what the workers have received; of a server's peer: polls the server. Not needed
  // while they run and automatic polling is on: every other call that looks at packets does it
  // too. ERR_UNCONFIGURED when not open, FAILED when the engine or server has stopped.
  Error poll();

  // Packets within a budget, as views that stay valid while the batch lives; see
  // DrainBatch. Empty when not open.
  DrainBatch drain(const DrainBudget& budget = {});

  // A descriptor for a foreign event loop (poll, epoll): readable when packets may be
  // queued, quiet again once a call of this peer has found none, readable after wake()
  // until then. Never read, write or close it. Of a server's peer it is the server's. The
  // first call costs nothing later but a system call each time that the queue runs empty
  // and each time that it stops being so. -1 when not open, or with an engine without
  // threads.
  int get_poll_descriptor();

  // Of a server's peer: nothing has come for the server's idle timeout.
  bool is_idle() const;
  // Of a server's peer: it is idle, or its machine has answered that nobody listens
  // (SocketOptions::detect_unreachable) and nothing has come since, for a second at least, or
  // the server has stopped. The peer goes on working: a packet that comes ends the state. Of
  // others: not open.
  bool is_disconnected() const;

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

  // The same with the interface of a link-local address; all zeros before the first.
  const net::Endpoint& get_packet_endpoint() const { return sender_; }
  // When the packet that was last taken came in: to the worker, or with
  // SocketOptions::receive_timestamps to the kernel. time_point() before the first.
  std::chrono::steady_clock::time_point get_packet_arrival() const;

  // Sends to anybody, whatever the destination is. From any thread, in the order of
  // each thread's calls. ERR_UNCONFIGURED when not open, ERR_LOCKED on a connected peer
  // and on a server's, ERR_INVALID_PARAMETER for a bad address or port, ERR_BUSY when
  // the send queue is full, FAILED. What the kernel refuses later is only counted.
  Error put_packet_to(const net::Endpoint& destination, std::span<const std::uint8_t> packet);
  Error put_packet_to(std::string_view ip, int port, std::span<const std::uint8_t> packet);

  // What the kernel granted, in bytes of its own counting (twice what was asked for, at
  // most twice its limit); 0 when not open.
  int get_socket_receive_buffer() const;
  int get_socket_send_buffer() const;
  // The largest payload that reaches the destination unfragmented as far as the kernel
  // knows; 0 without a destination or a route to it. A few system calls.
  int get_path_mtu() const;

  void set_broadcast_enabled(bool enabled);
  Error join_multicast_group(std::string_view group, std::string_view interface_name);
  Error leave_multicast_group(std::string_view group, std::string_view interface_name);

  // Bounds a loop that takes until nothing waits: 0 once, whatever waits, after as much was given
  // as the queue may hold since "nothing" was said last, or since poll(), wait() or
  // Engine::sync(). get_packet and get_var answer ERR_UNAVAILABLE in the same way.
  int get_available_packet_count() const override;
  int get_max_packet_size() const override;

 private:
  friend class UDPServer;

  Error check_options(const SocketOptions& options) const;
  Error open_bound(net::Socket socket, int recv_buf_size, const SocketOptions& options);

  Error take_packet(std::span<const std::uint8_t>* packet) override;
  Error take_packet_briefly(std::span<const std::uint8_t>* packet) override;
  Error send_packet(std::span<const std::uint8_t> packet) override;

  std::size_t largest_packet() const override;
  Error oversized_packet_error() const override;
  EncodePool& encode_pool() override;

  bool is_open() const;
  // See listen_address.h.
  Error take_engine() RINGPEER_REQUIRES(opening_);
  bool is_in_child() const;
  // Opens a socket that is bound to nothing yet, for the family of an address. For a put, by any
  // thread.
  Error open_unbound(const net::IpAddress& address, bool for_put = false)
      RINGPEER_REQUIRES(opening_);
  Error open_and_bind(int port, std::string_view address, int recv_buf_size,
                      const SocketOptions& options) RINGPEER_REQUIRES(opening_);
  Error open_for_put() RINGPEER_EXCLUDES(opening_);
  bool send_to_remote();
  Error check_group_call(std::string_view group, net::IpAddress* address) const;
  internal::SocketChannel* own_socket() const;
  void set_destination(const internal::PutDestination::Value& destination)
      RINGPEER_EXCLUDES(opening_);
  void give_destination(const internal::PutDestination::Value& destination);
  net::LocalAddress reply_address_for(const net::Endpoint& destination) const;

  // With what every put looks at.
  internal::ChannelPointer channel_;
  std::atomic<Engine*> known_engine_;  // engine_, for any thread
  internal::PutState puts_;

  base::Mutex opening_;                                    // of whoever opens or closes
  bool is_closing_ RINGPEER_GUARDED_BY(opening_) = false;  // puts do not open it again
  // Set with opening_ locked; the same once there is one. view_ lies in its memory.
  std::shared_ptr<Engine> engine_;
  bool broadcast_ RINGPEER_GUARDED_BY(opening_) = false;
  SocketOptions socket_options_ RINGPEER_GUARDED_BY(opening_);

  // The consumer's.
  bool has_sender_ = false;
  bool connected_ = false;
  internal::PutDestination::Value destination_;
  net::Endpoint sender_;
  internal::HeldView view_;
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_API_PACKET_PEER_UDP_H_
