#include "ringpeer/engine/send/send_store.h"

#include <cassert>
#include <cerrno>
#include <new>

#include "ringpeer/engine/send/send_queue.h"

namespace ringpeer::worker {

SendStore::~SendStore() {
  assert(heap_bytes_.load(std::memory_order_relaxed) == 0);
  SendLane* lane = lanes_.load(std::memory_order_acquire);
  while (lane != nullptr) {
    SendLane* const next = lane->next_;
    delete lane;
    lane = next;
  }
}

SendLane* SendStore::reclaim_lane() {
  SendLane* lane = lanes_.load(std::memory_order_relaxed);
  for (; lane != nullptr; lane = lane->next_) {
    if (!lane->is_claimed_.load(std::memory_order_acquire)) {
      lane->is_claimed_.store(true, std::memory_order_relaxed);
      return lane;
    }
  }
  return nullptr;
}

SendLane* SendStore::claim_lane() {
  const base::MutexLock lock(mutex_);
  if (SendLane* lane = reclaim_lane()) return lane;
  auto* lane = new (std::nothrow) SendLane(*this);
  if (lane == nullptr || !lane->is_valid()) {
    delete lane;
    return nullptr;
  }
  chunks_.make_room_for_threads(++lane_count_);
  lane->next_ = lanes_.load(std::memory_order_relaxed);
  lanes_.store(lane, std::memory_order_release);
  return lane;
}

HeapSend* SendStore::allocate(std::size_t size, std::size_t count, SendLane* lane, int* error) {
  *error = EAGAIN;
  if (heap_bytes_.fetch_add(size, std::memory_order_relaxed) + size <= SendQueue::kMaxHeapBytes) {
    if (void* place = ::operator new(size, std::nothrow)) {
      *error = 0;
      return new (place) HeapSend(size, count, lane);
    }
    *error = ENOMEM;
  }
  heap_bytes_.fetch_sub(size, std::memory_order_relaxed);
  return nullptr;
}

void SendStore::release(SendMemory* memory, std::uint32_t count) {
  if (!memory->let_go(count)) return;
  if (!memory->from_heap) {
    chunks_.give_back(static_cast<SendChunk*>(memory));
    return;
  }
  auto* heap = static_cast<HeapSend*>(memory);
  heap_bytes_.fetch_sub(heap->size, std::memory_order_relaxed);
  heap->~HeapSend();
  ::operator delete(heap);
}

}  // namespace ringpeer::worker
