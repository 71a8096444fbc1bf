#include "ringpeer/engine/worker/command_queue.h"

#include <utility>

namespace ringpeer::worker {

void CommandQueue::open(bool has_started) {
  const base::MutexLock lock(mutex_);
  is_open_.store(has_started, std::memory_order_relaxed);
  was_tried_ = true;
  changed_.notify_all();
}

bool CommandQueue::wait_until_tried() {
  const base::MutexLock lock(mutex_);
  while (!was_tried_) changed_.wait(mutex_);
  return is_open();
}

CommandList CommandQueue::close() {
  const base::MutexLock lock(mutex_);
  is_open_.store(false, std::memory_order_relaxed);
  return std::exchange(commands_, {});
}

bool CommandQueue::push(Command* command) {
  const base::MutexLock lock(mutex_);
  if (!is_open()) return false;
  command->done = false;
  commands_.push(command);
  has_commands_.store(true, std::memory_order_release);
  return true;
}

CommandList CommandQueue::take_all() {
  const base::MutexLock lock(mutex_);
  has_commands_.store(false, std::memory_order_relaxed);
  return std::exchange(commands_, {});
}

void CommandQueue::finish(Command* command, int result) {
  if (result != 0 && !command->has_waiter) command->sink->on_worker_stopped();
  const base::MutexLock lock(mutex_);
  command->result = result;
  command->done = true;
  changed_.notify_all();
}

int CommandQueue::wait_for(Command* command) {
  const base::MutexLock lock(mutex_);
  while (!command->done) changed_.wait(mutex_);
  return command->result;
}

}  // namespace ringpeer::worker
