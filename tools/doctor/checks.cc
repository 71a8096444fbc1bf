#include "ringpeer/tools/doctor/checks.h"

namespace ringpeer::tools {

Findings check_machine(const MachineFacts& facts, const DoctorPlan& plan) {
  Findings findings = {check_kernel(facts),
                       check_uring(facts),
                       check_uring_features(facts),
                       check_calls(facts),
                       check_udp(facts),
                       check_receive_buffer(facts, plan),
                       check_send_buffer(facts, plan),
                       check_udp_memory(facts),
                       check_backlog(facts, plan),
                       check_drops(facts),
                       check_memlock(facts),
                       check_descriptors(facts, plan),
                       check_ports(facts, plan),
                       check_processors(facts),
                       check_idle(facts),
                       check_frequency(facts),
                       check_clock(facts),
                       check_quota(facts, plan),
                       check_steal(facts)};
  for (const InterfaceFacts& interface : facts.interfaces) {
    findings.push_back(check_interface(interface, facts, plan));
  }
  return findings;
}

}  // namespace ringpeer::tools
