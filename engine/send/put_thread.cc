#include "ringpeer/engine/send/put_thread.h"

#include <cxxabi.h>
#include <pthread.h>

#include <cstdint>
#include <new>
#include <optional>

#include "ringpeer/codec/base/exceptions.h"

// The program or library that this code is in.
extern "C" __attribute__((visibility("hidden"))) void* __dso_handle;

namespace ringpeer::worker {
namespace {

constexpr std::int64_t kNoKey = -1;

// One for all threads, whose value's destructor is `end`; none when the process has no more keys.
std::optional<pthread_key_t> key_of_ends(void (*end)(void*)) {
  static constinit std::atomic<std::int64_t> made{kNoKey};
  if (const std::int64_t key = made.load(std::memory_order_acquire); key != kNoKey) {
    return static_cast<pthread_key_t>(key);
  }
  pthread_key_t key{};
  if (::pthread_key_create(&key, end) != 0) return std::nullopt;
  std::int64_t other = kNoKey;
  if (made.compare_exchange_strong(other, key)) return key;
  ::pthread_key_delete(key);
  return static_cast<pthread_key_t>(other);
}

}  // namespace

constinit thread_local PutThread* PutThread::current_ = nullptr;
constinit std::atomic<PutThread*> PutThread::all_{nullptr};

PutThread* PutThread::begin() {
  PutThread* thread = reuse();
  if (thread == nullptr) thread = make();
  if (thread == nullptr) return nullptr;
  // What a thread_local object compiles to. Such an object cannot be had twice in a thread.
  if (abi::__cxa_thread_atexit(&PutThread::end, thread, &__dso_handle) != 0) {
    thread->is_taken_.store(false, std::memory_order_release);
    return nullptr;
  }
  // Destructors of pthread's keys come later than those of thread_local objects, and may put, too.
  if (const auto key = key_of_ends(&PutThread::end)) ::pthread_setspecific(*key, thread);
  // Whoever has hidden something by now is seen; whoever hides it later sees this thread.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  current_ = thread;
  return thread;
}

PutThread* PutThread::reuse() {
  PutThread* thread = all_.load(std::memory_order_acquire);
  for (; thread != nullptr; thread = thread->next_) {
    bool is_taken = false;
    if (thread->is_taken_.compare_exchange_strong(is_taken, true)) return thread;
  }
  return nullptr;
}

PutThread* PutThread::make() {
  auto* thread = new (std::nothrow) PutThread;
  if (thread == nullptr) return nullptr;
  thread->next_ = all_.load(std::memory_order_relaxed);
  while (!all_.compare_exchange_weak(thread->next_, thread)) continue;
  return thread;
}

// Called by whichever comes first, and by the other, when that thread may be another's already.
void PutThread::end(void* thread) {
  if (current_ != thread) return;
  current_ = nullptr;
  if (const auto key = key_of_ends(&PutThread::end)) ::pthread_setspecific(*key, nullptr);
  auto* const ended = static_cast<PutThread*>(thread);
  ended->leave_lanes();
  ended->is_taken_.store(false, std::memory_order_release);
}

void PutThread::forget_other_threads() {
  PutThread* thread = all_.load(std::memory_order_relaxed);
  for (; thread != nullptr; thread = thread->next_) {
    const std::uint64_t turn = thread->turn();
    if (thread != current_ && turn % 2 == 1)
      thread->turn_.store(turn + 1, std::memory_order_relaxed);
  }
}

void PutThread::leave_lanes() {
  for (const Entry& entry : lanes_) entry.lane->leave();
  lanes_ = {};
}

SendLane* PutThread::add(const std::shared_ptr<SendStore>& store) {
  forget_closed();
  RINGPEER_TRY { lanes_.reserve(lanes_.size() + 1); }
  RINGPEER_CATCH(const std::bad_alloc&) { return nullptr; }
  SendLane* const lane = store->claim_lane();
  if (lane != nullptr) lanes_.push_back({store, lane});
  return lane;
}

void PutThread::forget_closed() {
  std::erase_if(lanes_, [](const Entry& entry) {
    if (!entry.store->is_closed()) return false;
    entry.lane->leave();
    return true;
  });
}

}  // namespace ringpeer::worker
