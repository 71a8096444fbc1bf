#ifndef RINGPEER_ENGINE_BACKEND_SLOT_QUEUE_H_
#define RINGPEER_ENGINE_BACKEND_SLOT_QUEUE_H_

#include <cassert>
#include <cstddef>
#include <vector>

#include "ringpeer/engine/backend/datagram.h"

namespace ringpeer::backend {

// Slots that wait for their turn, first in, first out, each at most once: so it is never
// larger than at first, allocates nothing, and cannot fail. front() and pop() want one to be there.
//
// Threads: one.
class SlotQueue {
 public:
  // count: all slots are below it.
  explicit SlotQueue(std::size_t count) : queue_(count), waits_(count, false) {}

  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }

  // Nothing happens when it waits already.
  void push(SocketSlot slot) {
    assert(slot < waits_.size());
    if (waits_[slot]) return;
    waits_[slot] = true;
    queue_[(first_ + count_++) % queue_.size()] = slot;
  }
  SocketSlot front() const {
    assert(count_ > 0);
    return queue_[first_];
  }
  SocketSlot pop() {
    assert(count_ > 0);
    const SocketSlot slot = queue_[first_];
    first_ = (first_ + 1) % queue_.size();
    --count_;
    waits_[slot] = false;
    return slot;
  }

 private:
  std::vector<SocketSlot> queue_;  // circular
  std::vector<bool> waits_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace ringpeer::backend

#endif  // RINGPEER_ENGINE_BACKEND_SLOT_QUEUE_H_
