// Reading a server as a whole: its packets in fair rotation, who is idle, waiting.

#include <algorithm>
#include <cassert>
#include <utility>

#include "ringpeer/engine/peer/peer_channel.h"
#include "ringpeer/engine/server/remote_channel.h"
#include "ringpeer/engine/server/server_core.h"

namespace ringpeer::internal {
namespace {

// Remotes that one look for disconnected ones passes: 100,000 in 100 calls, each of
// which takes microseconds.
constexpr std::size_t kIdleLook = 1024;

}  // namespace

// ---- The rotation: a ring of the remotes with packets, linked both ways, so that a
// remote can leave it from anywhere.

void ServerCore::link_ready(worker::Remote& remote) {
  assert((remote.next_ready == nullptr) == (remote.previous_ready == nullptr));
  if (remote.next_ready != nullptr) return;
  if (ready_ == nullptr) {
    ready_ = remote.next_ready = remote.previous_ready = &remote;
    return;
  }
  worker::Remote* last = ready_->previous_ready;
  remote.next_ready = ready_;
  remote.previous_ready = last;
  last->next_ready = ready_->previous_ready = &remote;
}

void ServerCore::unlink_ready(worker::Remote& remote) {
  if (remote.next_ready == nullptr) return;
  if (remote.next_ready == &remote) {
    ready_ = nullptr;
  } else {
    remote.previous_ready->next_ready = remote.next_ready;
    remote.next_ready->previous_ready = remote.previous_ready;
    if (ready_ == &remote) ready_ = remote.next_ready;
  }
  remote.next_ready = remote.previous_ready = nullptr;
}

void ServerCore::start_rotation() {
  rotating_ = true;
  for (worker::Remote* remote : accepted_) {
    if (remote->queued_packets > 0) link_ready(*remote);
  }
}

// ---- Packets.

bool ServerCore::take_next_of(worker::Remote& remote, ReceivedPacket* packet,
                              packet::PacketBuffer** buffer) {
  packet::PacketDescriptor* descriptor = queues_.front(remote);
  if (descriptor == nullptr) return false;
  packet->arrived = workers_.time_of(queues_.front_arrival_us(remote));
  packet->payload = descriptor->take_packet();
  packet->sender = remote.endpoint;
  packet->local = shared_.arrival.local_addresses ? worker::recorded_local_address(*descriptor)
                                                  : net::LocalAddress();
  packet->peer = remote.channel->peer();
  *buffer = descriptor->buffer;
  if (descriptor->size == 0) queues_.pop(remote);
  record_taken_packet(remote, packet->payload.size());
  return true;
}

bool ServerCore::take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) {
  if (!is_alive()) return false;
  if (!shared_.per_remote) return take_together(packet, buffer);
  if (!rotating_) start_rotation();
  if (ready_ == nullptr) {
    take_arrivals();
    if (ready_ == nullptr) return false;
  }
  worker::Remote& remote = *ready_;
  ready_ = remote.next_ready;  // one packet each
  return take_next_of(remote, packet, buffer);
}

bool ServerCore::load_together() {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const packet::PacketRing::Consumer ring = shards_[next_shard_]->demultiplexer.consumer();
    next_shard_ = next_shard_ + 1 == shards_.size() ? 0 : next_shard_ + 1;
    if (const packet::PacketDescriptor* descriptor = ring.front()) {
      together_rest_ = *descriptor;
      together_arrival_us_ = ring.arrival_us(descriptor->received_at_us);
      ring.pop();
      return true;
    }
  }
  return false;
}

bool ServerCore::take_together(ReceivedPacket* packet, packet::PacketBuffer** buffer) {
  if (together_rest_.size == 0 && !load_together()) {
    take_arrivals();
    if (!load_together()) {
      if (shared_.signal.is_watched()) mark_if_empty();
      return false;
    }
  }
  packet->arrived = workers_.time_of(together_arrival_us_);
  packet->payload = together_rest_.take_packet();
  packet->sender = net::endpoint_from_socket_address(together_rest_.source);
  packet->local =
      shared_.arrival.any() ? worker::recorded_local_address(together_rest_) : net::LocalAddress();
  packet->peer = nullptr;
  *buffer = together_rest_.buffer;
  return true;
}

