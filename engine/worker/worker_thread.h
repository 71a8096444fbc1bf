#ifndef RINGPEER_ENGINE_WORKER_WORKER_THREAD_H_
#define RINGPEER_ENGINE_WORKER_WORKER_THREAD_H_

#include <functional>
#include <thread>

#include "ringpeer/codec/base/mutex.h"
#include "ringpeer/engine/worker/worker_options.h"

namespace ringpeer::worker {

// The thread of a worker: with a name, on its CPU, with precise sleeps. The application's signals
// are the application's, so all of them are blocked on it.
//
// Threads: any; several may end it at once.
class WorkerThread {
 public:
  WorkerThread() = default;
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // Calls main() on it. 0 or errno.
  int start(const WorkerOptions& options, std::function<void()> main) RINGPEER_EXCLUDES(mutex_);
  // Whether it is the calling thread.
  bool is_current() const;
  // Tells it, unless it has ended before, and returns when it has.
  template <typename TellToEnd>
  void end(TellToEnd tell_to_end) RINGPEER_EXCLUDES(mutex_) {
    const base::MutexLock lock(mutex_);
    if (!is_there()) return;
    tell_to_end();
    join();
  }
  // Nobody waits for it: it is not here (after a fork), or is the one that ends the process.
  // Without the lock, which a thread that is not here either may hold.
  void abandon() RINGPEER_NO_THREAD_SAFETY_ANALYSIS;

 private:
  bool is_there() const RINGPEER_REQUIRES(mutex_);
  void join() RINGPEER_REQUIRES(mutex_);

  base::Mutex mutex_;
  std::thread thread_ RINGPEER_GUARDED_BY(mutex_);
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_WORKER_THREAD_H_
