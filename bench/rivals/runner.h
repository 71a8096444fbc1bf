#ifndef RINGPEER_BENCH_RIVALS_RUNNER_H_
#define RINGPEER_BENCH_RIVALS_RUNNER_H_

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "ringpeer/bench/rivals/round.h"
#include "ringpeer/bench/rivals/series.h"

namespace ringpeer::bench {

// When void measurements have taken so long, a quick run repeats none any more, to end within its
// 15 minutes.
inline constexpr std::chrono::seconds kQuickRepeatLimit{180};

struct RunOptions {
  std::vector<std::string> cases;  // empty: all
  std::vector<std::string> peers;  // empty: all of the case
  std::vector<int> sizes;          // empty: those of the case
  std::vector<int> remotes;
  bool quick = false;
  bool busy = false;   // both CPUs have other work, which the caller gives them
  int rounds = 7;      // counted; one more comes before them
  double seconds = 1;  // of each measurement
};

// Measurements that share their rounds: each round measures every trial once.
struct Group {
  std::vector<Trial> trials;
};

struct RunSummary {
  Series series;
  int measured = 0;
  int repeated = 0;                 // void measurements that were made again
  int given_up = 0;                 // void as often as it was tried
  std::vector<std::string> errors;  // one line a peer that could not be measured
};

// What the options select, in the order of measuring. Quick: 64 bytes and 64 remotes,
// and the peers that the checks need.
// Threads: one. Failure: what could not be measured is in RunSummary::errors.
std::vector<Group> plan_groups(const RunOptions& options);

struct Observer {
  std::function<void(const Measurement&)> measured;
  // What happens, for people: one line each.
  std::function<void(const std::string&)> progress;
};

RunSummary run_groups(const std::vector<Group>& groups, const RunOptions& options,
                      const Programs& programs, const Observer& observer);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_RUNNER_H_