void ServerCore::record_taken(const DrainProgress& progress) {
  counters_->add(Counter::kDeliveredPackets, progress.packets);
  counters_->add(Counter::kDeliveredBytes, progress.bytes);
}

// What the rings hold, and what has been taken out of them already.
std::size_t ServerCore::most_of_a_batch() const {
  return static_cast<std::size_t>(waiting_packets_) + shards_.size() * kRingSlots;
}

Error ServerCore::take_any(ReceivedPacket* packet, HeldView* view) {
  if (!is_alive()) return take_from_dead(workers_, view);
  packets_.begin_look(ticks());
  const bool ends = packets_.ends_loop(1, shards_.size() * kRingSlots);
  packet::PacketBuffer* buffer = nullptr;
  if (ends || !take_next(packet, &buffer)) {
    ends ? remind() : packets_.begin_again();
    view->let_go();
    return take_nothing();
  }
  packets_.count_given(1, us_of(packet->arrived));
  view->hold(buffer);
  record_taken({0, 1, packet->payload.size()});
  return Error::OK;
}

// ---- Waiting.

bool ServerCore::finds_something() {
  take_published();
  if (shared_.per_remote) return waiting_packets_ > 0 || !pending_.empty();
  return together_rest_.size > 0 ||
         std::any_of(shards_.begin(), shards_.end(), [](const auto& shard) {
           return shard->demultiplexer.consumer().front() != nullptr;
         });
}

Error ServerCore::wait(std::chrono::milliseconds timeout) {
  begin_tick();
  return wait_for_packets(
      workers_, shared_.signal, timeout, [this] { return finds_something(); },
      [this] { return !is_alive(); });
}

int ServerCore::watch() { return workers_.is_inline() ? -1 : shared_.signal.watch(); }

// ---- Who is gone.

std::uint64_t ServerCore::us_of(std::chrono::steady_clock::time_point time) const {
  using std::chrono::microseconds;
  const auto since = std::chrono::duration_cast<microseconds>(time - workers_.epoch());
  return static_cast<std::uint64_t>(since.count());
}

void ServerCore::set_idle_timeout(std::chrono::milliseconds timeout) {
  if (idle_timeout_.count() <= 0) {
    // Nobody could know so far that he had to send.
    const std::uint64_t now = now_us();
    for (worker::Remote* remote : accepted_) remote->idle_from_us = now;
  }
  idle_timeout_ = timeout;
}

bool ServerCore::is_silent(const worker::Remote& remote, std::uint64_t now_us) const {
  using std::chrono::milliseconds;
  const std::chrono::microseconds silence(remote.silence_us(now_us));
  return idle_timeout_.count() > 0 &&
         std::chrono::duration_cast<milliseconds>(silence) >= idle_timeout_;
}

bool ServerCore::is_gone(const worker::Remote& remote, std::uint64_t now_us) const {
  return is_silent(remote, now_us) || (remote.unreachable.load(std::memory_order_relaxed) &&
                                       remote.silence_us(now_us) >= worker::Remote::kSurelyThereUs);
}

// Without threads nobody has listened since the last look.
bool ServerCore::is_idle(const worker::Remote& remote) {
  if (is_silent(remote, now_us()) && workers_.is_inline()) take_arrivals();
  return is_silent(remote, now_us());
}

bool ServerCore::is_disconnected(const worker::Remote& remote) {
  if (is_gone(remote, now_us()) && workers_.is_inline()) take_arrivals();
  return is_gone(remote, now_us());
}

PacketPeerUDP* ServerCore::next_disconnected() {
  take_arrivals();
  const std::uint64_t now = now_us();
  const std::size_t looks = std::min(accepted_.size(), kIdleLook);
  for (std::size_t i = 0; i < looks; ++i) {
    if (next_idle_look_ >= accepted_.size()) next_idle_look_ = 0;
    worker::Remote& remote = *accepted_[next_idle_look_++];
    const bool was_reported = remote.reported != 0;
    remote.reported = is_gone(remote, now) ? 1 : 0;
    if (remote.reported != 0 && !was_reported) {
      return remote.channel->peer();
    }
  }
  return nullptr;
}

std::size_t ServerCore::remote_count() const {
  std::size_t sum = 0;
  for (const auto& shard : shards_) sum += shard->demultiplexer.remote_count();
  return sum;
}

}  // namespace ringpeer::internal
