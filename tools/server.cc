#include "ringpeer/tools/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ringpeer/tools/machine_load.h"

namespace ringpeer::tools {
namespace {

// How often a server without traffic looks whether it shall stop.
constexpr std::chrono::milliseconds kStopCheckInterval{100};

}  // namespace

bool Server::open(std::string* error) {
  Error failure = Error::OK;
  engine_ = Engine::create(engine_options(options_), &failure, error);
  if (!engine_) {
    *error = fmt::format("the engine cannot start ({}): {}", error_name(failure), *error);
    return false;
  }
  service_ = make_service(options_, engine_);
  failure = service_->open(options_.port, options_.address);
  if (failure == Error::OK) return true;
  *error = fmt::format(
      "cannot listen on port {} of {}: {}. Is another program using the port (ss -ulpn shows it), "
      "or does this machine lack the address? --port 0 takes any free port.",
      options_.port, options_.address, error_name(failure));
  return false;
}

ServeReport Server::run(const StopSignal& stop, ProgressLine* progress) {
  ServeReport report;
  report.port = port();
  report.backend = engine_->backend_name();
  report.backend_reason = engine_->backend_reason();
  report.workers = engine_->workers();

  const StealMeter steal;
  const auto cpu_before = process_cpu_time();
  const auto application_cpu_before = thread_cpu_time();
  started_ = Clock::now();
  Clock::time_point end = Clock::time_point::max();
  if (options_.seconds > 0) {
    end = started_ + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(options_.seconds));
  }
  serve_until(end, stop, progress);
  report.engine_has_ended = !engine_->is_running();

  service_->close();
  report.seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  report.service = service_->counts();
  report.counters = engine_->counters();
  report.application_cpu = thread_cpu_time() - application_cpu_before;
  report.cpu = process_cpu_time() - cpu_before;
  report.steal_percent = steal.percent();
  report.stopped_by_signal = stop.number();
  return report;
}

void Server::serve_until(Clock::time_point end, const StopSignal& stop, ProgressLine* progress) {
  for (Clock::time_point now = started_; now < end && !stop.requested() && engine_->is_running();
       now = Clock::now()) {
    service_->serve(std::min(end, now + kStopCheckInterval));
    show_progress(now, progress);
  }
}

void Server::show_progress(Clock::time_point now, ProgressLine* progress) const {
  if (!progress->wants_update(now)) return;
  const CounterSnapshot counters = engine_->counters();
  std::string text = fmt::format("{:.1f} s: {} in, {} out, {} dropped",
                                 std::chrono::duration<double>(now - started_).count(),
                                 counters[Counter::kReceivedPackets],
                                 counters[Counter::kSentPackets], counters.dropped_packets());
  if (options_.mode == ServeMode::kArena) {
    text += fmt::format(", {} players", service_->counts().players);
  }
  progress->update(now, text);
}

}  // namespace ringpeer::tools
