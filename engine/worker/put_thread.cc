#include "ringpeer/worker/put_thread.h"

#include <cxxabi.h>

#include <new>

// The program or library that this code is in.
extern "C" __attribute__((visibility("hidden"))) void* __dso_handle;

namespace ringpeer::worker {

constinit thread_local PutThread* PutThread::current_ = nullptr;

PutThread* PutThread::begin() {
  std::unique_ptr<PutThread, void (*)(PutThread*)> thread(new (std::nothrow) PutThread,
                                                          [](PutThread* unused) { delete unused; });
  if (thread == nullptr) return nullptr;
  // What a thread_local object compiles to. Such an object cannot be had twice in a thread.
  if (abi::__cxa_thread_atexit(&PutThread::end, thread.get(), &__dso_handle) != 0) return nullptr;
  current_ = thread.release();
  return current_;
}

void PutThread::end(void* thread) {
  current_ = nullptr;
  delete static_cast<PutThread*>(thread);
}

PutThread::~PutThread() {
  for (const Entry& entry : lanes_) entry.lane->leave();
}

SendLane* PutThread::add(const std::shared_ptr<SendStore>& store) {
  forget_closed();
  try {
    lanes_.reserve(lanes_.size() + 1);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
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
