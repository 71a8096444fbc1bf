#include "ringpeer/tools/serve_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "ringpeer/tools/diagnostics.h"

namespace ringpeer::tools {
namespace {

bool is_without(const ServeOptions& options, const char* feature) {
  return std::find(options.without.begin(), options.without.end(), feature) !=
         options.without.end();
}

}  // namespace

std::string check_serve_options(const ServeOptions& options) {
  constexpr int kLargestPort = 65535;
  if (options.port < 0 || options.port > kLargestPort) {
    return fmt::format("--port {}: choose 1 to {}, or 0 for any free port.", options.port,
                       kLargestPort);
  }
  if (options.workers < 0 || options.workers > ServeOptions::kMostWorkers) {
    return fmt::format(
        "--workers {}: choose 1 to {}, at most one for each core, or 0 to run without a thread.",
        options.workers, ServeOptions::kMostWorkers);
  }
  // Negated, so that NaN is refused too.
  if (!(options.seconds >= 0 && options.seconds <= LoadOptions::kLongestDuration)) {
    return fmt::format("--duration {}: choose at most {} seconds, or 0 to run until a signal.",
                       options.seconds, LoadOptions::kLongestDuration);
  }
  if (options.latency_budget_microseconds < 0 ||
      options.latency_budget_microseconds > ServeOptions::kMostLatencyBudget) {
    return fmt::format("--latency-budget {}: choose 0 to {} microseconds.",
                       options.latency_budget_microseconds, ServeOptions::kMostLatencyBudget);
  }
  return "";
}

EngineOptions engine_options(const ServeOptions& options) {
  EngineOptions engine;
  engine.backend = options.backend;
  engine.workers = options.workers;
  engine.latency_budget = std::chrono::microseconds(options.latency_budget_microseconds);
  engine.use_min_wait = !is_without(options, "min-wait");
  engine.use_incremental_buffers = !is_without(options, "incremental-buffers");
  engine.use_gso = !is_without(options, "gso");
  engine.log = say;
  return engine;
}

}  // namespace ringpeer::tools
