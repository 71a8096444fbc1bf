#include "ringpeer/engine/worker/fork_generation.h"

#include <pthread.h>

namespace ringpeer::worker {
namespace {

// Made while there are no threads: whoever is forked off while another thread makes one would wait
// for that thread, which it does not have.
[[maybe_unused]] const ForkGeneration made_at_load;

}  // namespace

constinit std::atomic<unsigned> ForkGeneration::count_{1};  // 0: of no process

ForkGeneration::ForkGeneration() : made_in_(current()) {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { count_.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);
}

}  // namespace ringpeer::worker
