#ifndef RINGPEER_ENGINE_WORKER_INLINE_PUMP_H_
#define RINGPEER_ENGINE_WORKER_INLINE_PUMP_H_

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/worker/fork_generation.h"
#include "ringpeer/engine/worker/worker.h"

namespace ringpeer::worker {

// The steps of a worker without a thread, which the calls of the application make, and when the
// next is due. Nothing happens where workers have threads, or when they have ended.
//
// Lifetime: that of the group, whose worker it steps.
// Threads: the one that uses the engine.
class InlinePump {
 public:
  explicit InlinePump(const ForkLife& life) : life_(life) {}

  // Before any step. Null: workers have threads.
  void begin(Worker* worker, std::chrono::microseconds latency_budget) {
    worker_ = worker;
    latency_budget_ = latency_budget;
  }

  // One step, which waits for packets at most that long. Returns the number of datagrams taken.
  std::size_t step(std::chrono::milliseconds longest_wait = std::chrono::milliseconds(0));
  // The same without waiting, unless the last step is less than the latency budget ago and found
  // less than a whole batch: calls that only look must not cost a system call for each packet.
  void step_if_due();
  bool is_due() const { return base::Clock::now() >= next_; }
  // Steps until the kernel has nothing more or has_room() is false. Many datagrams delay the
  // next step that goes by is_due() by as long as they took: in a flood, half of the time is
  // the application's.
  template <typename HasRoom>
  void step_all(HasRoom has_room);

 private:
  const ForkLife& life_;
  Worker* worker_ = nullptr;
  std::chrono::microseconds latency_budget_{0};
  base::Clock::time_point next_;
};

template <typename HasRoom>
void InlinePump::step_all(HasRoom has_room) {
  const auto begun = base::Clock::now();
  bool is_large = false;
  while (step() >= backend::kBatchSize && has_room()) is_large = true;
  if (!is_large) return;
  const auto now = base::Clock::now();
  next_ = std::max(next_, now + (now - begun));
}

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_INLINE_PUMP_H_
