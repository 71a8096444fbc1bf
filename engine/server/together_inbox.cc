#include "ringpeer/engine/server/together_inbox.h"

#include <utility>

namespace ringpeer::internal {

// From the next ring in turn that has something.
bool TogetherInbox::load() {
  const auto shards = sockets_.shards();
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const packet::PacketRing::Consumer ring = shards[next_shard_]->demultiplexer.consumer();
    next_shard_ = next_shard_ + 1 == shards.size() ? 0 : next_shard_ + 1;
    if (const packet::PacketDescriptor* descriptor = ring.front()) {
      rest_ = *descriptor;
      arrival_us_ = ring.arrival_us(descriptor->received_at_us);
      ring.pop();
      return true;
    }
  }
  return false;
}

bool TogetherInbox::take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) {
  if (!sockets_.is_alive()) return false;
  if (rest_.size == 0 && !load()) {
    take_arrivals();
    if (!load()) {
      if (shared_.signal.is_watched()) mark_if_empty();
      was_empty_ = true;
      return false;
    }
  }
  if (std::exchange(was_empty_, false)) consumer_looks_.record(true);
  packet->arrived = workers_.time_of(arrival_us_);
  packet->payload = rest_.take_packet();
  packet->sender = net::endpoint_from_socket_address(rest_.source);
  packet->local =
      shared_.arrival.any() ? worker::recorded_local_address(rest_) : net::LocalAddress();
  packet->peer = nullptr;
  *buffer = rest_.buffer;
  return true;
}

void TogetherInbox::drop_all() {
  while (rest_.size > 0 || load()) {
    counters_->add(Counter::kDropClosed, rest_.packet_count());
    release_.add(rest_.buffer, rest_.packet_count());
    rest_ = {};
  }
  release_.flush();
}

}  // namespace ringpeer::internal
