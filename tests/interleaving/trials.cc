#include "ringpeer/tests/interleaving/trials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <set>
#include <string>

#include "ringpeer/tests/interleaving/order_name.h"

namespace ringpeer::interleaving {
namespace {

const char* name_of(Operation operation) {
  switch (operation) {
    case Operation::kLoad:
      return "load";
    case Operation::kStore:
      return "store";
    case Operation::kModify:
      return "modify";
    case Operation::kFailure:
      return "failed compare_exchange";
    case Operation::kFence:
      return "fence";
  }
  return "";
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The orders right below.
std::vector<std::memory_order> weaker_than(const Use& use) {
  const bool reads = use.operation == Operation::kLoad || use.operation == Operation::kFailure;
  switch (use.order) {
    case std::memory_order_seq_cst:
      if (reads) return {std::memory_order_acquire};
      if (use.operation == Operation::kStore) return {std::memory_order_release};
      return {std::memory_order_acq_rel};
    case std::memory_order_acq_rel:
      return {std::memory_order_acquire, std::memory_order_release};
    case std::memory_order_acquire:
    case std::memory_order_release:
      return {std::memory_order_relaxed};
    default:
      return {};
  }
}

Options options_of(const Trial& trial) {
  Options options;
  options.spurious_failures = trial.spurious_failures;
  return options;
}

// The first trial that fails, and how; null when none does.
const Trial* first_to_fail(const Trials& trials, const Weakening& weakening, std::string* how) {
  for (const Trial& trial : trials) {
    Options options = options_of(trial);
    options.weakening = weakening;
    const Result result = explore(trial.body, options);
    EXPECT_TRUE(result.is_complete || !result.failure.empty()) << trial.name;
    if (result.failure.empty()) continue;
    *how = result.failure.substr(0, result.failure.find('\n'));
    return &trial;
  }
  return nullptr;
}

// Whether every execution of every trial is right. Prints how many there are. Adds the orders that
// they use.
bool prove(const Trials& trials, std::set<Use>* uses) {
  using Watch = std::chrono::steady_clock;
  bool is_right = true;
  for (const Trial& trial : trials) {
    Options options = options_of(trial);
    options.notes_uses = true;
    const auto begin = Watch::now();
    const Result result = explore(trial.body, options);
    const std::chrono::duration<double> seconds = Watch::now() - begin;
    EXPECT_TRUE(result.is_proven()) << trial.name << ": " << result.failure;
    std::printf("%-44s %9llu executions, %9llu dead ends, %6.2f s\n", trial.name,
                static_cast<unsigned long long>(result.executions),
                static_cast<unsigned long long>(result.dead_ends), seconds.count());
    uses->insert(result.uses.begin(), result.uses.end());
    is_right = is_right && result.is_proven();
  }
  return is_right;
}

// Some trial fails with a weaker order in its place. Prints which.
void expect_needed(const Trials& trials, const Use& use) {
  for (const std::memory_order weaker : weaker_than(use)) {
    std::string how;
    const Trial* const trial = first_to_fail(trials, {use, weaker}, &how);
    const std::string what = file_name(use.file) + ":" + std::to_string(use.line) + " " +
                             name_of(use.operation) + " " + order_name(use.order) + " -> " +
                             order_name(weaker);
    EXPECT_NE(trial, nullptr) << what << ": nobody notices";
    if (trial != nullptr) std::printf("%-64s %s: %s\n", what.c_str(), trial->name, how.c_str());
  }
}

}  // namespace

void expect_right_and_tight(const Trials& trials, const std::set<std::string>& files) {
  std::set<Use> uses;
  const bool is_right = prove(trials, &uses);
  if (!is_right) return;
  std::set<std::string> seen;
  for (const Use& use : uses) {
    if (!files.contains(file_name(use.file))) continue;
    seen.insert(file_name(use.file));
    expect_needed(trials, use);
  }
  EXPECT_EQ(seen, files) << "a file whose operations no trial meets";
}

}  // namespace ringpeer::interleaving
