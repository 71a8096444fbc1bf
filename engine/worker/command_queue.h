#ifndef RINGPEER_ENGINE_WORKER_COMMAND_QUEUE_H_
#define RINGPEER_ENGINE_WORKER_COMMAND_QUEUE_H_

#include <atomic>

#include "ringpeer/codec/base/mutex.h"
#include "ringpeer/engine/worker/command.h"

namespace ringpeer::worker {

// From the threads that ask something of a worker to the worker, and the answers back. Commands
// are rare, so a mutex is good enough; none is on a packet's path.
//
// Before open() and after close() nothing is taken: who asks finds the command done, with what it
// held before.
//
// Threads: push, wait_for, wait_until_tried, is_open: any. The rest is the worker's.
class CommandQueue {
 public:
  // The worker has started, or could not.
  void open(bool has_started) RINGPEER_EXCLUDES(mutex_);
  bool is_open() const { return is_open_.load(std::memory_order_relaxed); }
  // Returns after open(): whether the worker has started.
  bool wait_until_tried() RINGPEER_EXCLUDES(mutex_);
  // Nothing more is taken. Gives what was not answered.
  CommandList close() RINGPEER_EXCLUDES(mutex_);

  // False when nothing is taken.
  bool push(Command* command) RINGPEER_EXCLUDES(mutex_);
  // At the price of one load.
  bool has_any() const { return has_commands_.load(std::memory_order_acquire); }
  // All that were pushed.
  CommandList take_all() RINGPEER_EXCLUDES(mutex_);
  // The answer. Whoever asked without waiting learns of a failure by the end of the sink.
  void finish(Command* command, int result) RINGPEER_EXCLUDES(mutex_);
  // The answer, when it is there.
  int wait_for(Command* command) RINGPEER_EXCLUDES(mutex_);

 private:
  base::Mutex mutex_;
  base::Condition changed_;
  CommandList commands_ RINGPEER_GUARDED_BY(mutex_);
  bool was_tried_ RINGPEER_GUARDED_BY(mutex_) = false;
  // Written with mutex_ locked; what asks without it has its own order with the worker.
  std::atomic<bool> is_open_{false};
  std::atomic<bool> has_commands_{false};
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_COMMAND_QUEUE_H_
