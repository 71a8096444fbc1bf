#include "ringpeer/engine/server/server_inbox.h"

#include "ringpeer/engine/peer/peer_channel.h"

namespace ringpeer::internal {

// For the event loop that watches the signal.
void ServerInbox::mark_if_empty() {
  if (!is_empty()) return;
  shared_.signal.mark_empty();
  if (sockets_.has_published()) shared_.signal.mark_missed();
}

Error ServerInbox::take_any(ReceivedPacket* packet, HeldView* view) {
  if (!sockets_.is_alive()) return take_from_dead(workers_, view);
  packets_.begin_look(ticks());
  const bool ends = packets_.ends_loop(1, sockets_.ring_slots());
  packet::PacketBuffer* buffer = nullptr;
  if (ends || !take_next(packet, &buffer)) {
    ends ? remind() : packets_.begin_again();
    view->let_go();
    return take_nothing();
  }
  packets_.count_given(1, workers_.us_of(packet->arrived));
  view->hold(buffer);
  record_taken({0, 1, packet->payload.size()});
  return Error::OK;
}

int ServerInbox::watch() {
  if (workers_.is_inline()) return -1;
  if (shared_.pace.begin_watch()) sockets_.wake_workers();
  return shared_.signal.watch();
}

Error ServerInbox::wait(std::chrono::milliseconds timeout) {
  begin_tick();
  return wait_for_packets(
      workers_, shared_.signal, timeout, [this] { begin_to_wait(); },
      [this] {
        take_published();
        return has_something();
      },
      [this] { return !sockets_.is_alive(); });
}

}  // namespace ringpeer::internal
