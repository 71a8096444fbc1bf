#ifndef RINGPEER_ENGINE_WORKER_FREE_SLOTS_H_
#define RINGPEER_ENGINE_WORKER_FREE_SLOTS_H_

#include <cassert>
#include <cstddef>
#include <optional>
#include <vector>

#include "ringpeer/codec/base/mutex.h"
#include "ringpeer/engine/backend/backend.h"

namespace ringpeer::worker {

// The slots of a worker that no socket has. One is taken before the worker is asked to attach a
// socket: nobody learns later that there was none.
//
// Threads: any.
class FreeSlots {
 public:
  FreeSlots() {
    slots_.reserve(backend::kMaxSockets);
    for (std::size_t i = backend::kMaxSockets; i-- > 0;) {
      slots_.push_back(static_cast<backend::SocketSlot>(i));
    }
  }

  // Nothing when there is none.
  std::optional<backend::SocketSlot> take() RINGPEER_EXCLUDES(mutex_) {
    const base::MutexLock lock(mutex_);
    if (slots_.empty()) return std::nullopt;
    const backend::SocketSlot slot = slots_.back();
    slots_.pop_back();
    return slot;
  }
  // Does not allocate.
  void give_back(backend::SocketSlot slot) RINGPEER_EXCLUDES(mutex_) {
    const base::MutexLock lock(mutex_);
    assert(slot < backend::kMaxSockets && slots_.size() < backend::kMaxSockets);
    slots_.push_back(slot);
  }

 private:
  base::Mutex mutex_;
  std::vector<backend::SocketSlot> slots_ RINGPEER_GUARDED_BY(mutex_);
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_FREE_SLOTS_H_
