#include "ringpeer/tests/simulation/failure.h"

#include <cstdio>
#include <cstdlib>

namespace ringpeer::simulation {

void fail(std::string_view what) {
  std::fprintf(stderr, "simulation: %.*s\n", static_cast<int>(what.size()), what.data());
  std::_Exit(kFailedStatus);
}

}  // namespace ringpeer::simulation
