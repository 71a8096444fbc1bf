#ifndef RINGPEER_ENGINE_SERVER_SERVER_VIEWS_H_
#define RINGPEER_ENGINE_SERVER_SERVER_VIEWS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/engine/packet/packet_release.h"
#include "ringpeer/engine/peer/held_view.h"

namespace ringpeer::internal {

// What the peers of a server show of its packets, all together within a bound.
//
// Threads: the server's consumer.
class ServerViews {
 public:
  // What is let go is given back through `release`, which outlives this.
  ServerViews(std::size_t payload_budget, packet::PacketRelease& release);

  // The packet, which lies in the buffer, is shown until the view is let go.
  void hold(packet::PacketBuffer* buffer, std::span<const std::uint8_t>* packet, HeldView* view);
  // Until another buffer is given back.
  void hold_briefly(packet::PacketBuffer* buffer) { release_.add(buffer); }
  void let_go(HeldView* view);
  // The view is no longer one of this server's peers'.
  void stop_counting(HeldView* view);

 private:
  ViewLimit limit_;
  packet::PacketRelease& release_;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_SERVER_VIEWS_H_
