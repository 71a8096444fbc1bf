#ifndef RINGPEER_ENGINE_SEND_SEND_QUEUE_H_
#define RINGPEER_ENGINE_SEND_SEND_QUEUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ringpeer/engine/ring/mpsc_queue.h"
#include "ringpeer/engine/send/send_item.h"
#include "ringpeer/engine/send/send_store.h"

namespace ringpeer::worker {

// The queue from the threads that send to the worker that hands packets to the
// kernel: a copy of the payload into memory that the thread has ready, and one enqueue
// of a pointer. Bounded by that memory. Keeps the order of each thread. Refuses what is for
// a socket that is full.
//
// Threads: push, push_to_all, has_waiting_of_this_thread, size: any. pop, release: the
// worker.
class SendQueue {
 public:
  // Larger payloads (rare in games) come from the heap, one allocation each.
  static constexpr std::size_t kMaxInChunk = 2048;
  // Heap bytes that may wait: of larger payloads, and of broadcasts, which take 64 bytes
  // for each destination.
  static constexpr std::size_t kMaxHeapBytes = std::size_t{32} << 20;

  SendQueue();
  ~SendQueue();
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  // 0, EAGAIN when the queue or the socket is full, ESHUTDOWN when one of them refuses, ENOMEM.
  int push(std::span<const std::uint8_t> payload, const SendTarget& target);
  // The same bytes to many: all or none.
  int push_to_all(std::span<const std::uint8_t> payload, std::span<const SendTarget> targets);
  // Whether something that this thread has pushed may not be with the kernel yet.
  bool has_waiting_of_this_thread() const;

  // From now on nothing is pushed any more, but for what was begun before.
  void refuse() { is_refusing_.store(true, std::memory_order_relaxed); }
  bool is_refusing() const { return is_refusing_.load(std::memory_order_relaxed); }

  // Packets that wait to be popped, more or less.
  std::size_t size() const;
  const SendStore& store() const { return *store_; }

  std::size_t pop(std::span<SendItem*> items);
  // Items that are with the kernel, or counted as failed; `popped`: since they were popped,
  // none of them has been counted as such in its lane.
  void release(std::span<SendItem* const> items, bool popped = true);

 private:
  int refusal_for(const SendTarget& target) const;
  SendLane* this_threads_lane() const;
  int push_heap(SendLane& lane, std::span<const std::uint8_t> payload,
                std::span<const SendTarget> targets);

  const std::shared_ptr<SendStore> store_;
  std::atomic<bool> is_refusing_{false};
  ring::MpscQueue<SendItem*>::Consumer items_out_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_QUEUE_H_
