#include "ringpeer/worker/send_queue.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "ringpeer/worker/send_chunks.h"

namespace ringpeer::worker {
namespace {

// Pointers that the queue has memory for from the start: several ticks of a thousand
// players. It grows to its peak.
constexpr std::size_t kExpectedItems = 4096;

// What a chunk's count of pending packets begins with, more than ever fit: the chunk is
// not free, whatever is sent, before its thread has taken off what it did not use.
constexpr std::uint32_t kOpen = 1 << 16;
static_assert(kOpen > SendChunks::kChunkSize / sizeof(SendItem));

constexpr std::size_t align_up(std::size_t size) {
  return (size + alignof(SendItem) - 1) / alignof(SendItem) * alignof(SendItem);
}

// One allocation for a large packet or a broadcast: this, pointers to the items, the
// items, the payload.
struct HeapSend : SendMemory {
  HeapSend(std::size_t all, std::size_t items) : SendMemory(true), bytes(all) {
    pending.store(static_cast<std::uint32_t>(items), std::memory_order_relaxed);
  }
  const std::size_t bytes;
};
static_assert(sizeof(HeapSend) % alignof(SendItem*) == 0);

}  // namespace

// What the threads' own states may outlive the queue with.
struct SendQueue::Shared {
  ring::MpscQueue<SendItem*> items{kExpectedItems};
  SendChunks chunks;
  std::atomic<std::size_t> heap_bytes{0};
  std::atomic<bool> closed{false};

  // `count` of the packets in this memory are dealt with.
  void release(SendMemory* memory, std::uint32_t count) {
    if (memory->pending.fetch_sub(count, std::memory_order_acq_rel) != count) return;
    if (!memory->from_heap) {
      chunks.give_back(static_cast<SendChunk*>(memory));
      return;
    }
    auto* heap = static_cast<HeapSend*>(memory);
    heap_bytes.fetch_sub(heap->bytes, std::memory_order_relaxed);
    heap->~HeapSend();
    ::operator delete(heap);
  }
};

// A thread's token and the chunk that it fills, one for each queue it sends through.
class SendQueue::ThreadState {
 public:
  explicit ThreadState(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)), items_in_(shared_->items) {}
  ~ThreadState() {
    if (chunk_ != nullptr) shared_->release(chunk_, kOpen - issued_);
  }

  const Shared* shared() const { return shared_.get(); }
  bool is_stale() const { return shared_->closed.load(std::memory_order_relaxed); }

  int push(std::span<const std::uint8_t> payload, const SendTarget& target) {
    const std::size_t needed = align_up(sizeof(SendItem) + payload.size());
    if (used_ + needed > SendChunks::kChunkSize && !change_chunk()) return EAGAIN;
    std::uint8_t* place = chunk_->bytes + used_;
    std::uint8_t* bytes = place + sizeof(SendItem);
    std::memcpy(bytes, payload.data(), payload.size());
    auto* item = new (place) SendItem(chunk_, bytes, payload.size(), target);
    if (!shared_->items.push(items_in_, item)) return ENOMEM;
    used_ += needed;
    ++issued_;
    // Where the next packet of this size will lie: on its way before it is wanted.
    __builtin_prefetch(chunk_->bytes + used_ + needed, 1);
    last_on_heap_ = false;
    return 0;
  }

  int push_all(SendItem** items, std::size_t count) {
    if (!shared_->items.push_bulk(items_in_, items, count)) return ENOMEM;
    last_on_heap_ = true;
    return 0;
  }

  // The packets of a thread leave in their order: with the last one all are gone.
  bool has_waiting() const {
    if (last_on_heap_) return true;  // perhaps: nobody asks often enough for a better answer
    return chunk_ != nullptr && chunk_->pending.load(std::memory_order_acquire) != kOpen - issued_;
  }

 private:
  bool change_chunk() {
    if (chunk_ != nullptr) {
      const std::uint32_t sent = kOpen - chunk_->pending.load(std::memory_order_acquire);
      if (sent != issued_) {
        SendChunk* next = shared_->chunks.take();
        if (next == nullptr) return false;
        shared_->release(chunk_, kOpen - issued_);
        chunk_ = next;
      }
      // Else all of it has been sent: no other memory is as fresh in the caches.
    } else {
      chunk_ = shared_->chunks.take();
      if (chunk_ == nullptr) return false;
    }
    chunk_->pending.store(kOpen, std::memory_order_relaxed);
    used_ = 0;
    issued_ = 0;
    return true;
  }

