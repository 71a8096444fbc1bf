#include "ringpeer/engine.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/engine/core/live_engines.h"
#include "ringpeer/engine/packet/slab_pool.h"
#include "ringpeer/engine/worker/worker_group.h"

namespace ringpeer {
namespace {

worker::GroupOptions group_options(const EngineOptions& options) {
  worker::GroupOptions group;
  switch (options.backend) {
    case BackendKind::kAuto:
      group.backend = worker::BackendChoice::kAuto;
      break;
    case BackendKind::kIoUring:
      group.backend = worker::BackendChoice::kUring;
      break;
    case BackendKind::kRecvmmsg:
      group.backend = worker::BackendChoice::kMmsg;
      break;
  }
  group.workers = options.workers;
  group.cpus = options.worker_cpus;
  group.worker.latency_budget = options.latency_budget;
  group.worker.payload_budget = options.payload_budget;
  group.worker.use_send_trains = options.use_gso;
  group.worker.backend.max_datagram = options.max_datagram;
  group.worker.backend.gro = options.gro;
  group.worker.backend.use_min_wait = options.use_min_wait;
  group.worker.backend.use_incremental_buffers = options.use_incremental_buffers;
  group.worker.log = options.log;
  group.worker.epoch = base::Clock::now();
  return group;
}

static_assert(kMinPayloadBudgetPerWorker == packet::SlabPool::kPageSize);

// Null when the options are good.
const char* what_is_wrong(const EngineOptions& options) {
  if (options.workers < 0 || options.workers > kMaxWorkers) {
    return "EngineOptions::workers must be 0 (inline) to 256";
  }
  if (options.max_datagram < 1 || options.max_datagram > kLargestDatagram) {
    return "EngineOptions::max_datagram must be 1 to 65527 bytes";
  }
  if (options.latency_budget.bound().count() < 0 ||
      options.latency_budget.bound() > kMaxLatencyBudget) {
    return "EngineOptions::latency_budget must be 0 to 100 ms";
  }
  const auto shares = static_cast<std::size_t>(std::max(options.workers, 1));
  if (options.payload_budget / shares < kMinPayloadBudgetPerWorker) {
    return "EngineOptions::payload_budget must be at least 256 KiB for each worker";
  }
  if (options.encode_buffers > kMaxEncodeBuffers) {
    return "EngineOptions::encode_buffers must be at most 1024";
  }
  if (options.gro && options.max_datagram < kLargestIpv4Datagram) {
    return "EngineOptions::gro needs max_datagram of at least 65507: a train comes as one";
  }
  return nullptr;
}

void fail(Error* error, std::string* message, Error code, std::string_view text) {
  if (error != nullptr) *error = code;
  if (message == nullptr) return;
  RINGPEER_TRY { message->assign(text); }
  RINGPEER_CATCH(const std::bad_alloc&) {
    message->assign("no memory");  // for which every string has room
  }
}

}  // namespace

std::shared_ptr<Engine> Engine::create(const EngineOptions& options, Error* error,
                                       std::string* message) {
  if (const char* wrong = what_is_wrong(options)) {
    fail(error, message, Error::ERR_INVALID_PARAMETER, wrong);
    return nullptr;
  }
  RINGPEER_TRY { return create_checked(options, error, message); }
  RINGPEER_CATCH(const std::bad_alloc&) {}
  RINGPEER_CATCH(const std::length_error&) {  // a size that no memory has
  }
  RINGPEER_CATCH(const std::system_error&) {  // a mutex, a thread
  }
  fail(error, message, Error::ERR_OUT_OF_MEMORY,
       "no memory for the engine: EngineOptions::encode_buffers, workers or payload_budget ask for "
       "more than the machine or a limit of address space (`ulimit -v`) allows");
  return nullptr;
}

std::shared_ptr<Engine> Engine::create_checked(const EngineOptions& options, Error* error,
                                               std::string* message) {
  backend::BackendFailure failure;
  auto workers = worker::WorkerGroup::create(group_options(options), &failure);
  if (workers == nullptr) {
    const Error code = failure.error == ENOMEM ? Error::ERR_OUT_OF_MEMORY : Error::ERR_UNAVAILABLE;
    fail(error, message, code,
         failure.what + (options.backend == BackendKind::kIoUring
                             ? "; choose the backend recvmmsg or auto"
                             : ""));
    return nullptr;
  }
  fail(error, message, Error::OK, {});
  std::shared_ptr<Engine> engine(new Engine(options, std::move(workers)));
  engine->log("backend " + std::string(engine->backend_name()) + ": " +
              std::string(engine->backend_reason()));
  return engine;
}

std::shared_ptr<Engine> Engine::shared() {
  RINGPEER_TRY { return LiveEngines::of_process().shared(nullptr); }
  RINGPEER_CATCH(const std::bad_alloc&) { return nullptr; }
}

Engine::Engine(const EngineOptions& options, std::unique_ptr<worker::WorkerGroup> workers)
    : options_(options),
      encode_pool_(EncodePool::Options{.prefilled_per_class = options.encode_buffers}),
      workers_(std::move(workers)) {
  LiveEngines::of_process().add(this);
}

// In a forked child the workers are the parent's.
[[maybe_unused]] static bool are_all_buffers_back(worker::WorkerGroup& workers) {
  if (!workers.is_usable()) return true;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    if (!workers.at(i).has_all_buffers()) return false;
  }
  return true;
}

Engine::~Engine() {
  LiveEngines::of_process().remove(this);
  stop();
  assert(are_all_buffers_back(*workers_));  // whoever holds a packet holds the engine
}

void Engine::stop() { workers_->stop(); }

bool Engine::is_running() const { return workers_->is_running(); }

Error Engine::sync() {
  // What was put to a socket of this machine is to be received as well.
  const Error flushed = flush();
  if (flushed == Error::ERR_UNAVAILABLE) return flushed;
  for (std::size_t i = 0; i < workers_->size(); ++i) {
    if (const int error = workers_->at(i).sync(); error != 0) {
      return error == ENOMEM ? Error::ERR_OUT_OF_MEMORY : Error::ERR_UNAVAILABLE;
    }
  }
  workers_->count_sync();
  return flushed;
}

Error Engine::flush() {
  if (workers_->is_stopped()) return Error::ERR_UNAVAILABLE;
  switch (workers_->flush()) {
    case 0:
      return Error::OK;
    case EAGAIN:
      return Error::ERR_BUSY;
    default:
      return Error::ERR_UNAVAILABLE;
  }
}

BackendKind Engine::backend() const {
  return workers_->uses_uring() ? BackendKind::kIoUring : BackendKind::kRecvmmsg;
}

std::string_view Engine::backend_name() const {
  return workers_->uses_uring() ? "io_uring" : "recvmmsg";
}

std::string_view Engine::backend_reason() const { return workers_->backend_reason(); }

int Engine::workers() const { return options_.workers; }

CounterSnapshot Engine::counters() const { return workers_->snapshot(); }

EngineStats Engine::stats() const {
  EngineStats stats{counters(), {}};
  if (workers_->is_inline()) return stats;
  for (std::size_t i = 0; i < workers_->size(); ++i) {
    stats.waits.push_back(workers_->at(i).waits().report());
  }
  return stats;
}

void Engine::log(std::string_view message) const {
  if (!options_.log) return;
  RINGPEER_TRY { options_.log(message); }
  RINGPEER_CATCH(...) {
    // A line that could not be said is no reason to end anything.
  }
}

}  // namespace ringpeer
