#ifndef RINGPEER_ENGINE_API_INHERITED_SOCKETS_H_
#define RINGPEER_ENGINE_API_INHERITED_SOCKETS_H_

#include "ringpeer/codec/base/language.h"

#include <string>
#include <vector>

namespace ringpeer {

// A socket that a service manager has opened for this process (socket activation).
struct InheritedSocket {
  int descriptor = -1;
  std::string name;  // what the service manager calls it; "" when it does not
};

// The sockets that LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES name, in their order; none
// when the process was started in another way. Give one to
// UDPServer::listen_descriptor or PacketPeerUDP::bind_descriptor: a restart then loses
// no packet, since the service manager keeps the socket open.
//
// A second call gives the same list. A peer or server that took one over closes it; it is not to
// be used again.
//
// Marks them close-on-exec. Reads the environment: call it before other threads write
// to that.
std::vector<InheritedSocket> inherited_sockets();

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_API_INHERITED_SOCKETS_H_
