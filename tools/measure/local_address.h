#ifndef RINGPEER_TOOLS_MEASURE_LOCAL_ADDRESS_H_
#define RINGPEER_TOOLS_MEASURE_LOCAL_ADDRESS_H_

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::tools {

// Whether the address (not the port) is one of this machine, as the kernel has it now: whether a
// socket can be bound to it. Three system calls. False when that cannot be found out.
//
// Threads: any.
bool is_of_this_machine(net::Endpoint endpoint);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_MEASURE_LOCAL_ADDRESS_H_
