#ifndef RINGPEER_ENGINE_WORKER_FREE_SLOTS_H_
#define RINGPEER_ENGINE_WORKER_FREE_SLOTS_H_

#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

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
  std::optional<backend::SocketSlot> take() {
    const std::lock_guard lock(mutex_);
    if (slots_.empty()) return std::nullopt;
    const backend::SocketSlot slot = slots_.back();
    slots_.pop_back();
    return slot;
  }
  // Does not allocate.
  void give_back(backend::SocketSlot slot) {
    const std::lock_guard lock(mutex_);
    slots_.push_back(slot);
  }

 private:
  std::mutex mutex_;
  std::vector<backend::SocketSlot> slots_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_FREE_SLOTS_H_
