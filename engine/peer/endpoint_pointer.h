#ifndef RINGPEER_ENGINE_PEER_ENDPOINT_POINTER_H_
#define RINGPEER_ENGINE_PEER_ENDPOINT_POINTER_H_

#include <atomic>
#include <cstddef>

namespace ringpeer::internal {

class PeerEndpoint;

// What a peer talks through, if it is open. Other threads than the consumer look at it
// within a worker::PutSection; whoever hides it ends it when their sections are over.
//
// Threads: publish and hide: one at a time. The rest: any.
class EndpointPointer {
 public:
  PeerEndpoint* get() const { return endpoint_.load(std::memory_order_acquire); }
  PeerEndpoint* operator->() const { return get(); }
  friend bool operator==(const EndpointPointer& pointer, std::nullptr_t) {
    return pointer.get() == nullptr;
  }

  // Of one that the pointer owns from now on, and that it does not any more.
  void publish(PeerEndpoint* endpoint) { endpoint_.store(endpoint, std::memory_order_release); }
  PeerEndpoint* hide() { return endpoint_.exchange(nullptr, std::memory_order_seq_cst); }

 private:
  std::atomic<PeerEndpoint*> endpoint_{nullptr};
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_PEER_ENDPOINT_POINTER_H_
