#ifndef RINGPEER_TOOLS_LOAD_LOAD_STEPS_H_
#define RINGPEER_TOOLS_LOAD_LOAD_STEPS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/tools/load/load_options.h"

namespace ringpeer::tools {

// What came of one rate that was offered for some time. Threads: a plain value.
struct LoadStep {
  double offered_per_s = 0;  // packets/s of all clients
  double seconds = 0;
  std::uint64_t sent = 0;
  std::optional<double> lost_percent;  // of those due; without when nothing was to be answered
  std::optional<double> p99_us;        // without when nothing was answered
  // Whether it keeps the goal; without when there is none, when it is missed in a step that is not
  // valid, and when it is kept though not all was offered.
  std::optional<bool> holds;
  bool valid = true;
  std::string why;  // it fails, is not valid, or was not offered whole
};

// Why a search ended where it did.
enum class KneeLimit {
  kTarget,     // beyond it the goal is missed
  kGenerator,  // beyond it this program, or its machine, does not keep its schedule
  kRange,      // even the highest rate that was allowed keeps the goal, or not even the lowest
  kStopped,    // nothing is known of it: the search was ended before
};

struct FindMaxResult {
  // How often a multiple of the knee kept the goal; none is out of the range.
  struct Verified {
    double factor = 0;
    std::uint32_t held = 0;
    std::uint32_t of = 0;
  };

  LoadGoal goal;
  std::optional<double> knee_per_s;
  KneeLimit limited_by = KneeLimit::kTarget;
  std::vector<Verified> verified;

  // 0.8 of the knee always kept the goal, and 1.25 of it never, each as far as the range goes.
  bool is_verified() const;
};

// Offers that many packets a second for a step, and says what came of it. Nothing when the run
// is to end.
using MeasureStep = std::function<std::optional<LoadStep>(double packets_per_second)>;

// `steps` rates from the lowest to the highest, each the same factor above the one before.
std::vector<double> ramp_rates(const RateRange& range, std::uint32_t steps);

// Looks for the highest rate in `range` that keeps the goal: doubles until it fails, halves the
// interval until it is narrower than kKneeTolerance, and then verifies. A rate fails when it does
// so twice, so that a pause of the machine is not taken for the knee; one that is not valid is
// tried three times. No rate out of the range is tried. `measure` judges its steps by the goal. A
// search that `measure` ends has no knee, and kStopped.
FindMaxResult find_max(const RateRange& range, const LoadGoal& goal, const MeasureStep& measure);

// How far apart the lowest rate that fails and the highest that holds are in the end.
inline constexpr double kKneeTolerance = 0.05;

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_STEPS_H_
