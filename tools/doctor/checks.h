#ifndef RINGPEER_TOOLS_DOCTOR_CHECKS_H_
#define RINGPEER_TOOLS_DOCTOR_CHECKS_H_

#include <cstdint>
#include <optional>

#include "ringpeer/tools/doctor/doctor_plan.h"
#include "ringpeer/tools/doctor/finding.h"
#include "ringpeer/tools/doctor/machine_facts.h"

namespace ringpeer::tools {

// Each says what the facts of a machine mean for the plan. What is not known is a note that says
// so: nobody is told that all is well because nobody could look.
//
// Threads: any; functions without state. Failure: none.

// The kernel and what it, a container or a setting allows.
Finding check_kernel(const MachineFacts& facts);
Finding check_uring(const MachineFacts& facts);
Finding check_uring_features(const MachineFacts& facts);
Finding check_calls(const MachineFacts& facts);
Finding check_udp(const MachineFacts& facts);

// Where datagrams wait.
Finding check_receive_buffer(const MachineFacts& facts, const DoctorPlan& plan);
Finding check_send_buffer(const MachineFacts& facts, const DoctorPlan& plan);
Finding check_udp_memory(const MachineFacts& facts);
Finding check_backlog(const MachineFacts& facts, const DoctorPlan& plan);
Finding check_drops(const MachineFacts& facts);

// What a process may have.
Finding check_memlock(const MachineFacts& facts);
Finding check_descriptors(const MachineFacts& facts, const DoctorPlan& plan);
Finding check_ports(const MachineFacts& facts, const DoctorPlan& plan);

// What runs it.
Finding check_processors(const MachineFacts& facts);
Finding check_idle(const MachineFacts& facts);
Finding check_frequency(const MachineFacts& facts);
Finding check_clock(const MachineFacts& facts);
Finding check_quota(const MachineFacts& facts, const DoctorPlan& plan);
Finding check_steal(const MachineFacts& facts);

// What brings it.
Finding check_interface(const InterfaceFacts& facts, const MachineFacts& machine,
                        const DoctorPlan& plan);

// All of them, in this order.
Findings check_machine(const MachineFacts& facts, const DoctorPlan& plan);

// What the receive buffer that the engine is granted holds; nothing when that is not known.
struct BufferRoom {
  std::uint64_t packets = 0;
  double ms = 0;  // until it is full at the plan's rate, while nobody reads
};
std::optional<BufferRoom> room_of_buffer(const MachineFacts& facts, const DoctorPlan& plan);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_CHECKS_H_
