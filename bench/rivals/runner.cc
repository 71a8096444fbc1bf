#include "ringpeer/bench/rivals/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;

// A measurement that is void so often is given up: the machine is too busy.
constexpr int kMaxRepeats = 4;

// Sizes at 64 remotes and remotes at 64 bytes: a cross, not the whole grid, which would
// take a day and show nothing new.
std::vector<std::pair<int, int>> combinations(const Case& test_case, const RunOptions& options) {
  std::vector<int> sizes = options.sizes;
  std::vector<int> remotes = options.remotes;
  const bool all = test_case.all_sizes_and_remotes && !options.quick;
  std::vector<std::pair<int, int>> result;
  if (!sizes.empty() || !remotes.empty() || !all) {
    if (sizes.empty()) sizes = {kQuickSize};
    if (remotes.empty()) remotes = {kQuickRemotes};
    for (const int size : sizes) {
      for (const int count : remotes) result.emplace_back(size, count);
    }
    return result;
  }
  for (const int size : kSizes) result.emplace_back(size, kQuickRemotes);
  for (const int count : kRemotes) {
    if (count != kQuickRemotes) result.emplace_back(kQuickSize, count);
  }
  return result;
}

std::vector<std::string> selected_peers(const Case& test_case, const RunOptions& options) {
  const bool quick = options.quick && options.peers.empty();
  const std::vector<std::string>& candidates = quick ? test_case.quick_peers : test_case.peers;
  if (options.peers.empty()) return candidates;
  std::vector<std::string> result;
  for (const std::string& peer : candidates) {
    const auto& wanted = options.peers;
    if (std::find(wanted.begin(), wanted.end(), peer) != wanted.end()) result.push_back(peer);
  }
  return result;
}

class Run {
 public:
  Run(const RunOptions& options, const Programs& programs, const Observer& observer)
      : options_(options), programs_(programs), observer_(observer) {}

  void group(const Group& group) {
    const std::size_t count = group.trials.size();
    for (int round = 0; round <= options_.rounds; ++round) {
      // Another peer goes first each time.
      for (std::size_t i = 0; i < count; ++i) {
        trial(group.trials[(i + static_cast<std::size_t>(round)) % count], round);
      }
    }
    broken_.clear();
  }

  RunSummary take() { return std::move(summary_); }

 private:
  static std::string title(const Trial& trial) {
    return fmt::format("{} {} B {} remotes: {}", trial.test_case->name, trial.size, trial.remotes,
                       trial.peer);
  }

  void trial(const Trial& trial, int round) {
    if (broken_.contains(trial.peer)) return;
    for (int repeats = 0;; ++repeats) {
      const Clock::time_point start = Clock::now();
      TrialResult result = run_trial(trial, programs_);
      if (!result.error.empty()) {
        summary_.errors.push_back(fmt::format("{}: {}", title(trial), result.error));
        observer_.progress(summary_.errors.back());
        broken_.insert(trial.peer);
        return;
      }
      if (result.void_reason.empty()) {
        result.measurement.round = round;
        result.measurement.repeats = repeats;
        result.measurement.busy = options_.busy;
        keep(trial, result);
        return;
      }
      observer_.progress(
          fmt::format("{} round {}: void, {}", title(trial), round, result.void_reason));
      lost_ += Clock::now() - start;
      if (repeats == kMaxRepeats || (options_.quick && lost_ > kQuickRepeatLimit)) {
        ++summary_.given_up;
        return;
      }
      ++summary_.repeated;
    }
  }

  void keep(const Trial& trial, const TrialResult& result) {
    const Measurement& m = result.measurement;
    summary_.series.add(m);
    ++summary_.measured;
    observer_.measured(m);
    observer_.progress(fmt::format(
        "{} round {}: {:.1f} k/s, {:.0f} ns CPU, {:.0f} ns application, p50 {:.0f}, p99 {:.0f} "
        "us{}{}",
        title(trial), m.round, m.delivered_pps / 1e3, m.cpu_ns_per_packet, m.app_ns_per_packet,
        m.p50_us, m.p99_us, result.description.empty() ? "" : ", ", result.description));
  }

  const RunOptions& options_;
  const Programs& programs_;
  const Observer& observer_;
  Clock::duration lost_{};        // to measurements that were void
  std::set<std::string> broken_;  // of this group: failed once, not tried again
  RunSummary summary_;
};

}  // namespace

std::vector<Group> plan_groups(const RunOptions& options) {
  std::vector<Group> groups;
  for (const Case& test_case : all_cases()) {
    const auto& wanted = options.cases;
    if (!wanted.empty() &&
        std::find(wanted.begin(), wanted.end(), test_case.name) == wanted.end()) {
      continue;
    }
    const std::vector<std::string> peers = selected_peers(test_case, options);
    if (peers.empty()) continue;
    for (const auto& [size, remotes] : combinations(test_case, options)) {
      const std::vector<Pattern> once = {Pattern::kFanOut};
      for (const Pattern pattern : test_case.patterns.empty() ? once : test_case.patterns) {
        Group group;
        for (const std::string& peer : peers) {
          group.trials.push_back({&test_case, peer, pattern, size, remotes, options.seconds});
        }
        groups.push_back(std::move(group));
      }
    }
  }
  return groups;
}

RunSummary run_groups(const std::vector<Group>& groups, const RunOptions& options,
                      const Programs& programs, const Observer& observer) {
  Run run(options, programs, observer);
  for (const Group& group : groups) run.group(group);
  return run.take();
}

}  // namespace ringpeer::bench
