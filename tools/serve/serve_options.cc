#include "ringpeer/tools/serve/serve_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/run_duration.h"

namespace ringpeer::tools {
namespace {

bool is_without(const ServeOptions& options, const char* feature) {
  return std::find(options.without.begin(), options.without.end(), feature) !=
         options.without.end();
}

// What the kernel would not take, or take for something else.
std::string complaint_about_sockets(const ServeOptions& options) {
  for (const auto& [name, bytes] : {std::pair("--receive-buffer", options.receive_buffer),
                                    std::pair("--send-buffer", options.send_buffer)}) {
    if (bytes < 0) return fmt::format("{} {}: choose bytes, or 0 for the default.", name, bytes);
  }
  if (options.dscp && (*options.dscp < 0 || *options.dscp > ServeOptions::kMaxDscp)) {
    return fmt::format("--dscp {}: choose 0 to {}; 46 is what voice uses.", *options.dscp,
                       ServeOptions::kMaxDscp);
  }
  if (!options.worker_cpus.empty() &&
      options.worker_cpus.size() != static_cast<std::size_t>(options.workers)) {
    return fmt::format("--pin: name a CPU for each of the {} workers, not {}.", options.workers,
                       options.worker_cpus.size());
  }
  return "";
}

// An option that would change nothing is a mistake; who gave it hears of it.
std::string complaint_about_unused(const ServeOptions& options) {
  if (!options.inherited.empty() && options.address != ServeOptions().address) {
    return "--address: an inherited socket has its address already. Leave one of them out.";
  }
  if (!options.inherited.empty() && options.share_port) {
    return "--share-port: an inherited socket has its port already. Leave one of them out.";
  }
  if (!options.inherited.empty() && options.workers > 1) {
    return fmt::format("--workers {}: an inherited socket is served by one. Choose 1, or 0.",
                       options.workers);
  }
  if (options.mode == ServeMode::kArena && options.payload.has_value()) {
    return "--payload: how echo and sink read packets. The arena always speaks var.";
  }
  if (options.mode == ServeMode::kArena && options.work_microseconds != 0) {
    return "--work: what echo and sink do with a packet. The arena has a game of its own.";
  }
  if (options.mode != ServeMode::kArena && options.detect_unreachable) {
    return "--detect-unreachable: echo and sink know of no clients that could be gone.";
  }
  if (options.mode == ServeMode::kSink && options.reply_from_received_address) {
    return "--reply-from-received-address: a sink replies to nobody.";
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
  if (options.work_microseconds < 0 || options.work_microseconds > ServeOptions::kMaxWork) {
    return fmt::format("--work {}: choose 0 to {} microseconds.", options.work_microseconds,
                       ServeOptions::kMaxWork);
  }
  if (std::string complaint = complaint_about_sockets(options); !complaint.empty()) {
    return complaint;
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
  engine.gro = options.gro;
  engine.worker_cpus = options.worker_cpus;
  engine.log = say;
  return engine;
}

ServerOptions server_options(const ServeOptions& options) {
  ServerOptions server;
  server.receive = options.mode == ServeMode::kArena || options.cookie ? ServerReceive::kPerRemote
                                                                       : ServerReceive::kTogether;
  server.admission.cookie = options.cookie;
  server.admission.limit_rates = options.limit_rates;
  server.admission.limit_replies = options.limit_replies;
  server.socket.receive_buffer = options.receive_buffer;
  server.socket.send_buffer = options.send_buffer;
  server.socket.dscp = options.dscp.value_or(server.socket.dscp);
  server.socket.share_port = options.share_port;
  server.socket.reply_from_received_address = options.reply_from_received_address;
  server.socket.detect_unreachable = options.detect_unreachable;
  return server;
}

}  // namespace ringpeer::tools
