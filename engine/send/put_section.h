#ifndef RINGPEER_ENGINE_SEND_PUT_SECTION_H_
#define RINGPEER_ENGINE_SEND_PUT_SECTION_H_

#include <atomic>

#include "ringpeer/engine/send/put_thread.h"

namespace ringpeer::worker {

// While one lives, nothing is taken away that puts use: peers and servers, which any thread
// may close. Whoever takes something away first hides it, so that later puts do not find it,
// then waits for those that have begun, and then frees it:
//
//   put:                                    close:
//     const PutSection section;               auto* taken = pointer.exchange(nullptr);
//     auto* found = pointer.load();           PutSection::wait_for_begun();
//     if (found != nullptr) found->send();    delete taken;
//
// A put pays two stores to memory of its own thread. The order between its first store and its
// load is the waiting thread's business: it has the kernel put a barrier into all threads
// (membarrier). Where that is forbidden each put has a barrier of its own.
//
// A section is short: nothing within waits for another thread. Sections do not nest.
//
// Threads: any.
class PutSection {
 public:
  PutSection() : thread_(PutThread::current()) {
    if (thread_ == nullptr) [[unlikely]] {
      without_memory_.fetch_add(1, std::memory_order_seq_cst);
      return;
    }
    thread_->begin_put();
    if (needs_fence_.load(std::memory_order_relaxed)) [[unlikely]] {
      std::atomic_thread_fence(std::memory_order_seq_cst);
    } else {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  }
  ~PutSection() {
    if (thread_ != nullptr) [[likely]] {
      thread_->end_put();
    } else {
      without_memory_.fetch_sub(1, std::memory_order_release);
    }
  }
  PutSection(const PutSection&) = delete;
  PutSection& operator=(const PutSection&) = delete;

  // Returns once all sections are over that other threads had begun before.
  static void wait_for_begun();
  // Before the first section: asks the kernel for barriers.
  static void prepare();

 private:
  static void place_barriers();
  // In a forked child: the sections of threads that stay with the parent.
  static void forget_other_threads();
  static const int registered_;  // for that, while there are no threads

  static std::atomic<bool> needs_fence_;
  // Sections of threads that there was no memory for, all in one.
  static std::atomic<int> without_memory_;
  PutThread* const thread_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_PUT_SECTION_H_
