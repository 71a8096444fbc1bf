#ifndef RINGPEER_ENGINE_SEND_PUT_THREAD_H_
#define RINGPEER_ENGINE_SEND_PUT_THREAD_H_

#include <atomic>
#include <cassert>
#include <cstdint>
#include <memory>
#include <vector>

#include "ringpeer/engine/send/send_store.h"

namespace ringpeer::worker {

// What a thread that puts packets has of its own: a lane into each send queue that it puts
// into, and whether it is within a put (see PutSection). Made with its first put; when the
// thread is gone, another goes on with it.
//
// Thread-local and static objects may put in their destructors. By then the thread's own may
// be gone: it gets another, of which the end of the process takes care.
//
// Threads: the one that it is of, but for turn().
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

  // Odd within a put; another number in each, and outside.
  std::uint64_t turn() const { return turn_.load(std::memory_order_acquire); }
  void begin_put() {
    assert(turn_.load(std::memory_order_relaxed) % 2 == 0);  // puts do not nest
    turn_.store(turn_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void end_put() {
    assert(turn_.load(std::memory_order_relaxed) % 2 == 1);
    turn_.store(turn_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // Calls visit(const PutThread&) for each that a thread has, or has had.
  template <typename Visit>
  static void for_each(Visit visit) {
    const PutThread* thread = all_.load(std::memory_order_seq_cst);
    for (; thread != nullptr; thread = thread->next_) visit(*thread);
  }
  // In a forked child: the puts of other threads go on in the parent only.
  static void forget_other_threads();
  bool is_taken() const { return is_taken_.load(std::memory_order_seq_cst); }

 private:
  struct Entry {
    std::shared_ptr<SendStore> store;
    SendLane* lane;
  };
  PutThread() = default;
  static PutThread* begin();
  static PutThread* reuse();
  static PutThread* make();
  static void end(void* thread);
  SendLane* add(const std::shared_ptr<SendStore>& store);
  void leave_lanes();
  void forget_closed();

  static constinit thread_local PutThread* current_;
  static std::atomic<PutThread*> all_;  // none is ever freed

  std::atomic<std::uint64_t> turn_{0};
  std::vector<Entry> lanes_;
  PutThread* next_ = nullptr;
  std::atomic<bool> is_taken_{true};
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_PUT_THREAD_H_
