#ifndef RINGPEER_TOOLS_SERVE_SERVER_H_
#define RINGPEER_TOOLS_SERVE_SERVER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ringpeer/tools/command/hangup_signal.h"
#include "ringpeer/tools/command/progress_line.h"
#include "ringpeer/tools/command/status_signal.h"
#include "ringpeer/tools/command/stop_signal.h"
#include "ringpeer/tools/measure/machine_load.h"
#include "ringpeer/tools/serve/serve_options.h"
#include "ringpeer/tools/serve/serve_report.h"
#include "ringpeer/tools/serve/service.h"
#include "ringpeer/tools/serve/source_list_files.h"
#include "ringpeer/tools/serve/source_list_reload.h"

namespace ringpeer::tools {

// An engine with one service on it.
//
// Threads: one, the application thread. Use once: open(), then run().
class Server {
 public:
  // Options must have passed check_serve_options().
  explicit Server(const ServeOptions& options) : options_(options) {}

  // Who may send, from the first packet on; the files are read again when a signal has come. They
  // must have been read once, and both must outlive run().
  void admit_by(SourceListFiles* source_list, HangupSignal* hangup);

  // False with words that say what to do when the engine or the port is not to be had.
  bool open(std::string* error);

  int port() const { return service_->port(); }
  // An empty text when the kernel granted the receive buffer that was asked for; otherwise what
  // to do about it.
  std::string complaint_about_buffer() const;
  const Engine& engine() const { return *engine_; }

  // Where reports go that are asked for while it serves. Both must outlive run().
  using Teller = std::function<void(const ServeReport&)>;
  void tell_on(StatusSignal* status, Teller teller);

  // Serves for the time given in the options, or until stopped.
  ServeReport run(const StopSignal& stop, ProgressLine* progress);

 private:
  using Clock = std::chrono::steady_clock;

  void serve_until(Clock::time_point end, const StopSignal& stop, ProgressLine* progress);
  ServeReport report_so_far() const;
  void take_source_list(ProgressLine* progress);
  void show_progress(Clock::time_point now, ProgressLine* progress) const;

  ServeOptions options_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<Service> service_;
  SourceListFiles* source_list_ = nullptr;
  std::optional<SourceListReload> reload_;
  StatusSignal* status_ = nullptr;
  Teller teller_;
  Clock::time_point started_;
  StealMeter steal_;
  std::chrono::nanoseconds cpu_before_{0};
  std::chrono::nanoseconds application_cpu_before_{0};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_SERVE_SERVER_H_
