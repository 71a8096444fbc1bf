#ifndef RINGPEER_BENCH_SCALE_OWN_NETWORK_H_
#define RINGPEER_BENCH_SCALE_OWN_NETWORK_H_

#include <string>

namespace ringpeer::bench {

// Moves this process into a network namespace of its own, whose loopback interface is up: no
// traffic of others, counters that begin at 0, and the right to large buffers and raw sockets. For
// root, or where user namespaces are allowed.
//
// "" when it is there, else why not. Threads: before there is a second one; those that begin later
// are in the same namespace.
std::string enter_own_network();

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_SCALE_OWN_NETWORK_H_
