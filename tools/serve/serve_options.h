#ifndef RINGPEER_TOOLS_SERVE_SERVE_OPTIONS_H_
#define RINGPEER_TOOLS_SERVE_SERVE_OPTIONS_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/tools/command/payload_kind.h"

namespace ringpeer::tools {

enum class ServeMode {
  kEcho,   // sends every packet back to where it came from
  kSink,   // takes every packet and says nothing
  kArena,  // a small game, see arena_world.h
};

// What `ringpeer serve` is asked to do.
struct ServeOptions {
  // One application thread takes what all workers receive, and is the bottleneck long before
  // this many; each worker has a share of the payload budget and packet memory of its own.
  static constexpr int kMaxServeWorkers = 64;
  static_assert(kMaxServeWorkers <= kMaxWorkers);
  // The engine's own, in microseconds.
  static constexpr int kMaxServeLatencyBudget =
      std::chrono::microseconds(kMaxLatencyBudget).count();

  ServeMode mode = ServeMode::kEcho;
  int port = 0;
  std::string address = "*";
  BackendKind backend = BackendKind::kAuto;
  int workers = 1;  // 0: the engine's inline mode
  // 0: until a signal comes.
  double seconds = 0;
  // How echo and sink read packets: as bytes, or as Variants that are decoded, and encoded
  // again for the answer. As bytes unless told; the arena does not ask.
  std::optional<PayloadKind> payload;
  int latency_budget_microseconds = 200;
  // Kernel features that are not to be used: "min-wait", "incremental-buffers", "gso".
  std::vector<std::string> without;
  bool json = false;
};

// An empty text when the options make sense; otherwise what is wrong and what to do.
std::string check_serve_options(const ServeOptions& options);

// Options must have passed check_serve_options().
EngineOptions engine_options(const ServeOptions& options);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_SERVE_SERVE_OPTIONS_H_
