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
  std::string text = failure.what + ": " + std::generic_category().message(failure.error);
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
  group->epoch_ = options.worker.epoch;
  const auto workers = static_cast<std::size_t>(std::max(options.workers, 1));
  std::string why_not;
  if (options.backend != BackendChoice::kMmsg) {
    if (group->start_workers(options, true, failure)) {
      group->uses_uring_ = true;
      group->reason_ = options.backend == BackendChoice::kAuto ? "available" : "asked for";
      group->reason_ += "; " + group->workers_[0]->receives().features();
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
    // Without a thread the application decides when to look.
    if (!worker.has_thread) worker.latency_budget = options.worker.latency_budget.bound();
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
  pump_.begin(options.workers > 0 ? nullptr : workers_[0].get(),
              options.worker.latency_budget.bound());
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
  for (auto& worker : workers_) worker->sends().refuse();
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
  std::array<Command, kFlushedAtATime> commands;
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

}  // namespace ringpeer::worker
