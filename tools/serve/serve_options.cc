#include "ringpeer/tools/serve/serve_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/run_duration.h"

namespace ringpeer::tools {
namespace {

bool is_without(const ServeOptions& options, const char* feature) {
  return std::find(options.without.begin(), options.without.end(), feature) !=
         options.without.end();
}

// An option that would change nothing is a mistake; who gave it hears of it.
std::string complaint_about_unused(const ServeOptions& options) {
  if (options.mode == ServeMode::kArena && options.payload.has_value()) {
    return "--payload: how echo and sink read packets. The arena always speaks var.";
  }
  for (const char* feature : {"min-wait", "incremental-buffers"}) {
    if (options.backend == BackendKind::kRecvmmsg && is_without(options, feature)) {
      return fmt::format("--without {}: --backend recvmmsg does not use it anyway.", feature);
    }
  }
  return "";
}

}  // namespace

std::string check_serve_options(const ServeOptions& options) {
  if (options.port < 0 || options.port > kMaxPort) {
    return fmt::format("--port {}: choose 1 to {}, or 0 for any free port.", options.port,
                       kMaxPort);
  }
  if (options.workers < 0 || options.workers > ServeOptions::kMaxServeWorkers) {
    return fmt::format(
        "--workers {}: choose 1 to {}, at most one for each core, or 0 to run without a thread.",
        options.workers, ServeOptions::kMaxServeWorkers);
  }
  if (!parse_listen_address(options.address, options.port)) {
    return fmt::format(
        "--address {}: write an address of this machine, like 127.0.0.1, ::1 or fe80::1%eth0, or * "
        "for all of them. Names are not resolved.",
        options.address);
  }
  if (options.seconds != 0 && !is_duration(options.seconds)) {
    return fmt::format("--duration {}: choose {} to {} seconds, or 0 to run until a signal.",
                       options.seconds, kMinDuration, kMaxDuration);
  }
  if (options.latency_budget_microseconds < 0 ||
      options.latency_budget_microseconds > ServeOptions::kMaxServeLatencyBudget) {
    return fmt::format("--latency-budget {}: choose 0 to {} microseconds.",
                       options.latency_budget_microseconds, ServeOptions::kMaxServeLatencyBudget);
  }
  return complaint_about_unused(options);
}

EngineOptions engine_options(const ServeOptions& options) {
  EngineOptions engine;
  engine.backend = options.backend;
  engine.workers = options.workers;
  engine.latency_budget =
      LatencyBudget::automatic(std::chrono::microseconds(options.latency_budget_microseconds));
  engine.use_min_wait = !is_without(options, "min-wait");
  engine.use_incremental_buffers = !is_without(options, "incremental-buffers");
  engine.use_gso = !is_without(options, "gso");
  engine.log = say;
  return engine;
}

}  // namespace ringpeer::tools
