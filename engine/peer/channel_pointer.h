#ifndef RINGPEER_ENGINE_PEER_CHANNEL_POINTER_H_
#define RINGPEER_ENGINE_PEER_CHANNEL_POINTER_H_

#include <atomic>
#include <cstddef>

namespace ringpeer::internal {

class PeerChannel;

// What a peer talks through, if it is open. Other threads than the consumer look at it
// within a worker::PutSection; whoever hides it ends it when their sections are over.
//
// Threads: publish and hide: one at a time. The rest: any.
class ChannelPointer {
 public:
  PeerChannel* get() const { return channel_.load(std::memory_order_acquire); }
  PeerChannel* operator->() const { return get(); }
  friend bool operator==(const ChannelPointer& pointer, std::nullptr_t) {
    return pointer.get() == nullptr;
  }

  // Of one that the pointer owns from now on, and that it does not any more.
  void publish(PeerChannel* channel) { channel_.store(channel, std::memory_order_release); }
  PeerChannel* hide() { return channel_.exchange(nullptr, std::memory_order_seq_cst); }

 private:
  std::atomic<PeerChannel*> channel_{nullptr};
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_PEER_CHANNEL_POINTER_H_
