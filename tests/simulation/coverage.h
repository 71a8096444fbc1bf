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

// How often something was reached, and by how many seeds.
struct Reached {
  std::uint64_t times = 0;
  std::uint64_t seeds = 0;

  void add_seed(std::uint64_t times_of_seed) {
    times += times_of_seed;
    seeds += times_of_seed > 0 ? 1 : 0;
  }
  Reached& operator+=(const Reached& other) {
    times += other.times;
    seeds += other.seeds;
    return *this;
  }
};

// What runs have reached: each counter that counted, each fault that happened, and each branch that
// is marked in the engine (codec/base/branch.h) and was passed. A plain value, which processes can
// share.
struct Coverage {
  static constexpr std::size_t kMaxBranches = 256;

  std::array<Reached, kCounterCount> counters{};
  std::array<Reached, kFaultCount> faults{};
  std::array<Reached, kMaxBranches> branches{};

  // Of one run, with the branches that this process has passed since the last.
  void add(const CounterSnapshot& snapshot, const Faults& happened);
  Coverage& operator+=(const Coverage& other);

  // The names of those that were reached by none.
  std::vector<std::string> missing() const;
  // A line each: times, seeds, name.
  std::string to_text() const;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_COVERAGE_H_
