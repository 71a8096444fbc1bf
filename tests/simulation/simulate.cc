// Runs seeds of the simulation; see docs/testing.md.

#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "ringpeer/tests/simulation/campaign.h"
#include "ringpeer/tests/simulation/plan.h"

namespace ringpeer::simulation {
namespace {

constexpr int kWrongUsage = 2;

struct Options {
  std::uint64_t seeds = 10'000;
  std::uint64_t first = 1;
  int processes = 0;
  bool is_partial = false;
  bool shrinks = true;
  // One run.
  std::uint64_t seed = 0;
  std::vector<std::string> without;
  Plan changes;
};

void print_failure(const Plan& plan, const Outcome& outcome) {
  std::printf("FAILED: %s%s", outcome.what.c_str(), outcome.what.ends_with('\n') ? "" : "\n");
  std::printf("with %s\n", plan.to_text().c_str());
  std::printf("again: ./dev simulate %s\n", plan.to_flags().c_str());
}

int run_one(const Plan& plan) {
  const Outcome outcome = run_apart(plan);
  if (outcome.has_held) {
    std::printf("seed %llu holds: %016llx\n", static_cast<unsigned long long>(plan.seed),
                static_cast<unsigned long long>(outcome.fingerprint));
    return 0;
  }
  print_failure(plan, outcome);
  return 1;
}

void print_shrunk(const Plan& failing) {
  print_failure(failing, run_apart(failing));
  std::printf("looking for less that fails, too...\n");
  std::fflush(stdout);
  int runs = 0;
  const Plan least = shrink(failing, &runs);
  print_failure(least, run_apart(least));
}

int run_many(const Options& options) {
  const CampaignResult result = run_campaign(options.first, options.seeds, options.processes);
  std::printf("%s", result.coverage.to_text().c_str());
  std::printf("%llu seeds\n", static_cast<unsigned long long>(result.seeds));
  if (result.failing.has_value()) {
    if (options.shrinks) {
      print_shrunk(*result.failing);
    } else {
      print_failure(*result.failing, run_apart(*result.failing));
    }
    return 1;
  }
  const std::vector<std::string> missing = result.coverage.missing();
  if (options.is_partial) return 0;
  for (const std::string& name : missing)
    std::printf("FAILED: reached by no seed: %s\n", name.c_str());
  return missing.empty() ? 0 : 1;
}

Plan plan_of(const Options& options) {
  Plan plan = Plan::from_seed(options.seed);
  const Plan unset;
  const auto take = [&](int Plan::*part) {
    if (options.changes.*part != unset.*part) plan.*part = options.changes.*part;
  };
  for (int Plan::*part : {&Plan::datagrams, &Plan::steps, &Plan::remotes, &Plan::peers,
                          &Plan::servers, &Plan::workers, &Plan::largest_burst}) {
    take(part);
  }
  for (const std::string& name : options.without) {
    for (std::size_t i = 0; i < kFaultCount; ++i) {
      if (kFaultNames[i] == name) plan.faults[i] = 0;
    }
    for (const Plan::Part& part : Plan::parts()) {
      if (part.name == name) plan.*part.is_there = false;
    }
  }
  return plan;
}

void add_options(CLI::App& command, Options* options) {
  command.add_option("--seeds", options->seeds, "runs")->capture_default_str();
  command.add_option("--first", options->first, "the first seed")->capture_default_str();
  command.add_option("--processes", options->processes, "at a time; 0: one a processor")
      ->check(CLI::Range(0, 64));
  command.add_flag("--partial", options->is_partial,
                   "too few seeds to reach everything: only what fails counts");
  command.add_flag("!--no-shrink", options->shrinks, "do not look for less that fails, too");
  command.add_option("--seed", options->seed, "one run of this seed alone");
  std::vector<std::string> names(kFaultNames.begin(), kFaultNames.end());
  for (const Plan::Part& part : Plan::parts()) names.emplace_back(part.name);
  command
      .add_option("--without", options->without,
                  "faults that do not happen, and parts that are left out, of one seed")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  Plan& changes = options->changes;
  command.add_option("--datagrams", changes.datagrams, "each way, of one seed");
  command.add_option("--steps", changes.steps, "of the application, of one seed");
  command.add_option("--remotes", changes.remotes, "hosts, of one seed");
  command.add_option("--peers", changes.peers, "of one seed");
  command.add_option("--servers", changes.servers, "of one seed")->check(CLI::Range(1, 8));
  command.add_option("--workers", changes.workers, "of one seed")->check(CLI::Range(0, 8));
  command.add_option("--largest_burst", changes.largest_burst, "of one seed");
}

int run(int argc, char** argv) {
  Options options;
  CLI::App command("Runs ringpeer's engine on a simulated machine and network.", "simulate");
  add_options(command, &options);
  try {
    command.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return command.exit(error) == 0 ? 0 : kWrongUsage;
  }
  if (options.processes == 0) {
    options.processes = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  }
  return options.seed > 0 ? run_one(plan_of(options)) : run_many(options);
}

}  // namespace
}  // namespace ringpeer::simulation

int main(int argc, char** argv) { return ringpeer::simulation::run(argc, argv); }
