#include "ringpeer/codec/base/mutex.h"

namespace ringpeer::base {

void Condition::wait(Mutex& mutex) {
  std::unique_lock lock(mutex.mutex_, std::adopt_lock);
  condition_.wait(lock);
  lock.release();  // it is the caller's
}

void Condition::notify_all() { condition_.notify_all(); }

}  // namespace ringpeer::base
