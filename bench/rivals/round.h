#ifndef RINGPEER_BENCH_RIVALS_ROUND_H_
#define RINGPEER_BENCH_RIVALS_ROUND_H_

#include <cstddef>
#include <string>

#include "ringpeer/bench/rivals/cases.h"
#include "ringpeer/bench/rivals/measurement.h"

namespace ringpeer::bench {

// Where the measured process runs; its counterpart has the other one.
inline constexpr int kMeasuredCpu = 0;
inline constexpr std::size_t kCpus = 2;

// One measurement to make.
struct Trial {
  const Case* test_case = nullptr;
  std::string peer;
  Pattern pattern = Pattern::kFanOut;  // kSend only
  int size = kQuickSize;
  int remotes = kQuickRemotes;
  double seconds = 1;
};

// The programs of a round: this one, and the one that has ENet ("" when not built).
struct Programs {
  std::string self;
  std::string enet;
};

struct TrialResult {
  Measurement measurement;
  std::string error;        // "" when measured
  std::string void_reason;  // not "" when the machine spoilt it
  std::string description;  // what the peer says of itself
};

// An idle engine does something once a second at the most.
inline constexpr double kIdleSeconds = 4;

// More stolen time than this, in percent, makes a round void.
inline constexpr double kMaxStealPercent = 5.0;

// Starts the processes of one measurement, lets them run, and gathers what they say.
// Threads: one. Failure: the result says it in `error`.
TrialResult run_trial(const Trial& trial, const Programs& programs);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_ROUND_H_
