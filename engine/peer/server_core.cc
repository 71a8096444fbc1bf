#include "ringpeer/peer/server_core.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "ringpeer/peer/listen_address.h"
#include "ringpeer/peer/remote_endpoint.h"
#include "ringpeer/peer/send_packet.h"

namespace ringpeer::internal {
namespace {

// Packets of one worker that may wait for the server's consumer: a 60 Hz frame of a
// flood of small packets, three times over. One MiB of descriptors.
constexpr std::size_t kRingSlots = 32768;

}  // namespace

ServerCore::Shard::Shard(worker::Worker& shard_worker, std::uint16_t index,
                         worker::ServerShared* shared)
    : worker(shard_worker), demultiplexer(index, kRingSlots, shared) {}

ServerCore::ServerCore(std::shared_ptr<Engine> engine, int max_pending)
    : engine_(std::move(engine)),
      workers_(engine_->workers_of_engine()),
      counters_(workers_.lend_counters()) {
  shared_.max_pending.store(max_pending, std::memory_order_relaxed);
}

std::shared_ptr<ServerCore> ServerCore::create(std::shared_ptr<Engine> engine,
                                               const net::Endpoint& local, net::SocketFamily family,
                                               int max_pending, int* error) {
  std::shared_ptr<ServerCore> core(new ServerCore(std::move(engine), max_pending));
  *error = core->open(local, family);
  if (*error != 0) return nullptr;
  return core;
}

ServerCore::~ServerCore() {
  stop();
  workers_.release_counters(counters_);
}

int ServerCore::open(const net::Endpoint& local, net::SocketFamily family) {
  const bool share = workers_.size() > 1;
  net::Endpoint endpoint = local;
  if (share) {
    // A shared port would let a second server in unnoticed: ask first, alone.
    net::Socket alone;
    if (const int error = alone.open(family); error != 0) return error;
    if (const int error = alone.bind(endpoint); error != 0) return error;
    endpoint = *alone.local_endpoint();
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    shards_.push_back(
        std::make_unique<Shard>(workers_.at(i), static_cast<std::uint16_t>(i), &shared_));
    if (const int error = open_shard(*shards_.back(), endpoint, family, share); error != 0) {
      return error;
    }
  }
  return 0;
}

int ServerCore::open_shard(Shard& shard, const net::Endpoint& local, net::SocketFamily family,
                           bool share) {
  if (const int error = shard.socket.open(family); error != 0) return error;
  if (share) shard.socket.set_reuse_port(true);
  prepare_socket(shard.socket, engine_->options());
  if (const int error = shard.socket.bind(local); error != 0) return error;
  const int error =
      shard.worker.attach(shard.socket.descriptor(), &shard.demultiplexer, &shard.slot);
  if (error != 0) return error;
  shard.receiving = true;
  workers_.watch(&shard.socket);
  return 0;
}

void ServerCore::stop() {
  if (std::exchange(stopped_, true)) return;
  for (auto& shard : shards_) {
    if (!shard->receiving) continue;
    shard->worker.detach(shard->slot);
    workers_.forget(&shard->socket);
    shard->socket.close();
  }
  // Nothing is published any more. What still waits is dropped with its remote.
  for (auto& shard : shards_) take_from(*shard);
  release_held();
  for (worker::Remote* remote : pending_) drop_queue(*remote);
  for (worker::Remote* remote : taken_) {
    drop_queue(*remote);
    static_cast<RemoteEndpoint*>(remote->owner)->orphan();
  }
  pending_.clear();
  taken_.clear();
  release_.flush();
  shards_.clear();  // frees the remotes
}

int ServerCore::local_port() const {
  if (stopped_ || shards_.empty()) return 0;
  const auto local = shards_[0]->socket.local_endpoint();
  return local.has_value() ? local->port : 0;
}

// ---- Arrivals.

void ServerCore::poll() {
  workers_.pump();
  for (auto& shard : shards_) {
    if (shard->demultiplexer.ring().front() != nullptr) take_from(*shard);
  }
}

void ServerCore::take_from(Shard& shard) {
  packet::PacketRing& ring = shard.demultiplexer.ring();
  // Only what is there now: a flood must not keep the consumer here.
  for (std::size_t left = ring.slots_in_use(); left > 0; --left) {
    const packet::PacketDescriptor* descriptor = ring.front();
    if (descriptor == nullptr) break;
    if (worker::Demultiplexer::is_event(*descriptor)) {
      take_event(*descriptor);
    } else {
      auto& remote = *static_cast<worker::Remote*>(const_cast<void*>(descriptor->source));
      if (remote.closed.load(std::memory_order_relaxed)) {
        drop(remote, *descriptor, Counter::kDropClosed);
      } else if (!queues_.push(remote, *descriptor)) {
        drop(remote, *descriptor, Counter::kDropBudget);
      }
      remote.last_received_us = descriptor->received_at_us;
    }
    ring.pop();
  }
}

void ServerCore::take_event(const packet::PacketDescriptor& event) {
  auto* remote = static_cast<worker::Remote*>(const_cast<void*>(event.source));
  if (event.size == worker::Demultiplexer::kNewRemote) {
    pending_.push_back(remote);
  } else {
    delete remote;
  }
}

void ServerCore::drop(worker::Remote& remote, const packet::PacketDescriptor& descriptor,
                      Counter reason) {
  counters_->add(reason, descriptor.packet_count());
  remote.taken_bytes.store(remote.taken_bytes.load(std::memory_order_relaxed) + descriptor.charge(),
                           std::memory_order_release);
  release_.add(descriptor.buffer);
}

void ServerCore::drop_queue(worker::Remote& remote) {
  while (packet::PacketDescriptor* descriptor = queues_.front(remote)) {
    drop(remote, *descriptor, Counter::kDropClosed);
    queues_.pop(remote);
  }
  remote.queued_packets = 0;
}

// ---- Connections.

bool ServerCore::has_pending() {
  take_arrivals();
  return !pending_.empty();
}

worker::Remote* ServerCore::take_pending(RemoteEndpoint* owner) {
  take_arrivals();
  if (pending_.empty()) return nullptr;
  worker::Remote* remote = pending_.front();
  pending_.pop_front();
  shared_.pending.fetch_sub(1, std::memory_order_relaxed);
  remote->owner = owner;
  remote->taken_index = static_cast<std::uint32_t>(taken_.size());
  taken_.push_back(remote);
  return remote;
}

void ServerCore::set_max_pending(int count) {
  shared_.max_pending.store(count, std::memory_order_relaxed);
  poll();
  while (pending_.size() > static_cast<std::size_t>(count)) {
    // The newest go first: whoever has waited longest keeps its place.
    worker::Remote* newest = pending_.back();
    pending_.pop_back();
    shared_.pending.fetch_sub(1, std::memory_order_relaxed);
    close(*newest);
  }
}

void ServerCore::close(worker::Remote& remote) {
  if (stopped_) return;
  drop_queue(remote);
  release_.flush();
  if (remote.owner != nullptr) {
    taken_[remote.taken_index] = taken_.back();
    taken_[remote.taken_index]->taken_index = remote.taken_index;
    taken_.pop_back();
    remote.owner = nullptr;
  }
  Shard& shard = *shards_[remote.shard];
  shard.demultiplexer.close(&remote);
  shard.worker.request_maintenance();
}

// ---- Packets.

Error ServerCore::take(worker::Remote& remote, std::span<const std::uint8_t>* packet) {
  packet::PacketDescriptor* descriptor = queues_.front(remote);
  if (descriptor == nullptr) {
    release_held();
    return Error::ERR_UNAVAILABLE;
  }
  if (held_buffer_ != nullptr) release_.add(std::exchange(held_buffer_, nullptr));
  *packet = descriptor->take_packet();
  if (descriptor->size == 0) {  // else a train's buffer stays with the queue
    held_buffer_ = descriptor->buffer;
    queues_.pop(remote);
  }
  --remote.queued_packets;
  remote.taken_bytes.store(
      remote.taken_bytes.load(std::memory_order_relaxed) + packet->size() + packet::kRecordOverhead,
      std::memory_order_release);
  counters_->add(Counter::kDeliveredPackets, 1);
  counters_->add(Counter::kDeliveredBytes, packet->size());
  return Error::OK;
}

void ServerCore::release_held() {
  if (held_buffer_ != nullptr) release_.add(std::exchange(held_buffer_, nullptr));
  release_.flush();
}

int ServerCore::send(worker::Remote& remote, std::span<const std::uint8_t> packet, bool now) {
  if (const int error = remote.send_error.take(); error != 0) {
    workers_.count_send(error, packet.size());
    return error;
  }
  Shard& shard = *shards_[remote.shard];
  const worker::SendTarget target{remote.endpoint, shard.socket.descriptor(), shard.socket.family(),
                                  false, &remote.send_error};
  return send_packet(workers_, shard.worker, shard.socket, packet, target, now);
}

}  // namespace ringpeer::internal
