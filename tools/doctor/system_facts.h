#ifndef RINGPEER_TOOLS_DOCTOR_SYSTEM_FACTS_H_
#define RINGPEER_TOOLS_DOCTOR_SYSTEM_FACTS_H_

#include "ringpeer/tools/doctor/machine_facts.h"
#include "ringpeer/tools/doctor/machine_files.h"

namespace ringpeer::tools {

// The facts of this machine: by its files, and by asking the kernel. What it asks, it asks in
// processes of its own (see trial_process.h). Takes a second or so, most of it for the steal of
// that time.
// Threads: one, and no other in the process. Failure: what cannot be found out stays empty.
MachineFacts gather_facts(const MachineFiles& files);

// Parts of it.
// What a UDP socket is granted that asks as the engine does.
void probe_sockets(SocketFacts* facts);
void probe_limits(const MachineFiles& files, LimitFacts* facts);
// What only the driver of the interface knows (ethtool); left empty where it does not say.
void probe_interface(InterfaceFacts* facts);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_SYSTEM_FACTS_H_
