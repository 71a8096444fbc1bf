#ifndef RINGPEER_ENGINE_WORKER_WORKER_GROUP_H_
#define RINGPEER_ENGINE_WORKER_WORKER_GROUP_H_

#include <sys/types.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/engine/worker/drop_counter.h"
#include "ringpeer/engine/worker/fork_generation.h"
#include "ringpeer/engine/worker/worker.h"

namespace ringpeer::worker {

enum class BackendChoice { kAuto, kUring, kMmsg };

struct GroupOptions {
  BackendChoice backend = BackendChoice::kAuto;
  int workers = 1;  // 0: one worker without a thread
  std::vector<int> cpus;
  WorkerOptions worker;  // index, cpu, use_uring and has_thread are set per worker
};

// All workers of an engine and the books they share.
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

  // What descriptors' received_at_us counts from.
  std::chrono::steady_clock::time_point epoch() const { return epoch_; }
  std::chrono::steady_clock::time_point time_of(std::uint64_t engine_us) const {
    return epoch_ + std::chrono::microseconds(engine_us);
  }

  bool uses_uring() const { return uses_uring_ && !has_left_uring(); }
  std::string_view backend_reason() const;
  std::size_t size() const { return workers_.size(); }
  bool is_inline() const { return !workers_[0]->has_thread(); }
  Worker& at(std::size_t i) { return *workers_[i]; }
  // Brings what a socket receives to `sink`: by the next worker in turn that has a place for it.
  // 0 or errno: ENOSPC when none has.
  int attach(int descriptor, DatagramSink* sink, Worker** worker, backend::SocketSlot* slot);

  // One step of a worker without a thread, which waits for packets at most that long;
  // nothing where threads run. Returns the number of datagrams taken.
  std::size_t pump(std::chrono::milliseconds longest_wait = std::chrono::milliseconds(0));
  // The same without waiting, unless the last step is less than the latency budget ago and found
  // less than a whole batch: calls that only look must not cost a system call for each packet.
  void pump_if_due();
  bool is_pump_due() const;
  // Steps until the kernel has nothing more or has_room() is false. Many datagrams delay the
  // next step that goes by is_pump_due() by as long as they took: in a flood, half of the time is
  // the application's.
  template <typename HasRoom>
  void pump_all(HasRoom has_room);

  // How often Engine::sync() has come to its end.
  std::uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }
  void count_sync() { syncs_.fetch_add(1, std::memory_order_relaxed); }

  // A socket whose kernel drops are to be counted, until forget().
  void watch(const net::Socket* socket);
  void forget(const net::Socket* socket);

  // The counters of a consumer, until release(), which keeps their sums. See LentCounters.
  Counters* lend_counters();
  void release_counters(Counters* counters);
  // A packet that a call has sent, or has failed to. What is queued for a worker counts
  // there.
  void count_send(int error, std::size_t bytes);

  CounterSnapshot snapshot() const;

 private:
  WorkerGroup() = default;
  bool has_left_uring() const { return !workers_.empty() && workers_[0]->has_left_uring(); }
  bool start_workers(const GroupOptions& options, bool use_uring, backend::BackendFailure* failure);

  std::vector<std::unique_ptr<Worker>> workers_;
  bool uses_uring_ = false;
  std::string reason_;
  const ForkGeneration fork_generation_;
  std::chrono::steady_clock::time_point epoch_;
  ForkLife life_;
  std::atomic<std::size_t> next_{0};
  std::chrono::microseconds latency_budget_{0};
  std::chrono::steady_clock::time_point next_pump_;
  std::atomic<std::uint64_t> syncs_{0};

  mutable std::mutex mutex_;
  struct WatchedSocket {
    const net::Socket* socket;
    DropCounter drops;
  };
  mutable std::vector<WatchedSocket> sockets_;  // a snapshot looks at them
  std::vector<std::unique_ptr<Counters>> lent_counters_;
  CounterSnapshot past_;  // of sockets and consumers that are gone

  std::atomic<std::uint64_t> send_requested_{0};
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> sent_bytes_{0};
  std::atomic<std::uint64_t> send_full_{0};
  std::atomic<std::uint64_t> send_refused_{0};
  std::atomic<std::uint64_t> send_other_{0};
};

// A consumer's counters for as long as it lives.
class LentCounters {
 public:
  explicit LentCounters(WorkerGroup& group) : group_(group), counters_(group.lend_counters()) {}
  ~LentCounters() { group_.release_counters(counters_); }
  LentCounters(const LentCounters&) = delete;
  LentCounters& operator=(const LentCounters&) = delete;

  Counters* operator->() const { return counters_; }

 private:
  WorkerGroup& group_;
  Counters* const counters_;
};

template <typename HasRoom>
void WorkerGroup::pump_all(HasRoom has_room) {
  const auto begun = base::Clock::now();
  bool is_large = false;
  while (pump() >= backend::kBatchSize && has_room()) is_large = true;
  if (!is_large) return;
  const auto now = base::Clock::now();
  next_pump_ = std::max(next_pump_, now + (now - begun));
}

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_WORKER_GROUP_H_
