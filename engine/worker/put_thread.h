#ifndef RINGPEER_WORKER_PUT_THREAD_H_
#define RINGPEER_WORKER_PUT_THREAD_H_

#include <memory>
#include <vector>

#include "ringpeer/worker/send_store.h"

namespace ringpeer::worker {

// What a thread that puts packets has of its own: a lane into each send queue that it puts
// into. Made with its first put, gone with the thread.
//
// Thread-local and static objects may put in their destructors. By then the thread's own may
// be gone: it gets another, of which the end of the process takes care.
//
// Threads: the one that it is of.
class PutThread {
 public:
  // Null when there is no memory for it.
  static PutThread* current() { return current_ != nullptr ? current_ : begin(); }
  // Null for a thread that has not put anything.
  static PutThread* current_if_any() { return current_; }

  // The thread's lane into a queue, null when it has none.
  SendLane* find(const SendStore* store) const {
    for (const Entry& entry : lanes_) {
      if (entry.store.get() == store) return entry.lane;
    }
    return nullptr;
  }
  // The same, made where there is none; null when there is no memory for it.
  SendLane* lane(const std::shared_ptr<SendStore>& store) {
    SendLane* const found = find(store.get());
    return found != nullptr ? found : add(store);
  }

 private:
  struct Entry {
    std::shared_ptr<SendStore> store;
    SendLane* lane;
  };
  PutThread() = default;
  ~PutThread();
  static PutThread* begin();
  static void end(void* thread);
  SendLane* add(const std::shared_ptr<SendStore>& store);
  void forget_closed();

  static constinit thread_local PutThread* current_;
  std::vector<Entry> lanes_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_WORKER_PUT_THREAD_H_
