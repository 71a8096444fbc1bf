#ifndef RINGPEER_CODEC_BASE_MUTEX_H_
#define RINGPEER_CODEC_BASE_MUTEX_H_

#include <condition_variable>
#include <mutex>

#include "ringpeer/codec/base/thread_annotations.h"

namespace ringpeer::base {

// std::mutex, std::lock_guard and std::condition_variable, with what clang needs to know of them:
// libstdc++'s own say nothing. Each member that a mutex guards says RINGPEER_GUARDED_BY.
//
// Threads: any.

class RINGPEER_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() RINGPEER_ACQUIRE() { mutex_.lock(); }
  void unlock() RINGPEER_RELEASE() { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

class RINGPEER_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) RINGPEER_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RINGPEER_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class Condition {
 public:
  // Unlocks the mutex until it is notified. Wakes up without reason, too: call it in a loop that
  // looks at what it waits for.
  void wait(Mutex& mutex) RINGPEER_REQUIRES(mutex);
  void notify_all();

 private:
  std::condition_variable condition_;
};

}  // namespace ringpeer::base

#endif  // RINGPEER_CODEC_BASE_MUTEX_H_
