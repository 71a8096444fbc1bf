#ifndef RINGPEER_CODEC_WIRE_DECODE_BUDGET_H_
#define RINGPEER_CODEC_WIRE_DECODE_BUDGET_H_

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "ringpeer/codec/wire/options.h"

namespace ringpeer {

// What one decode may still make, and the memory that it makes it in. Everything is paid for
// before it is made: a function that returns false or null has made and spent nothing.
//
// Part of the decoder, not for direct use. Threads: the one that decodes. Lifetime: `memory` must
// outlive it.
template <typename Memory>
class DecodeBudget {
 public:
  DecodeBudget(Memory& memory, const DecodeLimits& limits)
      : memory_(memory),
        nodes_left_(limits.nodes),
        elements_left_(limits.elements),
        bytes_left_(limits.bytes) {}

  bool spend_node() { return spend(&nodes_left_, 1); }
  bool spend_elements(std::size_t count) { return spend(&elements_left_, count); }
  bool spend_bytes(std::size_t bytes) { return spend(&bytes_left_, bytes); }
  std::size_t nodes_left() const { return nodes_left_; }
  std::size_t elements_left() const { return elements_left_; }

  // How many elements to make room for: no more than those bytes of the packet can hold that no
  // open container has been promised, so that nested lies do not add up.
  std::size_t room_for(std::size_t count, std::size_t smallest_size, std::size_t available) const {
    const std::size_t free = available > promised_ ? available - promised_ : 0;
    return std::min(count, free / smallest_size);
  }
  // The same, and their bytes are promised until each has been redeemed.
  std::size_t promise(std::size_t count, std::size_t smallest_size, std::size_t available) {
    const std::size_t room = room_for(count, smallest_size, available);
    promised_ += room * smallest_size;
    return room;
  }
  void redeem(std::size_t smallest_size) {
    assert(promised_ >= smallest_size);
    promised_ -= smallest_size;
  }

  // Of a CompactVector or an EntryList.
  template <typename Elements>
  bool make_room(Elements* elements, std::size_t capacity) {
    if (capacity == 0) return true;
    if (!spend_bytes(elements->block_bytes(capacity))) return false;
    elements->reserve_in(memory_, capacity);
    return true;
  }

  // A place for one more element, null when the budget is spent. It counts already: the caller
  // constructs an empty one there before anything that may throw.
  template <typename Elements>
  auto* next_place(Elements* elements) {
    auto* place = elements->append_within_capacity();
    return place != nullptr ? place : grown_place(elements);
  }

 private:
  static bool spend(std::size_t* budget, std::size_t amount) {
    if (amount > *budget) return false;
    *budget -= amount;
    return true;
  }

  template <typename Elements>
  [[gnu::noinline]] auto* grown_place(Elements* elements) {
    using Place = decltype(elements->append_within_capacity());
    if (!spend_bytes(elements->next_block_bytes())) return Place(nullptr);
    return elements->append_uninitialized(memory_);
  }

  Memory& memory_;
  std::size_t nodes_left_;
  std::size_t elements_left_;
  std::size_t bytes_left_;
  // Bytes that open containers still need for the elements they have room for.
  std::size_t promised_ = 0;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_DECODE_BUDGET_H_