  const std::shared_ptr<Shared> shared_;
  ring::MpscQueue<SendItem*>::Producer items_in_;
  SendChunk* chunk_ = nullptr;
  std::size_t used_ = SendChunks::kChunkSize;
  std::uint32_t issued_ = 0;
  bool last_on_heap_ = false;
};

class SendQueue::ThreadStates {
 public:
  ThreadState& find_or_add(const std::shared_ptr<Shared>& shared) {
    for (auto& state : states_) {
      if (state->shared() == shared.get()) return *state;
    }
    std::erase_if(states_, [](const auto& state) { return state->is_stale(); });
    states_.push_back(std::make_unique<ThreadState>(shared));
    return *states_.back();
  }
  const ThreadState* find(const Shared* shared) const {
    for (const auto& state : states_) {
      if (state->shared() == shared) return state.get();
    }
    return nullptr;
  }

 private:
  std::vector<std::unique_ptr<ThreadState>> states_;
};

thread_local SendQueue::ThreadStates SendQueue::thread_states_;

SendQueue::SendQueue() : shared_(std::make_shared<Shared>()), items_out_(shared_->items) {}

SendQueue::~SendQueue() {
  constexpr std::size_t kBatch = 64;
  std::array<SendItem*, kBatch> left;
  while (const std::size_t count = pop(left)) release({left.data(), count});
  shared_->closed.store(true, std::memory_order_relaxed);
}

SendQueue::ThreadState& SendQueue::this_thread() { return thread_states_.find_or_add(shared_); }

bool SendQueue::has_waiting_of_this_thread() {
  const ThreadState* thread = thread_states_.find(shared_.get());
  return thread != nullptr && thread->has_waiting();
}

int SendQueue::push(std::span<const std::uint8_t> payload, const SendTarget& target) {
  ThreadState& thread = this_thread();
  if (payload.size() > kLargestInChunk) return push_heap(thread, payload, {&target, 1});
  return thread.push(payload, target);
}

int SendQueue::push_to_all(std::span<const std::uint8_t> payload,
                           std::span<const SendTarget> targets) {
  return targets.empty() ? 0 : push_heap(this_thread(), payload, targets);
}

int SendQueue::push_heap(ThreadState& thread, std::span<const std::uint8_t> payload,
                         std::span<const SendTarget> targets) {
  const std::size_t count = targets.size();
  const std::size_t size =
      sizeof(HeapSend) + count * (sizeof(SendItem*) + sizeof(SendItem)) + payload.size();
  auto& waiting = shared_->heap_bytes;
  if (waiting.fetch_add(size, std::memory_order_relaxed) + size > kMaxHeapBytes) {
    waiting.fetch_sub(size, std::memory_order_relaxed);
    return EAGAIN;
  }
  void* place = ::operator new(size, std::nothrow);
  if (place == nullptr) {
    waiting.fetch_sub(size, std::memory_order_relaxed);
    return ENOMEM;
  }
  auto* heap = new (place) HeapSend(size, count);
  auto* pointers = reinterpret_cast<SendItem**>(heap + 1);
  auto* items = reinterpret_cast<SendItem*>(pointers + count);
  auto* bytes = reinterpret_cast<std::uint8_t*>(items + count);
  std::memcpy(bytes, payload.data(), payload.size());
  for (std::size_t i = 0; i < count; ++i) {
    pointers[i] = new (&items[i]) SendItem(heap, bytes, payload.size(), targets[i]);
  }
  const int error = thread.push_all(pointers, count);
  if (error != 0) shared_->release(heap, static_cast<std::uint32_t>(count));
  return error;
}

std::size_t SendQueue::size() const { return shared_->items.size(); }

std::size_t SendQueue::pop(std::span<SendItem*> items) {
  return shared_->items.pop_bulk(items_out_, items.data(), items.size());
}

void SendQueue::release(std::span<SendItem* const> items) {
  // Neighbours mostly lie in the same memory: one atomic operation for each run.
  for (std::size_t begin = 0; begin < items.size();) {
    SendMemory* memory = items[begin]->memory;
    std::size_t end = begin + 1;
    while (end < items.size() && items[end]->memory == memory) ++end;
    shared_->release(memory, static_cast<std::uint32_t>(end - begin));
    begin = end;
  }
}

}  // namespace ringpeer::worker
