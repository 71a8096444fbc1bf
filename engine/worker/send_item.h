#ifndef RINGPEER_WORKER_SEND_ITEM_H_
#define RINGPEER_WORKER_SEND_ITEM_H_

#include <atomic>
#include <cstdint>

#include "ringpeer/net/endpoint.h"
#include "ringpeer/worker/error_latch.h"

namespace ringpeer::worker {

class SendLane;

// Where packets go: a socket and, unless it is connected, an address.
struct SendTarget {
  net::Endpoint destination;
  int descriptor = -1;
  int family = 0;
  bool connected = false;
  ErrorLatch* latch = nullptr;  // outlives everything pushed with it; null: nobody is told
  bool has_source = false;      // the latch is an AddressedLatch with a source
};

// Memory that queued packets lie in, and how many of them are not sent yet: it is free
// again when none is.
struct SendMemory {
  explicit SendMemory(bool heap) : from_heap(heap) {}
  const bool from_heap;
  std::atomic<std::uint32_t> pending{0};
  SendLane* lane = nullptr;  // that all of them came in through
};

// A packet on its way to the worker. It lies in front of its payload, so that both are
// written, and read by the worker, in one go.
struct SendItem {
  SendItem(SendMemory* owner, const std::uint8_t* bytes, std::size_t count,
           const SendTarget& target)
      : memory(owner),
        payload(bytes),
        latch(target.latch),
        destination(target.destination),
        descriptor(target.descriptor),
        size(static_cast<std::uint16_t>(count)),
        family(static_cast<std::uint8_t>(target.family)),
        connected(target.connected),
        has_source(target.has_source) {}

  SendMemory* const memory;
  const std::uint8_t* const payload;
  ErrorLatch* const latch;
  const net::Endpoint destination;
  const int descriptor;
  const std::uint16_t size;
  const std::uint8_t family;
  // A byte each would cost a word more.
  const bool connected : 1;
  const bool has_source : 1;
};
static_assert(sizeof(SendItem) == 56);

}  // namespace ringpeer::worker

#endif  // RINGPEER_WORKER_SEND_ITEM_H_
