#ifndef RINGPEER_UDP_SERVER_H_
#define RINGPEER_UDP_SERVER_H_

#include <memory>
#include <string_view>

#include "ringpeer/engine.h"
#include "ringpeer/packet_peer_udp.h"

namespace ringpeer {

namespace internal {
class ServerCore;
}

// Godot's UDPServer: one port, one PacketPeerUDP for each remote.
//
// Threads: a server and the peers taken from it belong to one consumer thread at a
// time; the peers' put_packet and put_var may be called from any thread.
class UDPServer {
 public:
  static constexpr int kDefaultMaxPendingConnections = 16;

  explicit UDPServer(std::shared_ptr<Engine> engine = nullptr);
  ~UDPServer();
  UDPServer(const UDPServer&) = delete;
  UDPServer& operator=(const UDPServer&) = delete;

  Error listen(int port, std::string_view bind_address = "*");
  void stop();

  // Moves what has arrived to the peers. ERR_UNCONFIGURED when not listening. Not
  // needed unless automatic polling was switched off.
  Error poll();
  // Whether every call that looks at packets or connections polls first; true by
  // default. False is Godot's way: what arrives after poll() waits for the next one, so
  // that a tick sees the same input from its beginning to its end.
  void set_automatic_poll(bool enabled);
  bool get_automatic_poll() const { return automatic_poll_; }

  bool is_connection_available() const;
  // The oldest new remote, its first packet queued; null when there is none.
  std::shared_ptr<PacketPeerUDP> take_connection();

  bool is_listening() const;
  int get_local_port() const;

  int get_max_pending_connections() const;
  void set_max_pending_connections(int count);

 private:
  std::shared_ptr<Engine> engine_;
  std::shared_ptr<internal::ServerCore> core_;
  int max_pending_connections_ = kDefaultMaxPendingConnections;
  bool automatic_poll_ = true;
};

}  // namespace ringpeer

#endif  // RINGPEER_UDP_SERVER_H_
