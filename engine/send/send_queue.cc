#include "ringpeer/engine/send/send_queue.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include "ringpeer/engine/send/put_thread.h"
#include "ringpeer/engine/send/send_socket.h"

namespace ringpeer::worker {

SendQueue::SendQueue() : store_(std::make_shared<SendStore>()), items_out_(store_->items()) {}

SendQueue::~SendQueue() {
  constexpr std::size_t kBatch = 64;  // on the stack of whoever stops the engine
  std::array<SendItem*, kBatch> left;
  while (const std::size_t count = pop(left)) release({left.data(), count});
  store_->close();
}

SendLane* SendQueue::this_threads_lane() const {
  PutThread* const thread = PutThread::current();
  return thread == nullptr ? nullptr : thread->lane(store_);
}

bool SendQueue::has_waiting_of_this_thread() const {
  const PutThread* const thread = PutThread::current_if_any();
  const SendLane* const lane = thread == nullptr ? nullptr : thread->find(store_.get());
  return lane != nullptr && lane->has_waiting();
}

int SendQueue::refusal_for(const SendTarget& target) const {
  return is_refusing() ? ESHUTDOWN : target.socket->refusal();
}

int SendQueue::push(std::span<const std::uint8_t> payload, const SendTarget& target) {
  if (const int refusal = refusal_for(target)) [[unlikely]]
    return refusal;
  SendLane* const lane = this_threads_lane();
  if (lane == nullptr) [[unlikely]]
    return ENOMEM;
  if (payload.size() > kMaxInChunk) return push_heap(*lane, payload, {&target, 1});
  return lane->push(payload, target);
}

int SendQueue::push_to_all(std::span<const std::uint8_t> payload,
                           std::span<const SendTarget> targets) {
  if (targets.empty()) return 0;
  SendLane* const lane = this_threads_lane();
  return lane == nullptr ? ENOMEM : push_heap(*lane, payload, targets);
}

int SendQueue::push_heap(SendLane& lane, std::span<const std::uint8_t> payload,
                         std::span<const SendTarget> targets) {
  std::size_t size = sizeof(HeapSend) + targets.size() * sizeof(SendItem*) + payload.size();
  for (const SendTarget& target : targets) {
    if (const int refusal = refusal_for(target)) return refusal;
    size += SendItem::size_for(target);
  }
  int error = 0;
  HeapSend* const heap = store_->allocate(size, targets.size(), &lane, &error);
  if (heap == nullptr) return error;
  auto* const pointers = reinterpret_cast<SendItem**>(heap + 1);
  auto* place = reinterpret_cast<std::uint8_t*>(pointers + targets.size());
  auto* const bytes = reinterpret_cast<std::uint8_t*>(heap) + size - payload.size();
  std::memcpy(bytes, payload.data(), payload.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    pointers[i] = SendItem::make(place, heap, {bytes, payload.size()}, targets[i]);
    place += SendItem::size_for(targets[i]);
  }
  error = lane.push_all(pointers, targets.size());
  if (error != 0) store_->release(heap, static_cast<std::uint32_t>(targets.size()));
  return error;
}

std::size_t SendQueue::size() const { return store_->items().size(); }

std::size_t SendQueue::pop(std::span<SendItem*> items) {
  return store_->items().pop_bulk(items_out_, items.data(), items.size());
}

void SendQueue::release(std::span<SendItem* const> items, bool popped) {
  // Neighbours mostly lie in the same memory: two atomic operations for each run.
  for (std::size_t begin = 0; begin < items.size();) {
    SendMemory* memory = items[begin]->memory;
    std::size_t end = begin + 1;
    while (end < items.size() && items[end]->memory == memory) ++end;
    SendLane* const lane = memory->lane;
    store_->release(memory, static_cast<std::uint32_t>(end - begin));
    lane->count_done(end - begin);
    if (popped) lane->count_popped(end - begin);
    begin = end;
  }
}

}  // namespace ringpeer::worker
