#ifndef RINGPEER_TOOLS_LOAD_LOAD_RUN_H_
#define RINGPEER_TOOLS_LOAD_LOAD_RUN_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/tools/command/progress_line.h"
#include "ringpeer/tools/command/status_signal.h"
#include "ringpeer/tools/command/stop_signal.h"
#include "ringpeer/tools/load/client_result.h"
#include "ringpeer/tools/load/live_figures.h"
#include "ringpeer/tools/load/load_generator.h"
#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/load/load_payload.h"
#include "ringpeer/tools/load/load_report.h"
#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::tools {

// A whole load run: generators on threads of their own, at one rate, at rising ones, or in search
// of the highest that a goal allows.
//
// Threads: one; it starts those of the generators. Use once: open(), then run().
class LoadRun {
 public:
  // Sees the figures some times a second, on the thread that called run().
  using Watcher = std::function<void(const LiveFigures&)>;

  // Options must have passed check_load_options(). Each thread sends a clone of `payload`, which
  // make_load_payload() makes of them.
  LoadRun(const LoadOptions& options, const LoadPayload& payload);
  LoadRun(const LoadRun&) = delete;
  LoadRun& operator=(const LoadRun&) = delete;

  // An empty text when what is kept of each client has room; otherwise what to do about it.
  std::string complaint_about_results() const;

  // Opens every client's socket. False with words that say what to do when it cannot.
  bool open(std::string* error);

  // Where reports go that are asked for while it runs: some moments after the signal, on the thread
  // that calls run(). Both must outlive run().
  using Teller = std::function<void(const LoadReport&)>;
  void tell_on(StatusSignal* status, Teller teller);

  // A word when the sockets got less receive buffer than was asked for; otherwise an empty text.
  std::string complaint_about_buffer() const;

  // Sends for the given time or until stopped, waits for what is still on its way, and
  // says what became of every packet. Who has no watcher sees nothing.
  LoadReport run(const StopSignal& stop, const Watcher& watcher = nullptr);
  // Of all clients, after run(); nothing unless the options ask for them.
  std::vector<ClientResult> client_results() const;

 private:
  using Clock = std::chrono::steady_clock;

  struct PhaseResult {
    LoadReport counts;
    std::uint64_t answered = 0;
    std::optional<double> steal_percent;
  };

  void run_steps();
  PhaseResult run_phase(double packets_per_second, double seconds);
  std::optional<LoadStep> measure_step(double packets_per_second);
  void judge_step(const PhaseResult& result, LoadStep* step) const;
  void hold_to_goal(const LoadReport& counts, LoadStep* step) const;
  // On each generator at the same time; meanwhile the run is shown.
  void on_all(const std::function<void(LoadGenerator&)>& work);
  void watch();
  void tell_if_asked(const std::vector<bool>& has_ended);
  std::optional<LoadReport> report_so_far(const std::vector<bool>& has_ended);
  std::uint64_t inputs_received() const;
  std::optional<std::uint64_t> drops_at_targets() const;
  double planned_seconds() const;

  LoadOptions options_;
  LiveBoard board_;
  std::vector<std::unique_ptr<LoadGenerator>> generators_;
  const StopSignal* stop_ = nullptr;
  Watcher watcher_;
  StatusSignal* status_ = nullptr;
  Teller teller_;
  // Of each generator what it has handed over; empty while nobody asks.
  std::vector<std::optional<LoadReport>> interims_;
  StealMeter steal_;
  std::chrono::nanoseconds cpu_before_{0};
  std::atomic<bool> stopping_{false};
  Clock::time_point started_;
  double offered_per_s_ = 0;
  double sending_s_ = 0;
  LoadReport report_;
};

// One line of the figures, for people: what is done, how long it still takes, and how it goes.
std::string progress_text(const LiveFigures& figures);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_RUN_H_
