#ifndef RINGPEER_BENCH_RIVALS_CHECKS_H_
#define RINGPEER_BENCH_RIVALS_CHECKS_H_

#include <string>
#include <vector>

#include "ringpeer/bench/rivals/series.h"

namespace ringpeer::bench {

// One promise of the project about its speed.
// Threads: a plain value.
struct Check {
  enum class State { kPass, kMiss, kNotMeasured };

  std::string text;
  double value = Measurement::kNone;
  double limit = 0;
  bool at_most = true;  // else at least
  State state() const;
};

// All of them, with what this run says of each; at 64 bytes and 64 remotes unless the
// text says otherwise.
std::vector<Check> evaluate_checks(const Series& series);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_CHECKS_H_
