#include "ringpeer/worker/fork_generation.h"

#include <pthread.h>

namespace ringpeer::worker {

std::atomic<unsigned> ForkGeneration::count_{1};  // 0: of no process

ForkGeneration::ForkGeneration() : made_in_(current()) {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { count_.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);
}

}  // namespace ringpeer::worker
