#include <cstdio>
#include <cstdlib>

#include "ringpeer/tests/simulation/plan.h"
#include "ringpeer/tests/simulation/world.h"

int main(int argc, char** argv) {
  const unsigned long first = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1;
  const unsigned long count = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  for (unsigned long seed = first; seed < first + count; ++seed) {
    std::fprintf(stderr, "seed %lu\n", seed);
    ringpeer::simulation::World world(ringpeer::simulation::Plan::from_seed(seed));
    world.run();
    if (count == 1) std::fprintf(stderr, "%016lx\n", world.fingerprint());
  }
}
