#ifndef RINGPEER_TOOLS_SERVE_SERVE_OPTIONS_H_
#define RINGPEER_TOOLS_SERVE_SERVE_OPTIONS_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/socket_options.h"
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
  // A second: a server that thinks longer about a packet answers nobody.
  static constexpr int kMaxWork = 1'000'000;
  static constexpr int kMaxDscp = 63;  // six bits of the IP header

  ServeMode mode = ServeMode::kEcho;
  int port = 0;
  std::string address = "*";
  // The name of a socket that a service manager has opened, instead of port and address; "*" for
  // the only one there is, "" for none.
  std::string inherited;
  // That socket; -1 where the server opens its own.
  int descriptor = -1;
  BackendKind backend = BackendKind::kAuto;
  int workers = 1;  // 0: the engine's inline mode
  // 0: until a signal comes.
  double seconds = 0;
  // How echo and sink read packets: as bytes, or as Variants that are decoded, and encoded
  // again for the answer. As bytes unless told; the arena does not ask.
  std::optional<PayloadKind> payload;
  int latency_budget_microseconds = 200;
  // What the application does with each packet besides, in microseconds of a busy processor: the
  // game that an echo server lacks. Of echo and sink.
  int work_microseconds = 0;
  // As SocketOptions and EngineOptions of the same names; 0: the engine's default.
  int receive_buffer = 0;
  int send_buffer = 0;
  std::optional<int> dscp;
  bool gro = false;
  bool share_port = false;
  bool reply_from_received_address = false;
  bool detect_unreachable = false;
  // Files with prefixes of addresses that are refused, and that alone are admitted.
  std::vector<std::string> deny;
  std::vector<std::string> allow;
  bool cookie = false;           // strangers have to show one
  bool limit_rates = false;      // those of AdmissionOptions are kept
  bool limit_replies = false;    // to who has not replied, as AdmissionOptions say
  std::vector<int> worker_cpus;  // those of --pin
  // Kernel features that are not to be used: "min-wait", "incremental-buffers", "gso".
  std::vector<std::string> without;
};

// An empty text when the options make sense; otherwise what is wrong and what to do.
std::string check_serve_options(const ServeOptions& options);

// Options must have passed check_serve_options().
EngineOptions engine_options(const ServeOptions& options);
ServerOptions server_options(const ServeOptions& options);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_SERVE_SERVE_OPTIONS_H_
