#ifndef RINGPEER_TOOLS_DOCTOR_CALL_PROBE_H_
#define RINGPEER_TOOLS_DOCTOR_CALL_PROBE_H_

#include <vector>

#include "ringpeer/tools/doctor/machine_facts.h"

namespace ringpeer::tools {

// Makes each system call that servers and clients make, most of them with arguments that no kernel
// accepts: what refuses them then is a filter. In processes of their own (see trial_process.h),
// of which each ends where a call kills. Empty without another process.
// Threads: one, and no other in the process.
std::vector<CallFacts> probe_calls();

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_CALL_PROBE_H_
