#ifndef RINGPEER_ENGINE_WORKER_WORKER_OPTIONS_H_
#define RINGPEER_ENGINE_WORKER_WORKER_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/latency_budget.h"

namespace ringpeer::worker {

// What a worker is made with: a value, of which it keeps a copy. Its log is called by the worker.
struct WorkerOptions {
  int index = 0;
  bool has_thread = true;  // false: pump() runs it
  int cpu = -1;            // to pin to; -1: none
  LatencyBudget latency_budget;
  std::size_t payload_budget = std::size_t{64} << 20;
  bool use_uring = true;
  bool use_send_trains = true;  // UDP_SEGMENT
  backend::BackendOptions backend;
  std::chrono::steady_clock::time_point epoch;  // what received_at_us counts from
  // Told when the worker has to end by itself, and of sockets that it cannot let go.
  std::function<void(std::string_view message)> log;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_WORKER_OPTIONS_H_
