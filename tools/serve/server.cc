#include "ringpeer/tools/serve/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::tools {
namespace {

// How often a server without traffic looks whether it is to stop.
constexpr std::chrono::milliseconds kStopCheckInterval{100};

// What the kernel says to a plain socket there: a peer's Error has one word for many reasons.
int bind_error(const ServeOptions& options) {
  const auto address = parse_listen_address(options.address, options.port);
  if (!address) return EINVAL;
  net::Socket socket;
  const int error = socket.open(address->family);
  return error != 0 ? error : socket.bind(address->endpoint);
}

std::string reason_of(Error failure, const ServeOptions& options) {
  switch (const int error = bind_error(options)) {
    case 0:
      return fmt::format("{}.", error_name(failure));
    case EADDRINUSE:
      return "another program uses it (ss -ulpn shows which). --port 0 takes any free port.";
    case EADDRNOTAVAIL:
      return "this machine has no such address (ip address shows those that it has).";
    case EACCES:
      return "ports below 1024 need a privilege (CAP_NET_BIND_SERVICE), or the system's leave "
             "(sysctl net.ipv4.ip_unprivileged_port_start).";
    default:
      return fmt::format("{} ({}).", std::strerror(error), error_name(failure));
  }
}

}  // namespace

bool Server::open(std::string* error) {
  Error failure = Error::OK;
  engine_ = Engine::create(engine_options(options_), &failure, error);
  if (!engine_) {
    *error = fmt::format("the engine cannot start ({}): {}", error_name(failure), *error);
    return false;
  }
  service_ = make_service(options_, engine_);
  failure = service_->open(options_);
  if (failure == Error::OK) return true;
  *error = fmt::format("cannot listen on port {} of {}: {}", options_.port, options_.address,
                       reason_of(failure, options_));
  return false;
}

std::string Server::complaint_about_buffer() const {
  const int asked = options_.receive_buffer > 0 ? options_.receive_buffer
                                                : engine_->options().socket_receive_buffer;
  // The kernel counts its own records, too, and so makes it twice what it was asked for.
  const int granted = service_->receive_buffer() / 2;
  if (granted >= asked) return "";
  return fmt::format(
      "the kernel grants a receive buffer of {} bytes of {}: run as root, or raise the limit "
      "(sysctl net.core.rmem_max={}).",
      granted, asked, asked);
}

ServeReport Server::run(const StopSignal& stop, ProgressLine* progress) {
  ServeReport report;
  report.port = port();
  report.backend = engine_->backend_name();
  report.backend_reason = engine_->backend_reason();
  report.workers = engine_->workers();
  report.receive_buffer = service_->receive_buffer();

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

  report.waits = engine_->stats().waits;
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
