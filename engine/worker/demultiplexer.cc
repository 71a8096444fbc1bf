#include "ringpeer/worker/demultiplexer.h"

#include <algorithm>
#include <utility>

namespace ringpeer::worker {

// The consumer has emptied the ring; what is left belongs to nobody else.
Demultiplexer::~Demultiplexer() {
  Remote* remote = closed_.load(std::memory_order_acquire);
  while (remote != nullptr) {
    Remote* next = remote->next_closed;
    if (const auto entry = table_.find(remote->endpoint);
        entry == table_.end() || entry->second != remote) {
      delete remote;
    }
    remote = next;
  }
  for (Remote* retired : to_retire_) delete retired;
  for (const auto& [endpoint, known] : table_) delete known;
}

Remote* Demultiplexer::find(const net::Endpoint& endpoint) {
  if (last_ != nullptr && last_->endpoint == endpoint &&
      !last_->closed.load(std::memory_order_relaxed)) {
    return last_;
  }
  const auto entry = table_.find(endpoint);
  if (entry == table_.end() || entry->second->closed.load(std::memory_order_acquire)) {
    return nullptr;
  }
  last_ = entry->second;
  return last_;
}

bool Demultiplexer::announce(Remote* remote, Event event) {
  packet::PacketDescriptor descriptor{};
  descriptor.source = remote;
  descriptor.size = event;
  return ring_.push_event(descriptor);
}

// A sender that is not known, or whose peer was closed.
Remote* Demultiplexer::admit(const net::Endpoint& endpoint, Counter* reason) {
  int pending = shared_->pending.load(std::memory_order_relaxed);
  do {
    if (pending >= shared_->max_pending.load(std::memory_order_relaxed)) {
      *reason = Counter::kDropPendingFull;
      return nullptr;
    }
  } while (
      !shared_->pending.compare_exchange_weak(pending, pending + 1, std::memory_order_relaxed));
  if (!ring_.has_slots(kEventReserve + 2)) {
    shared_->pending.fetch_sub(1, std::memory_order_relaxed);
    *reason = Counter::kDropRingFull;
    return nullptr;
  }
  auto* remote = new Remote(endpoint, shard_);
  announce(remote, kNewRemote);
  // A closed namesake is on its way out through maintain(), which sees that the
  // table does not name it any more.
  table_[endpoint] = remote;
  count_.store(table_.size(), std::memory_order_relaxed);
  last_ = remote;
  return remote;
}

bool Demultiplexer::has_bytes(Remote& remote, std::uint64_t limit, std::uint32_t charge) {
  if (remote.admitted_bytes - remote.known_taken_bytes + charge <= limit) return true;
  remote.known_taken_bytes = remote.taken_bytes.load(std::memory_order_acquire);
  return remote.admitted_bytes - remote.known_taken_bytes + charge <= limit;
}

void Demultiplexer::deliver(std::span<const backend::Datagram> datagrams, Delivery& delivery) {
  const std::uint64_t limit = shared_->max_bytes_per_remote.load(std::memory_order_relaxed);
  for (const backend::Datagram& datagram : datagrams) {
    packet::PacketDescriptor descriptor = Delivery::describe(datagram);
    const net::Endpoint endpoint = net::endpoint_from_socket_address(datagram.source);
    Counter reason = Counter::kDropRingFull;
    Remote* remote = find(endpoint);
    if (remote == nullptr) remote = admit(endpoint, &reason);
    const std::uint32_t charge = descriptor.charge();
    if (remote == nullptr || !ring_.has_slots(kEventReserve + 1)) {
      delivery.drop(datagram, reason, descriptor.packet_count());
    } else if (!has_bytes(*remote, limit, charge)) {
      delivery.drop(datagram, Counter::kDropPeerFull, descriptor.packet_count());
    } else if (delivery.keep(datagram, &descriptor)) {
      descriptor.source = remote;
      remote->admitted_bytes += charge;
      ring_.push(descriptor);
    }
  }
}

void Demultiplexer::close(Remote* remote) {
  remote->closed.store(true, std::memory_order_release);
  Remote* head = closed_.load(std::memory_order_relaxed);
  do {
    remote->next_closed = head;
  } while (!closed_.compare_exchange_weak(head, remote, std::memory_order_release,
                                          std::memory_order_relaxed));
}

void Demultiplexer::begin_maintain() {
  closing_ = closed_.exchange(nullptr, std::memory_order_acquire);
}

// Packets to a closed remote name its error latch until they are sent: only then may
// the consumer free it.
void Demultiplexer::maintain() {
  Remote* remote = std::exchange(closing_, nullptr);
  while (remote != nullptr) {
    Remote* next = remote->next_closed;
    retire(remote);
    remote = next;
  }
  publish();
}

// As many as the ring has room for; the rest follows with the next packets.
void Demultiplexer::announce_retired() {
  while (!to_retire_.empty() && announce(to_retire_.back(), kRemoteRetired)) to_retire_.pop_back();
}

void Demultiplexer::retire(Remote* remote) {
  if (last_ == remote) last_ = nullptr;
  const auto entry = table_.find(remote->endpoint);
  if (entry != table_.end() && entry->second == remote) {
    table_.erase(entry);
    count_.store(table_.size(), std::memory_order_relaxed);
  }
  to_retire_.push_back(remote);
}

void Demultiplexer::on_worker_stopped() {
  shared_->stopped.store(true, std::memory_order_release);
  shared_->signal.interrupt();
}

}  // namespace ringpeer::worker
