#ifndef RINGPEER_TESTS_SIMULATION_CAMPAIGN_H_
#define RINGPEER_TESTS_SIMULATION_CAMPAIGN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "ringpeer/tests/simulation/coverage.h"
#include "ringpeer/tests/simulation/plan.h"

namespace ringpeer::simulation {

// How one run ended, in a process of its own.
struct Outcome {
  bool has_held = true;
  std::string what;  // the last words of a process that failed
  std::uint64_t fingerprint = 0;
};

// With `before`, after a run of that in the same process.
Outcome run_apart(const Plan& plan, const Plan* before = nullptr);

// The least of the plan that still fails: without faults that it does not need, with fewer
// datagrams, steps, hosts, threads. *runs: how many it took to find.
Plan shrink(const Plan& failing, int* runs);

struct CampaignResult {
  std::uint64_t seeds = 0;
  Coverage coverage;
  std::optional<Plan> failing;  // the first that was found
};

// Runs seeds from `first` on in `processes` processes, until one fails.
CampaignResult run_campaign(std::uint64_t first, std::uint64_t seeds, int processes);

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_CAMPAIGN_H_
