// Makes the calls that a real Godot 4.6.3 was asked to make and compares the answers.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "ringpeer/engine.h"
#include "ringpeer/tests/probes/comparison.h"
#include "ringpeer/tests/probes/machine.h"
#include "ringpeer/tests/probes/probe_context.h"
#include "ringpeer/tests/probes/probe_groups.h"

namespace {

using namespace ringpeer;          // NOLINT(google-build-using-namespace)
using namespace ringpeer::probes;  // NOLINT(google-build-using-namespace)

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

struct Options {
  std::string backend = "both";
  std::string expected = "tests/testdata/behaviour.jsonl";
  std::string differences = "docs/compatibility.md";
  bool all = false;
};

struct Backend {
  const char* name;
  BackendKind kind;
};
constexpr std::array<Backend, 2> kBackends = {
    {{"io_uring", BackendKind::kIoUring}, {"recvmmsg", BackendKind::kRecvmmsg}}};

void print_row(const char* backend, const ProbeVerdict& verdict) {
  fmt::print("{:8} {:19} {}\n", backend, verdict_name(verdict.verdict), verdict.probe);
  if (!verdict.ours.empty()) {
    fmt::print("           Godot: {}\n           here:  {}\n", verdict.godot, verdict.ours);
  }
  if (!verdict.reason.empty()) fmt::print("           why:   {}\n", verdict.reason);
}

// Runs everything on one backend. Empty when there is no such backend here.
std::vector<ProbeVerdict> run_backend(const Backend& backend, const Machine& machine,
                                      const std::vector<ExpectedProbe>& expected,
                                      const DocumentedDifferences& documented) {
  EngineOptions options;
  options.backend = backend.kind;
  std::string message;
  const auto engine = Engine::create(options, nullptr, &message);
  if (engine == nullptr) {
    fmt::print("{}: skipped: {}\n", backend.name, message);
    return {};
  }
  ProbeReport report;
  ProbeContext context(engine, machine, &report);
  run_all(context);
  return compare(expected, documented, report);
}

// A probe counts by its worst verdict on any backend.
int run(const Options& options) {
  const auto expected = read_expected(options.expected);
  const auto documented = read_differences(options.differences);
  if (!expected.has_value() || !documented.has_value()) {
    fmt::print(stderr,
               "probes: cannot read {}\nRun it from the project's folder, or say where it is with "
               "{}\n",
               expected.has_value() ? options.differences : options.expected,
               expected.has_value() ? "--differences" : "--expected");
    return kExitUsage;
  }
  enter_namespaces();
  const Machine machine = examine_machine();
  std::map<std::string, Verdict> worst;
  for (const Backend& backend : kBackends) {
    if (options.backend != "both" && options.backend != backend.name) continue;
    std::array<int, 4> counts{};
    for (const ProbeVerdict& verdict : run_backend(backend, machine, *expected, *documented)) {
      ++counts[static_cast<std::size_t>(verdict.verdict)];
      if (options.all || verdict.verdict != Verdict::kReproduced) print_row(backend.name, verdict);
      const auto [entry, is_new] = worst.try_emplace(verdict.probe, verdict.verdict);
      entry->second = std::max(entry->second, verdict.verdict);
    }
    fmt::print("{}: {} reproduced, {} different by design, {} skipped, {} unexplained\n",
               backend.name, counts[0], counts[1], counts[2], counts[3]);
  }
  std::array<int, 4> counts{};
  for (const auto& [probe, verdict] : worst) ++counts[static_cast<std::size_t>(verdict)];
  fmt::print("probes: {} reproduced, {} different by design, {} skipped, {} unexplained\n",
             counts[0], counts[1], counts[2], counts[3]);
  return counts[3] == 0 && !worst.empty() ? kExitOk : kExitFailed;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("asks this library what a real Godot was asked, and prints what differs", "probes");
  app.add_option("--backend", options.backend, "io_uring, recvmmsg or both")
      ->check(CLI::IsMember({"io_uring", "recvmmsg", "both"}));
  app.add_option("--expected", options.expected, "what Godot answered");
  app.add_option("--differences", options.differences, "the page that explains what differs");
  app.add_flag("--all", options.all, "print the probes that agree as well");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {  // --help: prints it
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "probes: {}\nTry: probes --help\n", error.what());
    return kExitUsage;
  }
  return run(options);
}
