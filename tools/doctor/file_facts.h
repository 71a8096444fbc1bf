#ifndef RINGPEER_TOOLS_DOCTOR_FILE_FACTS_H_
#define RINGPEER_TOOLS_DOCTOR_FILE_FACTS_H_

#include <optional>
#include <string_view>

#include "ringpeer/tools/doctor/machine_facts.h"
#include "ringpeer/tools/doctor/machine_files.h"

namespace ringpeer::tools {

// What the files of a machine say. Whatever stands in them: what makes no sense is not known.
// Threads: one. Failure: what cannot be read stays empty.

std::optional<KernelVersion> parse_release(std::string_view release);

void read_sandbox(const MachineFiles& files, SandboxFacts* facts);
void read_sockets(const MachineFiles& files, SocketFacts* facts);
void read_ports(const MachineFiles& files, LimitFacts* facts);
void read_processors(const MachineFiles& files, ProcessorFacts* facts);
// The interfaces that are up, without loopback; what only the driver knows is left empty.
std::vector<InterfaceFacts> read_interfaces(const MachineFiles& files);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_FILE_FACTS_H_
