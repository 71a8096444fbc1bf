#include "ringpeer/tools/serve/server.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/inherited_sockets.h"
#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/measure/machine_load.h"
#include "ringpeer/tools/measure/receive_buffer.h"

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

// The descriptor of the one with this name, or of the only one; -1 with words.
int find_inherited(const std::string& name, std::string* error) {
  const std::vector<InheritedSocket> sockets = inherited_sockets();
  std::string names;
  std::vector<int> found;
  for (const InheritedSocket& socket : sockets) {
    names += (names.empty() ? "" : ", ") + printable_text(socket.name);
    if (name == "*" || socket.name == name) found.push_back(socket.descriptor);
  }
  if (found.size() == 1) return found.front();
  if (sockets.empty()) {
    *error =
        "--inherited: no service manager has handed over a socket (LISTEN_PID, LISTEN_FDS). Start "
        "this by a .socket unit of systemd, or by systemd-socket-activate --datagram.";
  } else if (found.empty()) {
    *error = fmt::format("--inherited {}: the sockets are called {}.", name, names);
  } else {
    *error = fmt::format("--inherited {}: there are {} of them, called {}: name one alone.", name,
                         found.size(), names);
  }
  return -1;
}

// The engine does without what it is refused, but whoever asked for a CPU hears of it. Nothing when
// all of them are to be had.
std::string complaint_about_cpus(const std::vector<int>& cpus) {
  cpu_set_t before;
  CPU_ZERO(&before);
  if (sched_getaffinity(0, sizeof(before), &before) != 0) return "";
  std::string complaint;
  for (const int cpu : cpus) {
    cpu_set_t one;
    CPU_ZERO(&one);
    if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(cpu), &one);
    if (sched_setaffinity(0, sizeof(one), &one) == 0) continue;
    complaint = fmt::format(
        "--pin {}: no worker can run there: {} (nproc and /sys/devices/system/cpu/online tell "
        "which CPUs there are).",
        cpu, std::strerror(errno));
    break;
  }
  if (sched_setaffinity(0, sizeof(before), &before) != 0 && complaint.empty()) {
    complaint =
        fmt::format("--pin: this thread cannot be set free again: {}.", std::strerror(errno));
  }
  return complaint;
}

}  // namespace

void Server::admit_by(SourceListFiles* source_list, HangupSignal* hangup) {
  source_list_ = source_list;
  reload_.emplace(*source_list, *hangup);
}

bool Server::open(std::string* error) {
  if (!options_.inherited.empty()) {
    options_.descriptor = find_inherited(options_.inherited, error);
    if (options_.descriptor < 0) return false;
  }
  *error = complaint_about_cpus(options_.worker_cpus);
  if (!error->empty()) return false;
  Error failure = Error::OK;
  engine_ = Engine::create(engine_options(options_), &failure, error);
  if (!engine_) {
    *error = fmt::format("the engine cannot start ({}): {}", error_name(failure), *error);
    return false;
  }
  service_ = make_service(options_, engine_);
  if (source_list_ != nullptr) service_->set_source_list(source_list_->list());
  failure = service_->open(options_);
  if (failure == Error::OK) return true;
  if (options_.descriptor >= 0) {
    *error = fmt::format(
        "the inherited socket, descriptor {}, cannot be served ({}): it has to be a bound UDP "
        "socket (ListenDatagram= of systemd).",
        options_.descriptor, error_name(failure));
    return false;
  }
  *error = fmt::format("cannot listen on port {} of {}: {}", options_.port, options_.address,
                       reason_of(failure, options_));
  return false;
}

std::string Server::complaint_about_buffer() const {
  const int asked = options_.receive_buffer > 0 ? options_.receive_buffer
                                                : engine_->options().socket_receive_buffer;
  return complaint_about_receive_buffer(asked, service_->receive_buffer());
}

void Server::tell_on(StatusSignal* status, Teller teller) {
  status_ = status;
  teller_ = std::move(teller);
}

ServeReport Server::run(const StopSignal& stop, ProgressLine* progress) {
  steal_ = StealMeter();
  cpu_before_ = process_cpu_time();
  application_cpu_before_ = thread_cpu_time();
  started_ = Clock::now();
  Clock::time_point end = Clock::time_point::max();
  if (options_.seconds > 0) {
    end = started_ + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(options_.seconds));
  }
  serve_until(end, stop, progress);
  const bool has_ended = !engine_->is_running();
  const ServeReport open = report_so_far();  // closing takes from it what only a socket knows
  service_->close();
  ServeReport report = report_so_far();
  report.port = open.port;
  report.receive_buffer = open.receive_buffer;
  report.waits = open.waits;
  report.engine_has_ended = has_ended;
  report.is_interim = false;
  report.stopped_by_signal = stop.number();
  return report;
}

ServeReport Server::report_so_far() const {
  ServeReport report;
  report.is_interim = true;
  report.port = port();
  report.backend = engine_->backend_name();
  report.backend_reason = engine_->backend_reason();
  report.workers = engine_->workers();
  report.receive_buffer = service_->receive_buffer();
  report.waits = engine_->stats().waits;
  report.seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  report.service = service_->counts();
  report.counters = engine_->counters();
  report.application_cpu = thread_cpu_time() - application_cpu_before_;
  report.cpu = process_cpu_time() - cpu_before_;
  report.steal_percent = steal_.percent();
  if (source_list_ != nullptr) report.source_list = source_list_->figures();
  return report;
}

void Server::serve_until(Clock::time_point end, const StopSignal& stop, ProgressLine* progress) {
  for (Clock::time_point now = started_; now < end && !stop.requested() && engine_->is_running();
       now = Clock::now()) {
    service_->serve(std::min(end, now + kStopCheckInterval));
    show_progress(now, progress);
    if (reload_) take_source_list(progress);
    if (status_ == nullptr || !status_->take()) continue;
    progress->make_way();
    teller_(report_so_far());
  }
}

// One that has been read meanwhile.
void Server::take_source_list(ProgressLine* progress) {
  std::optional<SourceListFiles::Reading> reading = reload_->look();
  if (!reading) return;
  progress->make_way();
  const std::string error = reading->error;
  const bool is_faulty = reading->fault != SourceListFiles::Fault::kNone;
  source_list_->take(std::move(*reading));
  if (is_faulty) return say(error + " The list is what it was.");
  service_->set_source_list(source_list_->list());
  const SourceListFigures figures = source_list_->figures();
  say(fmt::format("prefixes in the list of sources: {}, read in {:.1f} ms", figures.prefixes,
                  figures.load_ms));
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
