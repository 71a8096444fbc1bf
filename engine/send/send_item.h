#ifndef RINGPEER_ENGINE_SEND_SEND_ITEM_H_
#define RINGPEER_ENGINE_SEND_SEND_ITEM_H_

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include "ringpeer/codec/base/atomics.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/local_address.h"

namespace ringpeer::worker {

class SendLane;
class SendSocket;

// Where packets go: a socket and, unless it is connected, an address. Lives for one put.
struct SendTarget {
  SendSocket* socket = nullptr;
  net::Endpoint destination;
  bool connected = false;
  // A failure of the worker is left for the next put to this destination to tell of.
  bool tells = false;
  // Where packets leave from; null: the kernel chooses. Copied.
  const net::LocalAddress* source = nullptr;
};

// Memory that queued packets lie in, and how many of them are not sent yet: it is free
// again when none is.
//
// Threads: the one that puts makes it, the worker counts it down, and whoever brings it to 0 frees
// it.
struct SendMemory {
  SendMemory(bool heap, std::size_t bytes)
      : from_heap(heap), size(static_cast<std::uint32_t>(bytes)) {}
  // `count` packets are dealt with. True when no others are left: the caller frees the memory.
  bool let_go(std::uint32_t count) {
    const std::uint32_t before = pending.fetch_sub(count, std::memory_order_acq_rel);
    assert(count > 0 && before >= count);  // each packet is given back once
    return before == count;
  }
  // What is left to let go. Who finds that all packets have been dealt with may write there again.
  std::uint32_t left() const { return pending.load(std::memory_order_acquire); }

  const bool from_heap;
  const std::uint32_t size;
  Atomic<std::uint32_t> pending{0};
  SendLane* lane = nullptr;  // that all of them came in through
};

// A packet on its way to the worker. In a chunk it lies in front of its payload, so that
// both are written, and read by the worker, in one go. The address to leave from, if there
// is one, follows the item.
//
// Lifetime: its memory's. Threads: who puts writes it; then it is the worker's.
struct SendItem {
  // What an item takes, without its payload.
  static std::size_t size_for(const SendTarget& target);
  // Makes one at `place`, where so much is free, for a payload that lies behind it.
  static SendItem* make(std::uint8_t* place, SendMemory* memory,
                        std::span<const std::uint8_t> payload, const SendTarget& target);

  const std::uint8_t* payload() const {
    return reinterpret_cast<const std::uint8_t*>(this) + payload_offset;
  }
  const net::LocalAddress& source() const;  // only with has_source
  bool leaves_from_same(const SendItem& other) const {
    if (!has_source && !other.has_source) [[likely]]
      return true;
    return has_source == other.has_source && source() == other.source();
  }

  SendItem(SendMemory* owner, std::uint32_t offset, std::size_t count, const SendTarget& target)
      : memory(owner),
        socket(target.socket),
        destination(target.destination),
        payload_offset(offset),
        size(static_cast<std::uint16_t>(count)),
        connected(target.connected),
        tells(target.tells),
        has_source(target.source != nullptr) {}

  SendMemory* const memory;
  SendSocket* const socket;
  SendItem* next;  // of those that wait for their socket; means nothing elsewhere
  const net::Endpoint destination;
  const std::uint32_t payload_offset;
  const std::uint16_t size;
  // A byte each would cost a word more.
  const bool connected : 1;
  const bool tells : 1;
  const bool has_source : 1;
};
static_assert(sizeof(SendItem) == 56);

inline constexpr std::size_t align_for_item(std::size_t size) {
  return (size + alignof(SendItem) - 1) / alignof(SendItem) * alignof(SendItem);
}

inline std::size_t SendItem::size_for(const SendTarget& target) {
  constexpr std::size_t kSource = align_for_item(sizeof(net::LocalAddress));
  return sizeof(SendItem) + (target.source != nullptr ? kSource : 0);
}

inline SendItem* SendItem::make(std::uint8_t* place, SendMemory* memory,
                                std::span<const std::uint8_t> payload, const SendTarget& target) {
  if (target.source != nullptr) [[unlikely]]
    new (place + sizeof(SendItem)) net::LocalAddress(*target.source);
  assert(payload.size() <= UINT16_MAX && payload.data() >= place + size_for(target));
  const auto offset = static_cast<std::uint32_t>(payload.data() - place);
  return new (place) SendItem(memory, offset, payload.size(), target);
}

inline const net::LocalAddress& SendItem::source() const {
  assert(has_source);
  return *std::launder(reinterpret_cast<const net::LocalAddress*>(this + 1));
}

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_ITEM_H_
