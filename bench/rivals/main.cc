// Runs the same traffic against interchangeable receivers and compares them. The method
// and the rules are in docs/benchmarks.md.

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>

#include "ringpeer/bench/rivals/background_load.h"
#include "ringpeer/bench/rivals/checks.h"
#include "ringpeer/bench/rivals/registry.h"
#include "ringpeer/bench/rivals/report.h"
#include "ringpeer/bench/rivals/roles.h"
#include "ringpeer/bench/rivals/round.h"
#include "ringpeer/bench/rivals/runner.h"

namespace ringpeer::bench {
namespace {

// A quick run: still long enough that a second's noise is averaged, and 15 minutes in all.
constexpr int kQuickRounds = 4;
constexpr double kQuickSeconds = 1.0;
constexpr double kShortestSeconds = 0.1;

struct Arguments {
  RunOptions run;
  bool json = false;
  std::string from;
  std::string enet_program;
};

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const Case& test_case : all_cases()) names.push_back(test_case.name);
  return names;
}

void declare(CLI::App& app, Arguments& arguments) {
  RunOptions& run = arguments.run;
  app.add_option("--case", run.cases, "Only these cases (may be repeated)")
      ->check(CLI::IsMember(case_names()));
  app.add_option("--peer", run.peers, "Only these peers (may be repeated)")
      ->check(CLI::IsMember(all_peers()));
  app.add_option("--size", run.sizes, "Only these packet sizes, in bytes")
      ->check(CLI::Range(kSmallestPayload, kMaxPayload));
  app.add_option("--remotes", run.remotes, "Only these numbers of remotes")
      ->check(CLI::Range(1, kMaxRemotes));
  app.add_flag("--quick", run.quick,
               "64 bytes, 64 remotes, 4 rounds, the cases and peers of the check table");
  app.add_option("--rounds", run.rounds, "Counted rounds, after one that is not")
      ->check(CLI::Range(1, 1000));
  app.add_option("--seconds", run.seconds, "Length of each measurement")
      ->check(CLI::Range(kShortestSeconds, 600.0));
  app.add_flag("--busy", run.busy,
               "Give both CPUs other work, which gives way to all that is measured");
  app.add_flag("--json", arguments.json,
               "One line of JSON a measurement on standard output, the summary on standard error");
  app.add_option("--from", arguments.from, "Only summarise a file of such lines")
      ->check(CLI::ExistingFile);
  app.add_option("--enet-program", arguments.enet_program,
                 "The program with the ENet peer, when it is not beside this one");
}

Programs find_programs(const Arguments& arguments) {
  Programs programs;
  programs.self = std::filesystem::read_symlink("/proc/self/exe").string();
  programs.enet = arguments.enet_program;
  const std::filesystem::path beside =
      std::filesystem::path(programs.self).parent_path() / "enet" / "enet_peer";
  if (programs.enet.empty() && std::filesystem::exists(beside)) programs.enet = beside.string();
  return programs;
}

void print_summary(std::FILE* out, const RunSummary& summary) {
  fmt::print(out, "# Peers\n\n{}\n", machine_description());
  fmt::print(out, "{} measurements; {} void and repeated, {} void and given up\n", summary.measured,
             summary.repeated, summary.given_up);
  fmt::print(out, "median steal {:.1f} %, median of other programs on the measured CPU {:.1f} %\n",
             summary.series.median_of_all(&Measurement::steal_percent),
             summary.series.median_of_all(&Measurement::neighbours_percent));
  for (const std::string& error : summary.errors) fmt::print(out, "not measured: {}\n", error);
  fmt::print(out, "{}", summary_tables(summary.series));
  fmt::print(out, "\n## Checks\n{}", check_table(evaluate_checks(summary.series)));
}

int summarise_file(const std::string& path) {
  RunSummary summary;
  std::ifstream file(path);
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    try {
      const auto measurement = nlohmann::json::parse(line).get<Measurement>();
      summary.series.add(measurement);
      summary.repeated += measurement.repeats;
      ++summary.measured;
    } catch (const nlohmann::json::exception& error) {
      fmt::print(stderr, "{}:{}: not a measurement ({}); give a file that --json wrote\n", path,
                 number, error.what());
      return 2;
    }
  }
  print_summary(stdout, summary);
  return 0;
}

int run(Arguments& arguments) {
  if (std::thread::hardware_concurrency() < 2) {
    fmt::print(stderr, "two CPUs are needed, one for the receiver and one for the sender\n");
    return 2;
  }
  const std::vector<Group> groups = plan_groups(arguments.run);
  if (groups.empty()) {
    fmt::print(stderr,
               "no selected peer takes part in a selected case; leave out --peer or --case\n");
    return 2;
  }
  // A child that died is noticed by the failing write.
  signal(SIGPIPE, SIG_IGN);
  Observer observer;
  observer.measured = [&](const Measurement& measurement) {
    if (!arguments.json) return;
    fmt::print("{}\n", nlohmann::json(measurement).dump());
    std::fflush(stdout);
  };
  observer.progress = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  std::optional<BackgroundLoad> background;
  if (arguments.run.busy) background.emplace(kCpus);
  const auto sleep_cost = cost_of_a_sleep(kMeasuredCpu);
  const RunSummary summary = run_groups(groups, arguments.run, find_programs(arguments), observer);
  std::FILE* const out = arguments.json ? stderr : stdout;
  print_summary(out, summary);
  fmt::print(out, "\nA sleep of 200 us costs {:.1f} us of CPU time here{}.\n",
             static_cast<double>(sleep_cost.count()) / 1e3,
             arguments.run.busy ? ", with other work on the CPUs" : "");
  return summary.measured > 0 ? 0 : 1;
}

int run_program(int argc, char** argv) {
  CLI::App app{"Compares ways of receiving and sending UDP packets on this machine"};
  Arguments arguments;
  declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    fmt::print(stderr, "{}\nRun with --help for the options.\n", error.what());
    return 2;
  }
  if (!arguments.from.empty()) return summarise_file(arguments.from);
  if (arguments.run.quick) {
    if (app.count("--rounds") == 0) arguments.run.rounds = kQuickRounds;
    if (app.count("--seconds") == 0) arguments.run.seconds = kQuickSeconds;
  }
  return run(arguments);
}

}  // namespace
}  // namespace ringpeer::bench

int main(int argc, char** argv) {
  using namespace ringpeer::bench;
  const Roles roles{make_receiver, make_transmitter, send_packets};
  if (const std::optional<int> status = run_role(argc, argv, roles)) return *status;
  return run_program(argc, argv);
}
