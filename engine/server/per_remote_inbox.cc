#include "ringpeer/engine/server/per_remote_inbox.h"

#include <cassert>

#include "ringpeer/engine/server/remote_channel.h"

namespace ringpeer::internal {
namespace {

Counter reason_of_closed(const worker::Remote& remote) {
  if (remote.is_replaced()) return Counter::kDropPendingFull;
  return remote.denied.load(std::memory_order_relaxed) ? Counter::kDropDenied : remote.drop_reason;
}

}  // namespace

PerRemoteInbox::PerRemoteInbox(const std::shared_ptr<Engine>& engine, ServerSockets& sockets,
                               ServerRemotes& remotes, worker::ServerShared& shared)
    : ServerInbox(engine, sockets, shared),
      remotes_(remotes),
      views_(engine->options().payload_budget, release_) {}

// ---- From the rings.

bool PerRemoteInbox::move_published() {
  bool found = false;
  for (const auto& shard : sockets_.shards()) {
    if (shard->demultiplexer.consumer().front() == nullptr) continue;
    take_from(*shard);
    found = true;
  }
  drop_newest_pending();
  return found;
}

void PerRemoteInbox::take_from(Shard& shard) {
  const packet::PacketRing::Consumer ring = shard.demultiplexer.consumer();
  const std::size_t known_pending = remotes_.pending_count();
  // Only what is there now: a flood must not keep the consumer here.
  for (std::size_t left = ring.slots_in_use(); left > 0; --left) {
    const packet::PacketDescriptor* descriptor = ring.front();
    if (descriptor == nullptr) break;
    worker::Remote& remote = shard.demultiplexer.remote_of(*descriptor);
    const std::uint64_t came_us = ring.arrival_us(descriptor->received_at_us);
    if (worker::Demultiplexer::is_event(*descriptor)) {
      take_event(remote, *descriptor, came_us);
    } else {
      take_packet(remote, *descriptor, came_us);
    }
    ring.pop();
  }
  remotes_.sort_in_pending(known_pending);
}

void PerRemoteInbox::take_packet(worker::Remote& remote, const packet::PacketDescriptor& descriptor,
                                 std::uint64_t arrival_us) {
  if (remote.closed.load(std::memory_order_relaxed)) {
    drop(remote, descriptor, reason_of_closed(remote));
    return;
  }
  Counter reason{};
  if (!queues_.push(remote, descriptor, arrival_us, &reason)) {
    drop(remote, descriptor, reason);
    return;
  }
  waiting_packets_ += descriptor.packet_count();
  if (remote.reported != 0) [[unlikely]]
    remote.reported = 0;  // it lives
  if (rotating_ && remote.channel != nullptr) rotation_.join(remote);
}

void PerRemoteInbox::take_event(worker::Remote& remote, const packet::PacketDescriptor& event,
                                std::uint64_t came_us) {
  switch (event.size) {
    case worker::Demultiplexer::kNewRemote:
      if (remote.is_replaced()) return;  // it is told of soon
      if (is_misplaced(remote)) return turn_away(remote, Counter::kDropWrongWorker);
      if (!remotes_.add_pending(remote, came_us)) turn_away(remote, Counter::kDropNoMemory);
      return;
    case worker::Demultiplexer::kRemoteReplaced:
      return forget_replaced(remote);
    default:
      delete &remote;
  }
}

// The set of sockets on the port has changed (another program shares it), and the kernel's
// choice with it. The peer stays with the worker that it has: its packets must not overtake
// each other. At the end nothing is turned away any more: all that waits is dropped.
bool PerRemoteInbox::is_misplaced(const worker::Remote& remote) const {
  return sockets_.is_open() && remotes_.knows(remote.endpoint);
}

void PerRemoteInbox::forget_replaced(worker::Remote& remote) {
  remotes_.remove_replaced(remote);
  drop_queue(remote);
  release_.flush();
  close(remote);
}

// Nothing of it is queued, whether the worker goes on or not. One that has lost its place already
// is told of soon.
void PerRemoteInbox::turn_away(worker::Remote& remote, Counter reason) {
  if (!remote.accept()) return;
  remote.drop_reason = reason;
  remote.closed.store(true, std::memory_order_release);
  shared_.pending.fetch_sub(1, std::memory_order_relaxed);
  close(remote);
}

// ---- Drops.

void PerRemoteInbox::drop(worker::Remote& remote, const packet::PacketDescriptor& descriptor,
                          Counter reason) {
  counters_->add(reason, descriptor.packet_count());
  remote.taken_bytes.store(remote.taken_bytes.load(std::memory_order_relaxed) + descriptor.charge(),
                           std::memory_order_release);
  release_.add(descriptor.buffer, descriptor.packet_count());
}

void PerRemoteInbox::drop_queue(worker::Remote& remote) {
  assert(waiting_packets_ >= remote.queued_packets);
  waiting_packets_ -= remote.queued_packets;
  while (packet::PacketDescriptor* descriptor = queues_.front(remote)) {
    drop(remote, *descriptor, reason_of_closed(remote));
    queues_.pop(remote);
  }
  remote.queued_packets = 0;
  rotation_.leave(remote);
}

void PerRemoteInbox::close(worker::Remote& remote) {
  if (!sockets_.is_open()) return;
  drop_queue(remote);
  release_.flush();
  remotes_.forget(remote);
  Shard& shard = *sockets_.shards()[remote.shard];
  shard.demultiplexer.close(&remote);
  shard.worker->request_maintenance();
}

void PerRemoteInbox::drop_all() {
  for (const auto& shard : sockets_.shards()) take_from(*shard);
  remotes_.for_each([this](worker::Remote& remote) {
    drop_queue(remote);
    if (remote.channel != nullptr) remote.channel->orphan();
  });
  remotes_.clear();
  release_.flush();
}

// ---- New remotes.

// As many are accepted in one loop as may be pending.
bool PerRemoteInbox::ends_loop_of_connections() {
  const int most = shared_.max_pending.load(std::memory_order_relaxed);
  if (remotes_.pending_count() == 0 || !connections_.ends_loop(1, static_cast<std::uint64_t>(most)))
    return false;
  remind();
  return true;
}

bool PerRemoteInbox::has_pending() {
  const bool asks_for_more = connections_.begin_look(ticks());
  if (asks_for_more || !remotes_.claim_oldest()) take_arrivals();
  const bool is_claimed = remotes_.claim_oldest();
  if (ends_loop_of_connections()) return false;
  connections_.promise(remotes_.pending_count());
  return is_claimed;
}

bool PerRemoteInbox::finds_pending() {
  connections_.begin_look(ticks());
  if (!remotes_.claim_oldest()) take_arrivals();
  const bool is_claimed = remotes_.claim_oldest();
  if (!connections_.is_promised() && ends_loop_of_connections()) return false;
  if (!is_claimed) {
    connections_.begin_again();
    return false;
  }
  remotes_.reserve_accepted();
  return true;
}

worker::Remote& PerRemoteInbox::take_pending(RemoteChannel& channel) {
  worker::Remote& remote = remotes_.accept_oldest(channel, workers_.us_of(base::Clock::now()));
  connections_.count_given(1, remote.heard_us.load(std::memory_order_relaxed));
  if (rotating_ && remote.queued_packets > 0) rotation_.join(remote);
  return remote;
}

void PerRemoteInbox::set_max_pending(int count) {
  shared_.max_pending.store(count, std::memory_order_relaxed);
  take_arrivals();
  drop_newest_pending();
}

// Beyond a limit that was lowered after the workers had let them in. Whoever has waited longest
// keeps its place.
void PerRemoteInbox::drop_newest_pending() {
  const auto most = static_cast<std::size_t>(shared_.max_pending.load(std::memory_order_relaxed));
  while (remotes_.pending_count() > most) {
    worker::Remote* const newest = remotes_.take_newest_pending();
    if (newest != nullptr) close(*newest);
  }
}

// ---- Packets.

Error PerRemoteInbox::take(worker::Remote& remote, std::span<const std::uint8_t>* packet,
                           packet::PacketBuffer** buffer, std::uint64_t* arrival_us) {
  packet::PacketDescriptor* descriptor = queues_.front(remote);
  if (descriptor == nullptr) return take_nothing();
  *arrival_us = queues_.front_arrival_us(remote);
  *buffer = descriptor->buffer;
  *packet = descriptor->take_packet();
  if (descriptor->size == 0) queues_.pop(remote);
  record_taken_packet(remote, packet->size());
  record_taken({0, 1, packet->size()});
  return Error::OK;
}

bool PerRemoteInbox::take_next_of(worker::Remote& remote, ReceivedPacket* packet,
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

bool PerRemoteInbox::take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) {
  if (!sockets_.is_alive()) return false;
  if (!rotating_) start_rotation();
  worker::Remote* remote = rotation_.next();
  if (remote == nullptr) {
    take_arrivals();
    remote = rotation_.next();
  }
  return remote != nullptr && take_next_of(*remote, packet, buffer);
}

void PerRemoteInbox::start_rotation() {
  rotating_ = true;
  for (worker::Remote* remote : remotes_.accepted()) {
    if (remote->queued_packets > 0) rotation_.join(*remote);
  }
}

void PerRemoteInbox::record_taken_packet(worker::Remote& remote, std::size_t size) {
  assert(waiting_packets_ > 0 && remote.queued_packets > 0);
  --waiting_packets_;
  if (--remote.queued_packets == 0) rotation_.leave(remote);
  remote.taken_bytes.store(remote.taken_bytes.load(std::memory_order_relaxed) +
                               static_cast<std::uint32_t>(size) + packet::kRecordOverhead,
                           std::memory_order_release);
}

}  // namespace ringpeer::internal
