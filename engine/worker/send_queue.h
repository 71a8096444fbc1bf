#ifndef RINGPEER_WORKER_SEND_QUEUE_H_
#define RINGPEER_WORKER_SEND_QUEUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ringpeer/net/endpoint.h"
#include "ringpeer/ring/mpsc_queue.h"
#include "ringpeer/worker/error_latch.h"

namespace ringpeer::worker {

// Where packets go: a socket and, unless it is connected, an address.
struct SendTarget {
  net::Endpoint destination;
  int descriptor = -1;
  int family = 0;
  bool connected = false;
  ErrorLatch* latch = nullptr;  // outlives everything pushed with it; null: nobody is told
  bool has_source = false;      // the latch is an AddressedLatch with a source
};

// The payload of queued packets: one sending, or several of the same bytes.
struct SendBlock {
  std::atomic<std::uint32_t> references{0};
  bool from_heap = false;
  std::uint8_t* memory = nullptr;
};

struct SendItem {
  SendBlock* block;
  ErrorLatch* latch;
  net::Endpoint destination;
  int descriptor;
  std::uint16_t size;
  std::uint8_t family;
  bool connected : 1;
  bool broadcast : 1;  // counts against kMaxBroadcastItems
  bool has_source : 1;
};

// The queue from the threads that send to the worker that hands packets to the
// kernel: a copy of the payload into a preallocated block and one enqueue. Bounded
// by its blocks.
//
// Threads: push, push_to_all: any. pop, release: the worker.
class SendQueue {
 public:
  // Packets that may wait: a tick's snapshots for a thousand players, four times
  // over. 8 MiB, touched as far as it is used.
  static constexpr std::size_t kBlockCount = 4096;
  // Larger payloads (rare in games) come from the heap.
  static constexpr std::size_t kBlockSize = 2048;
  // Destinations of broadcasts that may wait; they share their payload, so blocks do
  // not bound them. 12 MiB.
  static constexpr std::size_t kMaxBroadcastItems = std::size_t{1} << 18;
  // Heap bytes that may wait.
  static constexpr std::size_t kMaxHeapBytes = std::size_t{32} << 20;

  SendQueue();
  ~SendQueue();
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  // 0, EAGAIN when the queue is full, ENOMEM.
  int push(std::span<const std::uint8_t> payload, const SendTarget& target);
  // The same bytes to many: all or none. 0, EAGAIN when the queue is full, ENOMEM.
  int push_to_all(std::span<const std::uint8_t> payload, std::span<const SendTarget> targets);

  // True for the first push after take_notice(): the worker wants to be woken.
  bool needs_notice() { return !noticed_.exchange(true, std::memory_order_seq_cst); }
  void take_notice() { noticed_.store(false, std::memory_order_seq_cst); }
  bool has_notice() const { return noticed_.load(std::memory_order_seq_cst); }

  std::size_t pop(std::span<SendItem> items);
  void release(const SendItem& item);
  // Gives released blocks back to the senders; once a batch.
  void flush_released();

 private:
  struct Shared;
  class ThreadState;

  ThreadState* this_thread();
  SendBlock* take_block(ThreadState& thread, std::size_t size);
  void return_block(ThreadState& thread, SendBlock* block, std::size_t size);
  static SendItem make_item(SendBlock* block, std::size_t size, const SendTarget& target);

  const std::shared_ptr<Shared> shared_;
  std::atomic<bool> noticed_{false};

  // The worker's.
  ring::MpscQueue<SendItem>::Consumer items_out_;
  ring::MpscQueue<SendBlock*>::Producer blocks_in_;
  static constexpr std::size_t kReleaseBatch = 64;
  SendBlock* released_[kReleaseBatch];
  std::size_t released_count_ = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_WORKER_SEND_QUEUE_H_
