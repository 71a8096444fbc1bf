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
#include "ringpeer/tools/command/stop_signal.h"
#include "ringpeer/tools/load/live_figures.h"
#include "ringpeer/tools/load/load_generator.h"
#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/load/load_payload.h"
#include "ringpeer/tools/load/load_report.h"

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

  // Opens every client's socket. False with words that say what to do when it cannot.
  bool open(std::string* error);

  // Sends for the given time or until stopped, waits for what is still on its way, and
  // says what became of every packet. Who has no watcher sees nothing.
  LoadReport run(const StopSignal& stop, const Watcher& watcher = nullptr);

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
  std::uint64_t inputs_received() const;
  std::optional<std::uint64_t> drops_at_targets() const;
  double planned_seconds() const;

  LoadOptions options_;
  LiveBoard board_;
  std::vector<std::unique_ptr<LoadGenerator>> generators_;
  const StopSignal* stop_ = nullptr;
  Watcher watcher_;
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
