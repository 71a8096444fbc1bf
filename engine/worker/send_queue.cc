#include "ringpeer/worker/send_queue.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace ringpeer::worker {
namespace {

// Blocks that a thread fetches at a time, so that most pushes touch no shared list.
constexpr std::size_t kThreadCache = 32;

}  // namespace

// What the threads' own states may outlive the queue with.
struct SendQueue::Shared {
  ring::MpscQueue<SendItem> items{kBlockCount};
  ring::MpscQueue<SendBlock*> free_blocks{kBlockCount};
  std::unique_ptr<SendBlock[]> blocks;
  std::uint8_t* memory = nullptr;
  std::atomic<std::size_t> heap_bytes{0};
  std::atomic<std::size_t> broadcast_items{0};
  std::atomic<bool> closed{false};

  Shared() {
    void* mapped = ::mmap(nullptr, kBlockCount * kBlockSize, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return;
    memory = static_cast<std::uint8_t*>(mapped);
    blocks = std::make_unique<SendBlock[]>(kBlockCount);
    ring::MpscQueue<SendBlock*>::Producer producer(free_blocks);
    for (std::size_t i = 0; i < kBlockCount; ++i) {
      blocks[i].memory = memory + i * kBlockSize;
      free_blocks.push(producer, &blocks[i]);
    }
  }
  ~Shared() {
    if (memory != nullptr) ::munmap(memory, kBlockCount * kBlockSize);
  }
};

// A thread's tokens and its small store of blocks, one for each queue it sends
// through.
class SendQueue::ThreadState {
 public:
  explicit ThreadState(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)),
        items_in(shared_->items),
        blocks_out_(shared_->free_blocks),
        blocks_in_(shared_->free_blocks) {}
  ~ThreadState() { shared_->free_blocks.push_bulk(blocks_in_, blocks_.data(), count_); }

  const Shared* shared() const { return shared_.get(); }
  bool is_stale() const { return shared_->closed.load(std::memory_order_relaxed); }

  SendBlock* take() {
    if (count_ == 0) {
      count_ = shared_->free_blocks.pop_bulk(blocks_out_, blocks_.data(), blocks_.size());
      if (count_ == 0) return nullptr;
    }
    return blocks_[--count_];
  }
  // A block that take() has just given.
  void untake(SendBlock* block) { blocks_[count_++] = block; }

 private:
  const std::shared_ptr<Shared> shared_;

 public:
  ring::MpscQueue<SendItem>::Producer items_in;

 private:
  ring::MpscQueue<SendBlock*>::Consumer blocks_out_;
  ring::MpscQueue<SendBlock*>::Producer blocks_in_;
  std::array<SendBlock*, kThreadCache> blocks_{};
  std::size_t count_ = 0;
};

SendQueue::SendQueue()
    : shared_(std::make_shared<Shared>()),
      items_out_(shared_->items),
      blocks_in_(shared_->free_blocks) {}

SendQueue::~SendQueue() {
  std::array<SendItem, kReleaseBatch> left;
  while (const std::size_t count = pop(left)) {
    for (std::size_t i = 0; i < count; ++i) release(left[i]);
  }
  flush_released();
  shared_->closed.store(true, std::memory_order_relaxed);
}

SendQueue::ThreadState* SendQueue::this_thread() {
  // The last one used comes first: a thread mostly sends through one queue.
  thread_local std::vector<std::unique_ptr<ThreadState>> states;
  for (auto& state : states) {
    if (state->shared() != shared_.get()) continue;
    if (&state != &states.front()) std::swap(state, states.front());
    return states.front().get();
  }
  std::erase_if(states, [](const auto& state) { return state->is_stale(); });
  states.insert(states.begin(), std::make_unique<ThreadState>(shared_));
  return states.front().get();
}

