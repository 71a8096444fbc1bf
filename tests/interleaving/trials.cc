#include "ringpeer/tests/interleaving/trials.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>

namespace ringpeer::interleaving {
namespace {

const char* name_of(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
      return "consume";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
  }
  return "";
}

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

std::vector<Use> uses_in(const Trials& trials, const std::vector<std::string>& files) {
  std::vector<Use> uses;
  for (const Trial& trial : trials) {
    Options options = options_of(trial);
    options.notes_uses = true;
    for (const Use& use : explore(trial.body, options).uses) {
      const bool is_wanted =
          std::find(files.begin(), files.end(), file_name(use.file)) != files.end();
      if (is_wanted && std::find(uses.begin(), uses.end(), use) == uses.end()) uses.push_back(use);
    }
  }
  std::sort(uses.begin(), uses.end());
  return uses;
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

}  // namespace

void expect_proven(const Trials& trials) {
  using Watch = std::chrono::steady_clock;
  for (const Trial& trial : trials) {
    const auto begin = Watch::now();
    const Result result = explore(trial.body, options_of(trial));
    const std::chrono::duration<double> seconds = Watch::now() - begin;
    EXPECT_TRUE(result.is_proven()) << trial.name << ": " << result.failure;
    std::printf("%-44s %9llu executions, %9llu dead ends, %6.2f s\n", trial.name,
                static_cast<unsigned long long>(result.executions),
                static_cast<unsigned long long>(result.dead_ends), seconds.count());
  }
}

void expect_no_order_too_strong(const Trials& trials, const std::vector<std::string>& files,
                                std::vector<Kept> kept) {
  for (const Use& use : uses_in(trials, files)) {
    for (const std::memory_order weaker : weaker_than(use)) {
      std::string how;
      const Trial* const trial = first_to_fail(trials, {use, weaker}, &how);
      const std::string file = file_name(use.file);
      const std::string what = file + ":" + std::to_string(use.line) + " " +
                               name_of(use.operation) + " " + name_of(use.order) + " -> " +
                               name_of(weaker);
      if (trial == nullptr) {
        const auto known = std::find_if(kept.begin(), kept.end(), [&](const Kept& one) {
          return file == one.file && use.operation == one.operation && use.order == one.order;
        });
        EXPECT_NE(known, kept.end()) << what << ": nobody notices";
        if (known != kept.end()) kept.erase(known);
      }
      std::printf("%-64s %s: %s\n", what.c_str(), trial == nullptr ? "kept" : trial->name,
                  how.c_str());
    }
  }
  for (const Kept& one : kept) ADD_FAILURE() << one.file << ": a kept order that is needed";
}

}  // namespace ringpeer::interleaving
