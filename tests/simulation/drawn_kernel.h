#ifndef RINGPEER_TESTS_SIMULATION_DRAWN_KERNEL_H_
#define RINGPEER_TESTS_SIMULATION_DRAWN_KERNEL_H_

#include "ringpeer/tests/simulation/kernel.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::simulation {

// Of any age; its completion ring is as large as it is asked to be.
inline KernelFeatures draw_features(test::Draws& draws) {
  KernelFeatures features;
  features.has_min_wait = !draws.one_in(2);
  features.has_incremental_buffers = draws.one_in(2);
  return features;
}

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_DRAWN_KERNEL_H_
