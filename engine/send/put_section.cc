#include "ringpeer/engine/send/put_section.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>

#include "ringpeer/engine/net/precise_sleep.h"

namespace ringpeer::worker {
namespace {

// A section is over within a microsecond, unless its thread has lost its core: looks before
// the waiting thread gives up its own, and for how long.
constexpr int kLooks = 100;
constexpr std::chrono::microseconds kNap{50};

// No core keeps a store to itself for so long.
constexpr std::chrono::milliseconds kStoreIsSeen{1};

bool membarrier(int command) { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }

template <typename IsOver>
void wait_until(IsOver is_over) {
  for (int look = 0; !is_over(); ++look) {
    if (look >= kLooks) net::sleep_precisely(kNap);
  }
}

void wait_for_end_of(const PutThread& thread) {
  const std::uint64_t turn = thread.turn();
  if (turn % 2 == 1) wait_until([&] { return thread.turn() != turn; });
}

}  // namespace

// Until the kernel has promised barriers.
constinit std::atomic<bool> PutSection::needs_fence_{true};
constinit std::atomic<int> PutSection::without_memory_{0};

void PutSection::prepare() {
  // Again for each engine, which costs nothing: what is done once by whoever comes first would have
  // a child wait that is forked off meanwhile.
  if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)) {
    needs_fence_.store(false, std::memory_order_relaxed);
  }
}

const int PutSection::registered_ =
    ::pthread_atfork(nullptr, nullptr, &PutSection::forget_other_threads);

void PutSection::forget_other_threads() {
  PutThread::forget_other_threads();
  without_memory_.store(0, std::memory_order_relaxed);
}

// Between the first store of every section that has begun and its loads.
void PutSection::place_barriers() {
  if (needs_fence_.load(std::memory_order_relaxed)) return;  // each has its own
  if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
  // Forbidden since (seccomp).
  needs_fence_.store(true, std::memory_order_relaxed);
  net::sleep_precisely(kStoreIsSeen);
}

void PutSection::wait_for_begun() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  wait_until([] { return without_memory_.load(std::memory_order_acquire) == 0; });
  const PutThread* const own = PutThread::current_if_any();
  bool has_others = false;
  PutThread::for_each([&](const PutThread& thread) {
    has_others = has_others || (&thread != own && thread.is_taken());
  });
  if (!has_others) return;
  place_barriers();
  PutThread::for_each([own](const PutThread& thread) {
    if (&thread != own) wait_for_end_of(thread);
  });
}

}  // namespace ringpeer::worker
