#ifndef RINGPEER_TOOLS_DOCTOR_URING_PROBE_H_
#define RINGPEER_TOOLS_DOCTOR_URING_PROBE_H_

#include "ringpeer/tools/doctor/machine_facts.h"

namespace ringpeer::tools {

// Sets an io_uring up and uses it as the engine does: buffers are registered, and a multishot
// receive brings datagrams that are sent over loopback. Takes a second at most.
//
// In a process of its own (see trial_process.h): call it while there is one thread. Without another
// process (was_tried is false) nothing is tried.
UringFacts probe_uring();

// The same in this process, whatever becomes of it.
void try_uring(UringFacts* facts);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_URING_PROBE_H_
