#ifndef RINGPEER_ENGINE_CORE_SOCKET_OPTIONS_H_
#define RINGPEER_ENGINE_CORE_SOCKET_OPTIONS_H_

#include "ringpeer/codec/base/language.h"

#include <chrono>
#include <string>

#include "ringpeer/admission_options.h"
#include "ringpeer/engine/net/socket.h"

namespace ringpeer {

using net::PathMtuDiscovery;

// What a socket is asked for when it is opened, beyond what Godot knows. The default
// of every field changes nothing.
//
// A plain value; the calls that take one say what they answer when the kernel refuses
// part of it.
struct SocketOptions {
  // SO_RCVBUF and SO_SNDBUF in bytes; 0: what EngineOptions says. The kernel grants at
  // most its limits (net.core.rmem_max, wmem_max) to who has no privileges; what it
  // granted is get_socket_receive_buffer() and get_socket_send_buffer().
  int receive_buffer = 0;
  int send_buffer = 0;

  // Differentiated services code point of what is sent, 0 to 63 (46: expedited
  // forwarding, what voice uses); -1: the system's.
  int dscp = -1;

  // Whether packets may be fragmented. With kDontFragment a packet larger than the
  // known path MTU fails, and get_path_mtu() says what fits.
  PathMtuDiscovery path_mtu_discovery = PathMtuDiscovery::kSystemDefault;

  // Receive and send through this interface only ("eth1"); "": any.
  std::string interface;

  // On a machine with several addresses and a socket on "*": answers leave from the
  // address that the client wrote to, not from the one that the route would give.
  // A server's peers answer from the address their first packet came to, UDPServer::answer and a
  // PacketPeerUDP whose destination was set to the sender of the packet got last from that one's.
  bool reply_from_received_address = false;

  // Times of arrival are the kernel's (SO_TIMESTAMPNS) instead of the worker's, which
  // may be a latency budget later.
  bool receive_timestamps = false;

  // Servers only, whose socket is connected to nobody (a PacketPeerUDP that asks for it is
  // refused with ERR_INVALID_PARAMETER; a connected one is told anyway): ICMP errors are read, and
  // a peer whose machine answers that nobody listens is is_disconnected() once it has been silent
  // for a second.
  bool detect_unreachable = false;

  // PacketPeerUDP only, to one destination (a server that listens with it is refused with
  // ERR_INVALID_PARAMETER): speaks with a server whose AdmissionOptions ask for a cookie. The
  // worker says hello until it hears from the server and answers its challenges, whenever they
  // come; what is put before the server knows the peer is lost.
  bool cookie = false;

  // Other sockets that ask for it too may have the same port: the kernel spreads
  // senders over them by a hash of the addresses, and again whenever one comes or goes.
  bool share_port = false;
};

// How a server hands out what it receives.
enum class ServerReceive {
  kPerRemote,  // Godot's way: each sender becomes a connection with a queue of its own
  // One queue of all senders, read by the server's get_packet and drain. No state is
  // kept of any sender, so no number of them costs memory; nor is one's flood kept apart
  // from another's packets.
  kTogether,
};

struct ServerOptions {
  SocketOptions socket;
  ServerReceive receive = ServerReceive::kPerRemote;
  // See UDPServer::set_idle_timeout. 0: what that has set.
  std::chrono::milliseconds idle_timeout{0};
  AdmissionOptions admission{};
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_CORE_SOCKET_OPTIONS_H_
