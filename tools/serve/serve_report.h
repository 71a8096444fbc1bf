#ifndef RINGPEER_TOOLS_SERVE_SERVE_REPORT_H_
#define RINGPEER_TOOLS_SERVE_SERVE_REPORT_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/engine/wait/wait_report.h"
#include "ringpeer/tools/serve/serve_options.h"
#include "ringpeer/tools/serve/service.h"
#include "ringpeer/tools/serve/source_list_files.h"

namespace ringpeer::tools {

// What a server did from its first to its last moment, and where every packet went.
// Threads: a plain value.
struct ServeReport {
  int port = 0;
  std::string backend;
  std::string backend_reason;
  int workers = 0;
  int receive_buffer = 0;  // of each socket, in bytes, as the kernel counts them
  double seconds = 0;
  CounterSnapshot counters;
  std::vector<WaitReport> waits;  // by worker, at the end
  ServiceCounts service;
  std::optional<SourceListFigures> source_list;  // of --deny and --allow
  std::chrono::nanoseconds cpu{0};               // of the whole process
  std::chrono::nanoseconds application_cpu{0};   // of the application thread in it
  std::optional<double> steal_percent;
  int stopped_by_signal = 0;
  bool is_interim = false;        // of a run that goes on
  bool engine_has_ended = false;  // by itself, and the server with it

  // Packets in and out.
  std::uint64_t packets() const;
  // Received, and neither delivered nor dropped for a reason.
  std::int64_t unaccounted_received() const;
  // Delivered by the engine, and not taken by the application; or the reverse.
  std::int64_t unaccounted_delivered() const;
  // Handed over to send, and neither sent nor failed for a reason.
  std::int64_t unaccounted_sent() const;
  std::int64_t unaccounted() const;
};

// An empty text when the run was good; otherwise what is wrong.
std::string judge_serve(const ServeReport& report);

nlohmann::ordered_json serve_report_to_json(const ServeOptions& options, const ServeReport& report);
std::string serve_report_to_text(const ServeOptions& options, const ServeReport& report);

const char* serve_mode_name(ServeMode mode);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_SERVE_SERVE_REPORT_H_
