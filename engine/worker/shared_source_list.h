#ifndef RINGPEER_ENGINE_WORKER_SHARED_SOURCE_LIST_H_
#define RINGPEER_ENGINE_WORKER_SHARED_SOURCE_LIST_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "ringpeer/codec/base/mutex.h"
#include "ringpeer/source_list.h"

namespace ringpeer::worker {

// The list that a server has at present, as its consumer hands it to its workers.
//
// Threads: set() the consumer's, take() a worker's each. The lock is far from the path of packets.
class SharedSourceList {
 public:
  using List = std::shared_ptr<const SourceList>;

  void set(List list) RINGPEER_EXCLUDES(mutex_) {
    const base::MutexLock lock(mutex_);
    std::swap(list_, list);
    version_.fetch_add(1, std::memory_order_relaxed);
  }
  // False when it is that of the version. The one before is let go without the lock: that may free
  // it, which takes a while.
  bool take(std::uint32_t* version, List* list) RINGPEER_EXCLUDES(mutex_) {
    if (version_.load(std::memory_order_relaxed) == *version) return false;
    List fresh;
    {
      const base::MutexLock lock(mutex_);
      *version = version_.load(std::memory_order_relaxed);
      fresh = list_;
    }
    list->swap(fresh);
    return true;
  }

 private:
  base::Mutex mutex_;
  List list_ RINGPEER_GUARDED_BY(mutex_);
  std::atomic<std::uint32_t> version_{0};  // written with mutex_ locked
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_SHARED_SOURCE_LIST_H_
