#ifndef RINGPEER_TESTS_SIMULATION_COVERAGE_H_
#define RINGPEER_TESTS_SIMULATION_COVERAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/tests/simulation/faults.h"

namespace ringpeer::simulation {

// What runs have reached: how often each counter counted, each fault happened, and each branch that
// is marked in the engine (codec/base/branch.h) was passed. A plain value, which processes can
// share.
struct Coverage {
  static constexpr std::size_t kMaxBranches = 256;

  std::array<std::uint64_t, kCounterCount> counters{};
  std::array<std::uint64_t, kFaultCount> faults{};
  std::array<std::uint64_t, kMaxBranches> branches{};

  void add(const CounterSnapshot& snapshot, const Faults& happened);
  // The branches that this process has passed.
  void add_branches();
  Coverage& operator+=(const Coverage& other);

  // The names of those that were reached by none.
  std::vector<std::string> missing() const;
  // A line each.
  std::string to_text() const;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_COVERAGE_H_
