#include "ringpeer/engine/worker/worker_group.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "ringpeer/engine/send/put_section.h"
#include "ringpeer/engine/worker/memory_advice.h"

namespace ringpeer::worker {
namespace {

// More workers than nearly any engine has; their commands lie on the calling thread's stack.
constexpr std::size_t kFlushedAtATime = 32;

std::string explain(const backend::BackendFailure& failure, std::size_t workers) {
  const std::string text = failure.what + ": " + std::generic_category().message(failure.error);
  const bool is_uring = failure.what.find("io_uring") != std::string::npos;
  switch (failure.error) {
    case EPERM:
    case EACCES:
      return text + (is_uring ? " (a seccomp filter or kernel.io_uring_disabled forbids it)"
                              : " (a seccomp filter forbids it)");
    case ENOSYS:
      return text + (is_uring ? " (this kernel has no io_uring)" : " (a seccomp filter hides it)");
    case EINVAL:
      return text + (is_uring ? " (this kernel is older than Linux 6.1)" : "");
    case ENOMEM:
      return text + " (" + advice_on_memory(MemoryLimits::of_process(), failure.what, workers) +
             ")";
    default:
      return text;
  }
}

}  // namespace

std::unique_ptr<WorkerGroup> WorkerGroup::create(const GroupOptions& options,
                                                 backend::BackendFailure* failure) {
  PutSection::prepare();
  std::unique_ptr<WorkerGroup> group(new WorkerGroup);
  group->latency_budget_ = options.worker.latency_budget;
  group->epoch_ = options.worker.epoch;
  const auto workers = static_cast<std::size_t>(std::max(options.workers, 1));
  std::string why_not;
  if (options.backend != BackendChoice::kMmsg) {
    if (group->start_workers(options, true, failure)) {
      group->uses_uring_ = true;
      group->reason_ = options.backend == BackendChoice::kAuto ? "available" : "asked for";
      group->reason_ += "; " + group->workers_[0]->features();
      return group;
    }
    failure->what = explain(*failure, workers);
    if (options.backend == BackendChoice::kUring) return nullptr;
    why_not = "io_uring is not available: " + failure->what;
  }
  if (!group->start_workers(options, false, failure)) {
    failure->what = explain(*failure, workers);
    return nullptr;
  }
  group->reason_ = why_not.empty() ? "asked for" : why_not;
  return group;
}

bool WorkerGroup::start_workers(const GroupOptions& options, bool use_uring,
                                backend::BackendFailure* failure) {
  const auto count = static_cast<std::size_t>(std::max(options.workers, 1));
  for (std::size_t i = 0; i < count; ++i) {
    WorkerOptions worker = options.worker;
    worker.index = static_cast<int>(i);
    worker.has_thread = options.workers > 0;
    worker.use_uring = use_uring;
    worker.payload_budget = options.worker.payload_budget / count;
    if (i < options.cpus.size()) worker.cpu = options.cpus[i];
    auto created = Worker::create(worker, failure);
    if (created == nullptr) {
      workers_.clear();
      return false;
    }
    workers_.push_back(std::move(created));
  }
  return true;
}

WorkerGroup::~WorkerGroup() {
  stop();
  // The threads are the parent's; joining them here would never return.
  if (!is_usable()) {
    for (auto& worker : workers_) static_cast<void>(worker.release());
  }
}

void WorkerGroup::begin_stop() {
  if (!is_usable()) return;
  life_.end();
  for (auto& worker : workers_) worker->refuse_sends();
  PutSection::wait_for_begun();
  for (auto& worker : workers_) worker->begin_stop();
}

void WorkerGroup::stop() {
  if (!is_usable()) return;
  begin_stop();
  for (auto& worker : workers_) worker->stop();
}

bool WorkerGroup::is_running() const {
  return !is_stopped() && std::none_of(workers_.begin(), workers_.end(),
                                       [](const auto& worker) { return worker->has_failed(); });
}

// Without asking for memory, which there may be none of.
int WorkerGroup::flush() {
  std::array<Worker::Command, kFlushedAtATime> commands;
  int result = 0;
  for (std::size_t first = 0; first < workers_.size(); first += commands.size()) {
    const std::size_t count = std::min(workers_.size() - first, commands.size());
    for (std::size_t i = 0; i < count; ++i) {
      commands[i] = {};
      workers_[first + i]->begin_flush(&commands[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (const int error = workers_[first + i]->wait_for(&commands[i]); error != 0) result = error;
    }
  }
  return result;
}

std::string_view WorkerGroup::backend_reason() const {
  if (!has_left_uring()) return reason_;
  return "io_uring serves one thread, and another has gone on with an engine without threads";
}

std::size_t WorkerGroup::pump(std::chrono::milliseconds longest_wait) {
  if (!is_inline() || is_stopped()) return 0;
  const std::size_t taken = workers_[0]->pump(longest_wait);
  const bool may_be_more = taken >= backend::kBatchSize;
  next_pump_ = base::Clock::now();
  if (!may_be_more) next_pump_ += latency_budget_;
  return taken;
}

bool WorkerGroup::is_pump_due() const { return base::Clock::now() >= next_pump_; }

void WorkerGroup::pump_if_due() {
  if (is_inline() && is_pump_due()) pump();
}

int WorkerGroup::attach(int descriptor, DatagramSink* sink, Worker** worker,
                        backend::SocketSlot* slot) {
  const std::size_t first = next_.fetch_add(1, std::memory_order_relaxed);
  int error = ENOSPC;
  for (std::size_t i = 0; i < workers_.size() && error == ENOSPC; ++i) {
    *worker = workers_[(first + i) % workers_.size()].get();
    error = (*worker)->attach(descriptor, sink, slot);
  }
  return error;
}

void WorkerGroup::watch(const net::Socket* socket) {
  const std::lock_guard lock(mutex_);
  sockets_.push_back({socket, DropCounter(socket->kernel_drops())});
}

void WorkerGroup::forget(const net::Socket* socket) {
  if (!is_usable()) return;  // as in snapshot()
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                  [socket](const auto& entry) { return entry.socket == socket; });
  if (found == sockets_.end()) return;
  found->drops.look(socket->kernel_drops());
  past_.values[static_cast<std::size_t>(Counter::kKernelDrops)] += found->drops.total();
  *found = sockets_.back();
  sockets_.pop_back();
}

Counters* WorkerGroup::lend_counters() {
  const std::lock_guard lock(mutex_);
  lent_counters_.push_back(std::make_unique<Counters>());
  return lent_counters_.back().get();
}

void WorkerGroup::release_counters(Counters* counters) {
  if (!is_usable()) return;
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(lent_counters_.begin(), lent_counters_.end(),
                   [counters](const auto& entry) { return entry.get() == counters; });
  if (found == lent_counters_.end()) return;
  past_ += counters->snapshot();
  std::swap(*found, lent_counters_.back());
  lent_counters_.pop_back();
}

void WorkerGroup::count_send(int error, std::size_t bytes) {
  send_requested_.fetch_add(1, std::memory_order_relaxed);
  switch (error) {
    case 0:
      sent_.fetch_add(1, std::memory_order_relaxed);
      sent_bytes_.fetch_add(bytes, std::memory_order_relaxed);
      break;
    case EAGAIN:
    case ENOBUFS:
      send_full_.fetch_add(1, std::memory_order_relaxed);
      break;
    case ECONNREFUSED:
      send_refused_.fetch_add(1, std::memory_order_relaxed);
      break;
    default:
      send_other_.fetch_add(1, std::memory_order_relaxed);
  }
}

CounterSnapshot WorkerGroup::snapshot() const {
  if (!is_usable()) return {};  // a thread that is not here may hold the lock
  const std::lock_guard lock(mutex_);
  CounterSnapshot sum = past_;
  for (const auto& worker : workers_) sum += worker->snapshot();
  for (const auto& counters : lent_counters_) sum += counters->snapshot();
  const auto add = [&sum](Counter counter, std::uint64_t n) {
    sum.values[static_cast<std::size_t>(counter)] += n;
  };
  for (WatchedSocket& entry : sockets_) {
    entry.drops.look(entry.socket->kernel_drops());
    add(Counter::kKernelDrops, entry.drops.total());
  }
  add(Counter::kSendRequestedPackets, send_requested_.load(std::memory_order_relaxed));
  add(Counter::kSentPackets, sent_.load(std::memory_order_relaxed));
  add(Counter::kSentBytes, sent_bytes_.load(std::memory_order_relaxed));
  add(Counter::kSendFailedQueueFull, send_full_.load(std::memory_order_relaxed));
  add(Counter::kSendFailedRefused, send_refused_.load(std::memory_order_relaxed));
  add(Counter::kSendFailedOther, send_other_.load(std::memory_order_relaxed));
  return sum;
}

}  // namespace ringpeer::worker
