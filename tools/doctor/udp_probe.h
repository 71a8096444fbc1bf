#ifndef RINGPEER_TOOLS_DOCTOR_UDP_PROBE_H_
#define RINGPEER_TOOLS_DOCTOR_UDP_PROBE_H_

#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/doctor/machine_facts.h"

namespace ringpeer::tools {

// Opens a UDP socket, binds it and has a datagram come over loopback, without io_uring. Takes a
// fifth of a second at most.
//
// In a process of its own (see trial_process.h): call it while there is one thread. Without another
// process (was_tried is false) nothing is tried.
StepFacts probe_udp();

// Parts of it, for others that want datagrams, in this process. 0 or errno.
// A socket of loopback, of whichever family there is.
int open_loopback(net::Socket* socket);
// That many datagrams to such a socket, from another.
int send_over_loopback(const net::Socket& receiver, int count);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_UDP_PROBE_H_
