#ifndef RINGPEER_ENGINE_API_UDP_SERVER_H_
#define RINGPEER_ENGINE_API_UDP_SERVER_H_

#include "ringpeer/codec/base/language.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/drain_batch.h"
#include "ringpeer/engine.h"
#include "ringpeer/engine/peer/held_view.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/socket_options.h"
#include "ringpeer/source_list.h"

namespace ringpeer {

namespace internal {
class ServerCore;
}

// Godot's UDPServer: one port, one PacketPeerUDP for each remote.
//
// Threads: a server and the peers taken from it belong to one consumer thread at a
// time; put_packet_to, wake, and the peers' put_packet and put_var may be called from
// any thread at any time while the objects live, beside stop() and a peer's close() too.
class UDPServer {
 public:
  static constexpr int kDefaultMaxPendingConnections = 16;

  explicit UDPServer(std::shared_ptr<Engine> engine = nullptr);
  ~UDPServer();
  UDPServer(const UDPServer&) = delete;
  UDPServer& operator=(const UDPServer&) = delete;

  // ERR_CANT_CREATE when the process or the machine has as many descriptors as it may.
  Error listen(int port, std::string_view bind_address = "*");
  // The same with options. ERR_UNAVAILABLE when the kernel refuses one of them, too.
  Error listen(int port, std::string_view bind_address, const ServerOptions& options);
  // On a UDP socket that is bound already (socket activation: see inherited_sockets()),
  // served by one worker and closed with the server. ERR_INVALID_PARAMETER when the
  // descriptor is none, ERR_ALREADY_IN_USE when it is another peer's or server's; it stays the
  // caller's, and open, on any error.
  Error listen_descriptor(int descriptor, const ServerOptions& options = {});
  // What was put before is sent, as with PacketPeerUDP::close(); puts of other threads
  // meanwhile, and all later ones, fail.
  void stop();

  // Moves what has arrived to the peers. ERR_UNCONFIGURED when not listening. Not
  // needed unless automatic polling was switched off.
  Error poll();
  // Whether every call that looks at packets or connections polls first; true by
  // default. False is Godot's way: what arrives after poll() waits for the next one, so
  // that a tick sees the same input from its beginning to its end. wait() polls all the same.
  void set_automatic_poll(bool enabled);
  bool get_automatic_poll() const { return automatic_poll_; }

  // Both say once that there is none after max_pending_connections were taken since they said so
  // last, or since poll(), wait() or Engine::sync(): a loop ends, however many knock.
  bool is_connection_available() const;
  // The oldest new remote, its first packet queued; null when there is none, or no memory for its
  // peer: then it goes on waiting.
  std::shared_ptr<PacketPeerUDP> take_connection();

  // ---- The server as a whole: no call a peer, no look at peers without packets.

  // Packets of all peers that were taken, one of each in turn, within a budget; see
  // DrainBatch. Where the last call stopped, the next goes on. With
  // ServerReceive::kTogether: of everybody, in order of arrival. Empty when not listening.
  DrainBatch drain(const DrainBudget& budget = {});
  // Calls receive(const ReceivedPacket&) for each; returns how many.
  template <typename Receive>
  std::size_t drain(const DrainBudget& budget, Receive&& receive) {
    DrainBatch batch = drain(budget);
    for (const ReceivedPacket& packet : batch) receive(packet);
    return batch.count();
  }
  // The next single packet in the same order; its payload stays valid until the next
  // get_packet of the server, or its end. ERR_UNAVAILABLE when nothing waits,
  // ERR_UNCONFIGURED when not listening, FAILED when the engine has stopped.
  Error get_packet(ReceivedPacket* packet);

  // Polls until a packet or a new connection waits, asleep in between, whether every call polls
  // or not. Any time may be given; a negative one has no end. ERR_UNCONFIGURED when not
  // listening, ERR_TIMEOUT, ERR_SKIP after wake(), FAILED when the engine has stopped.
  Error wait(std::chrono::milliseconds timeout);
  // Any thread: ends the consumer's wait, or its next one.
  void wake();
  // As PacketPeerUDP::get_poll_descriptor: readable when a packet or a connection may
  // wait.
  int get_poll_descriptor();

  // Sends to anybody from the server's port, known or not. From any thread, in the
  // order of each thread's calls. ERR_UNCONFIGURED when not listening,
  // ERR_INVALID_PARAMETER for a bad address or port, ERR_BUSY when the send queue is
  // full, FAILED. What the kernel refuses later is only counted.
  Error put_packet_to(const net::Endpoint& destination, std::span<const std::uint8_t> packet);
  Error put_packet_to(std::string_view ip, int port, std::span<const std::uint8_t> packet);
  // To the packet's sender, leaving from the address that it was sent to (known with
  // SocketOptions::reply_from_received_address), then by a system call of this thread.
  Error answer(const ReceivedPacket& received, std::span<const std::uint8_t> packet);

  // The same bytes to every peer that was taken, but for one: copied once, whatever
  // their number. OK with no peer. ERR_BUSY when the send queue has no room for all (with
  // several workers, some of them may have had). An empty packet sends nothing.
  Error put_packet_to_all(std::span<const std::uint8_t> packet,
                          const PacketPeerUDP* except = nullptr);
  // Encoded once. ERR_OUT_OF_MEMORY when too large or nested too deeply.
  Error put_var_to_all(const Variant& value, bool full_objects = false,
                       const PacketPeerUDP* except = nullptr);

  // Peers from which nothing comes for this long are is_idle() and is_disconnected().
  // 0: none are.
  void set_idle_timeout(std::chrono::milliseconds timeout);
  std::chrono::milliseconds get_idle_timeout() const { return idle_timeout_; }
  // The next taken peer that has become is_disconnected(), once each time that it does;
  // null when none was found among the next thousand or so: call it once a tick, in a
  // loop until null. Close the peer to forget it.
  PacketPeerUDP* next_disconnected();

  // Who may send, from now on: see SourceList. Null: everybody, as at first. A peer whose address
  // it refuses becomes is_disconnected(), gets nothing more, and stays so, whatever lists follow;
  // its packets are drop_denied. Others lose nothing while the list changes. May be called before
  // listen(), too, and again at any time: any size takes the workers a moment for each sender that
  // is known.
  void set_source_list(std::shared_ptr<const SourceList> list);

  // Senders that the server knows: taken, pending, and closed ones for a moment.
  std::size_t get_remote_count() const;
  // What the kernel granted each of the server's sockets; 0 when not listening.
  int get_socket_receive_buffer() const;
  int get_socket_send_buffer() const;

  bool is_listening() const;
  int get_local_port() const;

  int get_max_pending_connections() const;
  void set_max_pending_connections(int count);

 private:
  // False, and the log says why, when they make no sense.
  bool check(const ServerOptions& options) const;
  // What follows the making of core_, which had this error.
  Error start(const ServerOptions& options, int error);

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<internal::ServerCore> core_;
  internal::HeldView view_;
  // core_, for other threads, within a worker::PutSection.
  std::atomic<internal::ServerCore*> shared_core_{nullptr};
  std::shared_ptr<const SourceList> source_list_;
  std::chrono::milliseconds idle_timeout_{0};
  int max_pending_connections_ = kDefaultMaxPendingConnections;
  bool automatic_poll_ = true;
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_API_UDP_SERVER_H_
