#ifndef RINGPEER_TESTS_PROBES_PROBE_GROUPS_H_
#define RINGPEER_TESTS_PROBES_PROBE_GROUPS_H_

#include "ringpeer/tests/probes/probe_context.h"

namespace ringpeer::probes {

// Each group makes the calls that Godot was asked to make, in the same order, and
// reports what this library answered under the same names.
void run_defaults(ProbeContext& context);
void run_binds(ProbeContext& context);
void run_puts(ProbeContext& context);
void run_gets(ProbeContext& context);
void run_get_errors(ProbeContext& context);
void run_encode_maximum(ProbeContext& context);
void run_rings(ProbeContext& context);
void run_connects(ProbeContext& context);
void run_closes(ProbeContext& context);
void run_addresses(ProbeContext& context);
void run_broadcast_and_multicast(ProbeContext& context);
void run_servers(ProbeContext& context);

inline void run_all(ProbeContext& context) {
  run_defaults(context);
  run_binds(context);
  run_puts(context);
  run_gets(context);
  run_get_errors(context);
  run_encode_maximum(context);
  run_rings(context);
  run_connects(context);
  run_closes(context);
  run_addresses(context);
  run_broadcast_and_multicast(context);
  run_servers(context);
}

}  // namespace ringpeer::probes

#endif  // RINGPEER_TESTS_PROBES_PROBE_GROUPS_H_
