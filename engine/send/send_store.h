#ifndef RINGPEER_ENGINE_SEND_SEND_STORE_H_
#define RINGPEER_ENGINE_SEND_SEND_STORE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/codec/base/mutex.h"
#include "ringpeer/engine/ring/mpsc_queue.h"
#include "ringpeer/engine/send/send_chunks.h"
#include "ringpeer/engine/send/send_item.h"
#include "ringpeer/engine/send/send_lane.h"

namespace ringpeer::worker {

// One allocation for a large packet or a broadcast: this, pointers to the items, the
// items, the payload.
struct HeapSend : SendMemory {
  HeapSend(std::size_t bytes, std::size_t items, SendLane* sender) : SendMemory(true, bytes) {
    lane = sender;
    pending.store(static_cast<std::uint32_t>(items), std::memory_order_relaxed);
  }
};
static_assert(sizeof(HeapSend) % alignof(SendItem*) == 0);

// What a send queue and its threads' lanes share: the queue of pointers and the memory
// that the packets lie in. Threads that have put keep it when the queue is gone.
//
// Threads: any.
class SendStore {
 public:
  SendStore() = default;
  ~SendStore();
  SendStore(const SendStore&) = delete;
  SendStore& operator=(const SendStore&) = delete;

  // A lane for the calling thread, until it leaves it. Null when there is no memory.
  SendLane* claim_lane() RINGPEER_EXCLUDES(mutex_);
  // Calls visit(SendLane&) for each lane there is.
  template <typename Visit>
  void for_each_lane(Visit visit) const {
    SendLane* lane = lanes_.load(std::memory_order_acquire);
    for (; lane != nullptr; lane = lane->next_) visit(*lane);
  }

  // Memory for `size` bytes with `count` items in it. Null, with the errno, when the heap's
  // share is used up or there is none.
  HeapSend* allocate(std::size_t size, std::size_t count, SendLane* lane, int* error);
  // `count` of the packets in this memory are dealt with.
  void release(SendMemory* memory, std::uint32_t count);

  ring::MpscQueue<SendItem*>& items() { return items_; }
  SendChunks& chunks() { return chunks_; }

  // Nobody pops any more.
  void close() { closed_.store(true, std::memory_order_relaxed); }
  bool is_closed() const { return closed_.load(std::memory_order_relaxed); }

 private:
  SendLane* reclaim_lane() RINGPEER_REQUIRES(mutex_);

  // Pointers that the queue has memory for from the start: several ticks of a thousand
  // players. It grows to its peak.
  static constexpr std::size_t kExpectedItems = 4096;

  ring::MpscQueue<SendItem*> items_{kExpectedItems};
  SendChunks chunks_;
  std::atomic<std::size_t> heap_bytes_{0};
  std::atomic<bool> closed_{false};

  base::Mutex mutex_;  // of threads that put here for the first time
  std::size_t lane_count_ RINGPEER_GUARDED_BY(mutex_) = 0;
  std::atomic<SendLane*> lanes_{nullptr};  // written with mutex_ locked
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_STORE_H_
