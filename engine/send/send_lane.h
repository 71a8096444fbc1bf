#ifndef RINGPEER_ENGINE_SEND_SEND_LANE_H_
#define RINGPEER_ENGINE_SEND_SEND_LANE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/engine/ring/mpsc_queue.h"
#include "ringpeer/engine/ring/spsc_ring.h"
#include "ringpeer/engine/send/send_chunks.h"
#include "ringpeer/engine/send/send_item.h"

namespace ringpeer::worker {

class SendStore;

// One thread's way into a send queue: the chunk that it fills, and how far its packets
// have come. They are popped in the order of their pushes. A later thread goes on with the
// lane of one that has ended.
//
// Threads: push, push_all, has_waiting, leave: the one that has claimed it. popped, *_mark,
// count_*: the worker. pushed, done: any.
class SendLane {
 public:
  explicit SendLane(SendStore& store);
  SendLane(const SendLane&) = delete;
  SendLane& operator=(const SendLane&) = delete;

  // False when there was no memory for it.
  bool is_valid() const { return items_in_.is_valid(); }

  // 0, EAGAIN when there is no chunk to be had, ENOMEM.
  int push(std::span<const std::uint8_t> payload, const SendTarget& target);
  // Items that lie elsewhere: all or none. 0 or ENOMEM.
  int push_all(SendItem** items, std::size_t count);
  // Whether something that came in here is not with the kernel, or failed, yet.
  bool has_waiting() const { return pushed() != done(); }

  std::uint64_t pushed() const { return pushed_.load(std::memory_order_acquire); }
  std::uint64_t done() const { return done_.load(std::memory_order_acquire); }
  void count_done(std::uint64_t items) {
    done_.store(done_.load(std::memory_order_relaxed) + items, std::memory_order_release);
  }
  // Taken out of the queue, in the order of the pushes; done, or waiting for their socket.
  std::uint64_t popped() const { return popped_; }
  void count_popped(std::uint64_t items) { popped_ += items; }
  // See SendMarks.
  bool has_reached_mark() const { return popped_ >= mark_; }
  void set_mark() { mark_ = pushed(); }
  // Takes what is left up to the mark, as far as there is room. Before anything else is taken
  // of the lane, what was must be counted.
  std::size_t pop_to_mark(std::span<SendItem*> items);

  // Of the thread that ends: the lane is free for another.
  void leave();

 private:
  friend class SendStore;
  bool change_chunk();
  void count_pushed(std::uint64_t items) {
    pushed_.store(pushed_.load(std::memory_order_relaxed) + items, std::memory_order_release);
  }

  SendStore& store_;
  SendLane* next_ = nullptr;  // in the store's list
  std::atomic<bool> is_claimed_{true};

  // The thread's.
  ring::MpscQueue<SendItem*>::Producer items_in_;
  SendChunk* chunk_ = nullptr;
  std::size_t used_ = SendChunks::kChunkSize;
  std::uint32_t issued_ = 0;
  std::atomic<std::uint64_t> pushed_{0};

  // The worker's.
  alignas(ring::kInterferenceSize) std::atomic<std::uint64_t> done_{0};
  std::uint64_t popped_ = 0;
  std::uint64_t mark_ = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_LANE_H_
