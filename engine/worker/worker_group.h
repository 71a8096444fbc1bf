#ifndef RINGPEER_ENGINE_WORKER_WORKER_GROUP_H_
#define RINGPEER_ENGINE_WORKER_WORKER_GROUP_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/engine/worker/fork_generation.h"
#include "ringpeer/engine/worker/inline_pump.h"
#include "ringpeer/engine/worker/shared_counters.h"
#include "ringpeer/engine/worker/worker.h"

namespace ringpeer::worker {

// EngineOptions::backend, as this floor knows it. kAuto: io_uring where it works.
enum class BackendChoice { kAuto, kUring, kMmsg };

struct GroupOptions {
  BackendChoice backend = BackendChoice::kAuto;
  int workers = 1;  // 0: one worker without a thread
  std::vector<int> cpus;
  WorkerOptions worker;  // index, cpu, use_uring and has_thread are set per worker
};

// All workers of an engine, and what they share.
//
// Threads: every method from any thread.
class WorkerGroup {
 public:
  // Null on failure, with the reason in words.
  static std::unique_ptr<WorkerGroup> create(const GroupOptions& options,
                                             backend::BackendFailure* failure);
  ~WorkerGroup();

  // Refuses sends; sends what is queued, all workers at a time, with the bound of
  // Worker::stop().
  void stop();
  // Its first half, so that several can be at it at a time.
  void begin_stop();
  // Worker::flush() of all workers at a time.
  int flush();
  // False when one of them had to end by itself, too.
  bool is_running() const;
  // Or in a forked child.
  bool is_stopped() const { return life_.is_over(); }
  // False in a child that was forked off: the workers stayed with the parent.
  bool is_usable() const { return !fork_generation_.is_outdated(); }

  // The engine's clock, in which descriptors' received_at_us counts, and back.
  std::chrono::steady_clock::time_point time_of(std::uint64_t engine_us) const {
    return epoch_ + std::chrono::microseconds(engine_us);
  }
  std::uint64_t us_of(std::chrono::steady_clock::time_point time) const {
    using std::chrono::microseconds;
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<microseconds>(time - epoch_).count());
  }

  bool uses_uring() const { return uses_uring_ && !has_left_uring(); }
  std::string_view backend_reason() const;
  std::size_t size() const { return workers_.size(); }
  bool is_inline() const { return !workers_[0]->has_thread(); }
  Worker& at(std::size_t i) { return *workers_[i]; }
  // Brings what a socket receives to `sink`: by the next worker in turn that has a place for it.
  // 0 or errno: ENOSPC when none has.
  int attach(int descriptor, DatagramSink* sink, Worker** worker, backend::SocketSlot* slot);

  // The steps of a worker without a thread; none are made where threads run.
  InlinePump& inline_pump() { return pump_; }

  // How often Engine::sync() has come to its end.
  std::uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }
  void count_sync() { syncs_.fetch_add(1, std::memory_order_relaxed); }

  // What is counted beside the workers.
  SharedCounters& counters() { return counters_; }
  CounterSnapshot snapshot() const { return counters_.sum_with(workers_); }

 private:
  WorkerGroup() = default;
  bool has_left_uring() const {
    return !workers_.empty() && workers_[0]->receives().has_left_uring();
  }
  bool start_workers(const GroupOptions& options, bool use_uring, backend::BackendFailure* failure);

  std::vector<std::unique_ptr<Worker>> workers_;
  bool uses_uring_ = false;
  std::string reason_;
  const ForkGeneration fork_generation_;
  std::chrono::steady_clock::time_point epoch_;  // 0 of the engine's clock
  ForkLife life_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> syncs_{0};
  InlinePump pump_{life_};
  SharedCounters counters_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_WORKER_GROUP_H_
