#ifndef RINGPEER_ENGINE_SERVER_ROUND_ROBIN_H_
#define RINGPEER_ENGINE_SERVER_ROUND_ROBIN_H_

#include <cassert>

#include "ringpeer/engine/remotes/remote.h"

namespace ringpeer::internal {

// The remotes that have packets, in a circle, each of which gives one in turn. They are linked
// both ways through themselves, so that one can leave from anywhere.
//
// Threads: the server's consumer.
class RoundRobin {
 public:
  // The next in turn, or null; the one after it follows.
  worker::Remote* next() {
    worker::Remote* const remote = next_;
    if (remote != nullptr) next_ = remote->next_ready;
    return remote;
  }

  // Behind all others, unless it is there.
  void join(worker::Remote& remote) {
    assert((remote.next_ready == nullptr) == (remote.previous_ready == nullptr));
    if (remote.next_ready != nullptr) return;
    if (next_ == nullptr) {
      next_ = remote.next_ready = remote.previous_ready = &remote;
      return;
    }
    worker::Remote* last = next_->previous_ready;
    remote.next_ready = next_;
    remote.previous_ready = last;
    last->next_ready = next_->previous_ready = &remote;
  }

  // If it is there.
  void leave(worker::Remote& remote) {
    if (remote.next_ready == nullptr) return;
    if (remote.next_ready == &remote) {
      next_ = nullptr;
    } else {
      remote.previous_ready->next_ready = remote.next_ready;
      remote.next_ready->previous_ready = remote.previous_ready;
      if (next_ == &remote) next_ = remote.next_ready;
    }
    remote.next_ready = remote.previous_ready = nullptr;
  }

 private:
  worker::Remote* next_ = nullptr;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_ROUND_ROBIN_H_
