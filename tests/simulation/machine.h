#ifndef RINGPEER_TESTS_SIMULATION_MACHINE_H_
#define RINGPEER_TESTS_SIMULATION_MACHINE_H_

#include "ringpeer/tests/simulation/faults.h"
#include "ringpeer/tests/simulation/kernel.h"
#include "ringpeer/tests/simulation/network.h"
#include "ringpeer/tests/simulation/random.h"
#include "ringpeer/tests/simulation/scheduler.h"

namespace ringpeer::simulation {

// One without a plan, for models that need nothing of the world around it: no fault happens that
// they do not ask for.
struct Machine {
  explicit Machine(const KernelFeatures& features = {})
      : kernel(scheduler, faults, network, Random(4), features) {}

  Scheduler scheduler{Random(1)};
  Faults faults{Random(2)};
  Network network{scheduler, faults, Random(3)};
  Kernel kernel;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_MACHINE_H_
