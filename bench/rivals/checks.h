#ifndef RINGPEER_BENCH_RIVALS_CHECKS_H_
#define RINGPEER_BENCH_RIVALS_CHECKS_H_

#include <limits>
#include <string>
#include <vector>

#include "ringpeer/bench/rivals/series.h"

namespace ringpeer::bench {

// One promise of the project about its speed.
// Threads: a plain value.
struct Check {
  enum class State { kPass, kMiss, kNotMeasured, kNoLimit };
  // Of a figure that is only shown.
  static constexpr double kNoLimit = std::numeric_limits<double>::quiet_NaN();

  std::string text;
  double value = Measurement::kNone;
  double limit = 0;
  bool at_most = true;  // else at least
  bool has_limit() const;
  State state() const;
};

// All of them, with what this run says of each; at 64 bytes and 64 remotes unless the
// text says otherwise. Some limits are others where the CPUs had other work.
std::vector<Check> evaluate_checks(const Series& series);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_CHECKS_H_
