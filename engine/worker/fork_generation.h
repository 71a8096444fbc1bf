#ifndef RINGPEER_ENGINE_WORKER_FORK_GENERATION_H_
#define RINGPEER_ENGINE_WORKER_FORK_GENERATION_H_

#include <atomic>

namespace ringpeer::worker {

// Counts fork() in this process and its ancestors. Threads stay with the parent, so
// what was made with another generation has none here, and its locks may be held by
// nobody. Forks by a bare system call, which tell nobody, are not seen.
//
// Threads: any.
class ForkGeneration {
 public:
  // Of this process, at the price of one load.
  static unsigned current() { return count_.load(std::memory_order_relaxed); }

  ForkGeneration();
  // Whether the object that holds this was made before the last fork.
  bool is_outdated() const { return current() != made_in_; }

 private:
  friend class ForkLife;
  static std::atomic<unsigned> count_;
  const unsigned made_in_;
};

// Whether something goes on: until it is ended, and never in a child that was forked off
// since it was made. Both are one look.
//
// Threads: any.
class ForkLife {
 public:
  bool is_over() const {
    return lives_in_.load(std::memory_order_acquire) != ForkGeneration::current();
  }
  void end() { lives_in_.store(kNowhere, std::memory_order_release); }

 private:
  static constexpr unsigned kNowhere = 0;
  std::atomic<unsigned> lives_in_{ForkGeneration().made_in_};
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_FORK_GENERATION_H_
