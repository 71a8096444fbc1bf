#ifndef RINGPEER_ENGINE_WORKER_WORKER_WAIT_H_
#define RINGPEER_ENGINE_WORKER_WORKER_WAIT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/engine/wait/wait_planner.h"
#include "ringpeer/engine/worker/datagram_sink.h"
#include "ringpeer/engine/worker/worker_options.h"

namespace ringpeer::worker {

// How a worker waits: what its sinks receive goes to the planner, and the planner's plan to the
// worker. Times are those of the engine's clock, in microseconds.
//
// Lifetime: that of its worker, whose options and counters it refers to.
// Threads: the worker's, but is_automatic() and report(), which are for any.
class WorkerWait {
 public:
  WorkerWait(const WorkerOptions& options, Counters& counters)
      : counters_(counters),
        planner_(options.latency_budget, backend::kMaxSockets),
        plan_{.budget = options.latency_budget.bound()} {}

  // Whether it is measured: else consumers need not say when they look.
  bool is_automatic() const { return planner_.is_automatic(); }
  WaitReport report() const { return planner_.report(); }

  // ---- What it is planned by.

  // A sink receives from a socket, and does so no longer; or no sink does.
  void add(DatagramSink& sink, int descriptor);
  void remove(DatagramSink& sink);
  void remove_all() { planner_.forget_all(); }
  void record(DatagramSink& sink, const DatagramRun& run) {
    if (!is_automatic()) return;
    if (wait::Inflow* const inflow = sink.inflow())
      planner_.record(*inflow, run.packets, run.bytes);
  }
  void count_woken(std::size_t consumers) { woken_ += consumers; }

  // ---- The worker's loop.

  const wait::WaitPlan& begin(std::uint64_t now_us) {
    if (is_automatic()) plan_ = planner_.begin_wait(now_us);
    return plan_;
  }
  void end() {
    if (is_automatic()) planner_.end_wait();
  }
  // In which so many datagrams were taken. now_us() is asked for when it is needed.
  template <typename NowUs>
  void end_step(std::size_t taken, NowUs now_us) {
    if (is_automatic()) return end_automatic_step(now_us(), taken);
    // For the report alone, which need not be as new as that.
    if (planner_.count_step(taken) % kStepsPerClock == 0) [[unlikely]]
      planner_.end_second(now_us());
  }
  // Of the last plan.
  std::chrono::microseconds budget() const { return plan_.budget; }
  std::uint64_t usual_gap_us(std::uint64_t now_us) const { return planner_.usual_gap_us(now_us); }

 private:
  static constexpr std::uint64_t kStepsPerClock = 16;

  void end_automatic_step(std::uint64_t now_us, std::size_t taken);

  Counters& counters_;
  wait::WaitPlanner planner_;
  wait::WaitPlan plan_;
  std::uint64_t woken_ = 0;  // consumers, since the last step
  std::uint64_t seen_cut_sleeps_ = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_WORKER_WAIT_H_