SendBlock* SendQueue::take_block(ThreadState& thread, std::size_t size) {
  if (size <= kBlockSize) return shared_->memory == nullptr ? nullptr : thread.take();
  if (shared_->heap_bytes.fetch_add(size, std::memory_order_relaxed) + size > kMaxHeapBytes) {
    shared_->heap_bytes.fetch_sub(size, std::memory_order_relaxed);
    return nullptr;
  }
  auto* block = new (std::nothrow) SendBlock;
  auto* memory = new (std::nothrow) std::uint8_t[size];
  if (block == nullptr || memory == nullptr) {
    shared_->heap_bytes.fetch_sub(size, std::memory_order_relaxed);
    delete block;
    delete[] memory;
    return nullptr;
  }
  block->from_heap = true;
  block->memory = memory;
  return block;
}

SendItem SendQueue::make_item(SendBlock* block, std::size_t size, const SendTarget& target) {
  return {block,
          target.latch,
          target.destination,
          target.descriptor,
          static_cast<std::uint16_t>(size),
          static_cast<std::uint8_t>(target.family),
          target.connected,
          false,
          target.has_source};
}

void SendQueue::return_block(ThreadState& thread, SendBlock* block, std::size_t size) {
  if (!block->from_heap) {
    thread.untake(block);
    return;
  }
  shared_->heap_bytes.fetch_sub(size, std::memory_order_relaxed);
  delete[] block->memory;
  delete block;
}

int SendQueue::push(std::span<const std::uint8_t> payload, const SendTarget& target) {
  ThreadState& thread = *this_thread();
  SendBlock* block = take_block(thread, payload.size());
  if (block == nullptr) return EAGAIN;
  std::memcpy(block->memory, payload.data(), payload.size());
  block->references.store(1, std::memory_order_relaxed);
  const SendItem item = make_item(block, payload.size(), target);
  if (shared_->items.push(thread.items_in, item)) return 0;
  return_block(thread, block, payload.size());
  return ENOMEM;
}

int SendQueue::push_to_all(std::span<const std::uint8_t> payload,
                           std::span<const SendTarget> targets) {
  if (targets.empty()) return 0;
  auto& waiting = shared_->broadcast_items;
  if (waiting.fetch_add(targets.size(), std::memory_order_relaxed) + targets.size() >
      kMaxBroadcastItems) {
    waiting.fetch_sub(targets.size(), std::memory_order_relaxed);
    return EAGAIN;
  }
  ThreadState& thread = *this_thread();
  SendBlock* block = take_block(thread, payload.size());
  std::vector<SendItem> items;
  if (block != nullptr) {
    std::memcpy(block->memory, payload.data(), payload.size());
    block->references.store(static_cast<std::uint32_t>(targets.size()), std::memory_order_relaxed);
    items.reserve(targets.size());
    for (const SendTarget& target : targets) {
      items.push_back(make_item(block, payload.size(), target));
      items.back().broadcast = true;
    }
    if (shared_->items.push_bulk(thread.items_in, items.data(), items.size())) return 0;
    return_block(thread, block, payload.size());
  }
  waiting.fetch_sub(targets.size(), std::memory_order_relaxed);
  return block == nullptr ? EAGAIN : ENOMEM;
}

std::size_t SendQueue::pop(std::span<SendItem> items) {
  return shared_->items.pop_bulk(items_out_, items.data(), items.size());
}

void SendQueue::release(const SendItem& item) {
  SendBlock* block = item.block;
  if (item.broadcast) {
    shared_->broadcast_items.fetch_sub(1, std::memory_order_relaxed);
    if (block->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  }
  if (block->from_heap) {
    shared_->heap_bytes.fetch_sub(item.size, std::memory_order_relaxed);
    delete[] block->memory;
    delete block;
    return;
  }
  if (released_count_ == kReleaseBatch) flush_released();
  released_[released_count_++] = block;
}

void SendQueue::flush_released() {
  shared_->free_blocks.push_bulk(blocks_in_, released_, released_count_);
  released_count_ = 0;
}

}  // namespace ringpeer::worker
