#include "ringpeer/worker/send_queue.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include "ringpeer/worker/put_thread.h"

namespace ringpeer::worker {
namespace {

SendLane* this_threads_lane(const std::shared_ptr<SendStore>& store) {
  PutThread* const thread = PutThread::current();
  return thread == nullptr ? nullptr : thread->lane(store);
}

}  // namespace

SendQueue::SendQueue() : store_(std::make_shared<SendStore>()), items_out_(store_->items()) {}

SendQueue::~SendQueue() {
  constexpr std::size_t kBatch = 64;
  std::array<SendItem*, kBatch> left;
  while (const std::size_t count = pop(left)) release({left.data(), count});
  store_->close();
}

bool SendQueue::has_waiting_of_this_thread() const {
  const PutThread* const thread = PutThread::current_if_any();
  const SendLane* const lane = thread == nullptr ? nullptr : thread->find(store_.get());
  return lane != nullptr && lane->has_waiting();
}

int SendQueue::push(std::span<const std::uint8_t> payload, const SendTarget& target) {
  SendLane* const lane = this_threads_lane(store_);
  if (lane == nullptr) return ENOMEM;
  if (payload.size() > kLargestInChunk) return push_heap(*lane, payload, {&target, 1});
  return lane->push(payload, target);
}

int SendQueue::push_to_all(std::span<const std::uint8_t> payload,
                           std::span<const SendTarget> targets) {
  if (targets.empty()) return 0;
  SendLane* const lane = this_threads_lane(store_);
  return lane == nullptr ? ENOMEM : push_heap(*lane, payload, targets);
}

int SendQueue::push_heap(SendLane& lane, std::span<const std::uint8_t> payload,
                         std::span<const SendTarget> targets) {
  const std::size_t count = targets.size();
  const std::size_t size =
      sizeof(HeapSend) + count * (sizeof(SendItem*) + sizeof(SendItem)) + payload.size();
  int error = 0;
  HeapSend* const heap = store_->allocate(size, count, &lane, &error);
  if (heap == nullptr) return error;
  auto* pointers = reinterpret_cast<SendItem**>(heap + 1);
  auto* items = reinterpret_cast<SendItem*>(pointers + count);
  auto* bytes = reinterpret_cast<std::uint8_t*>(items + count);
  std::memcpy(bytes, payload.data(), payload.size());
  for (std::size_t i = 0; i < count; ++i) {
    pointers[i] = new (&items[i]) SendItem(heap, bytes, payload.size(), targets[i]);
  }
  error = lane.push_all(pointers, count);
  if (error != 0) store_->release(heap, static_cast<std::uint32_t>(count));
  return error;
}

std::size_t SendQueue::size() const { return store_->items().size(); }

std::size_t SendQueue::pop(std::span<SendItem*> items) {
  return store_->items().pop_bulk(items_out_, items.data(), items.size());
}

void SendQueue::release(std::span<SendItem* const> items) {
  // Neighbours mostly lie in the same memory: two atomic operations for each run.
  for (std::size_t begin = 0; begin < items.size();) {
    SendMemory* memory = items[begin]->memory;
    std::size_t end = begin + 1;
    while (end < items.size() && items[end]->memory == memory) ++end;
    SendLane* const lane = memory->lane;
    store_->release(memory, static_cast<std::uint32_t>(end - begin));
    lane->count_done(end - begin);
    begin = end;
  }
}

}  // namespace ringpeer::worker
