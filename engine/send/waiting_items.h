#ifndef RINGPEER_ENGINE_SEND_WAITING_ITEMS_H_
#define RINGPEER_ENGINE_SEND_WAITING_ITEMS_H_

#include <cstddef>
#include <cstdint>

#include "ringpeer/engine/send/send_item.h"

namespace ringpeer::worker {

// The packets of one socket that the kernel had no room for, in their order, and which marks (see
// SendMarks) they hold up.
//
// Threads: the worker's.
// Lifetime: the items are the send queue's; those that wait here are not given back to it.
// Failure: none; what waits is linked, so it needs no memory.
class WaitingItems {
 public:
  bool is_empty() const { return first_ == nullptr; }
  void push_back(SendItem* item);
  // One that was popped before, and was not sent.
  void push_front(SendItem* item);
  // Null when there is none.
  SendItem* pop_front();
  // Bytes of memory that is not free because of what waits here, at most.
  std::size_t held_bytes() const { return held_bytes_; }

  // What waited here when a mark had passed is covered by it, and settled once all of that has
  // left. A mark meanwhile has to wait for its turn.
  void begin(std::uint64_t last_passed_mark) { settled_mark_ = last_passed_mark; }
  void cover(std::uint64_t mark) { next_mark_ = mark; }
  void settle();
  bool is_settled(std::uint64_t mark) const { return mark <= settled_mark_; }

 private:
  SendItem* first_ = nullptr;
  SendItem* last_ = nullptr;
  std::size_t held_bytes_ = 0;
  // Items that have come and gone, and how many had come when a mark passed.
  std::uint64_t came_ = 0;
  std::uint64_t went_ = 0;
  std::uint64_t covered_ = 0;
  std::uint64_t covering_mark_ = 0;
  std::uint64_t next_mark_ = 0;
  std::uint64_t settled_mark_ = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_WAITING_ITEMS_H_
