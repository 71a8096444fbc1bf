#include "ringpeer/engine/worker/demultiplexer.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <memory>
#include <new>
#include <utility>

#include "ringpeer/codec/base/branch.h"
#include "ringpeer/engine/backend/control_messages.h"
#include "ringpeer/engine/net/error_queue.h"

namespace ringpeer::worker {
namespace {

// ICMP errors dealt with at a time: a flood of them is a reason to go back to packets.
constexpr int kMaxErrorsPerCheck = 64;

}  // namespace

// The consumer has emptied the ring; what is left belongs to nobody else.
Demultiplexer::~Demultiplexer() {
  Remote* remote = closed_.load(std::memory_order_acquire);
  while (remote != nullptr) {
    Remote* next = remote->next_closed;
    if (table_.find(remote->endpoint) != remote) delete remote;
    remote = next;
  }
  while (to_retire_ != nullptr) delete std::exchange(to_retire_, to_retire_->next_closed);
  table_.for_each([](const Remote* known) { delete known; });
}

Remote* Demultiplexer::find(const net::Endpoint& endpoint) {
  Remote* known = table_.find(endpoint);
  return known == nullptr || known->closed.load(std::memory_order_acquire) ? nullptr : known;
}

// Looks all senders up before any packet is dealt with, so that the processor waits for
// their cache misses together. A run of one sender's packets needs one look-up.
void Demultiplexer::find_all(std::span<const backend::Datagram> datagrams) {
  assert(!datagrams.empty() && datagrams.size() <= endpoints_.size());
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    net::read_socket_address(datagrams[i].packet.source, &endpoints_[i]);
  }
  const bool is_run =
      last_ != nullptr && std::all_of(endpoints_.begin(), endpoints_.begin() + datagrams.size(),
                                      [this](const auto& e) { return e == last_->endpoint; });
  if (is_run) {
    RINGPEER_BRANCH("demultiplexer: a run of one sender");
    std::fill_n(remotes_.begin(), datagrams.size(), last_);
  } else {
    table_.find_all({endpoints_.data(), datagrams.size()}, remotes_.data());
    last_ = remotes_[datagrams.size() - 1];
  }
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    // A closed one's sender is a stranger again.
    if (remotes_[i] != nullptr && remotes_[i]->closed.load(std::memory_order_acquire)) {
      RINGPEER_BRANCH("demultiplexer: a sender whose peer is closed");
      remotes_[i] = nullptr;
    }
  }
}

packet::SlabPool::Use Demultiplexer::use_of(const Remote& remote) {
  return remote.accepted.load(std::memory_order_relaxed) ? packet::SlabPool::Use::kAny
                                                         : packet::SlabPool::Use::kStranger;
}

bool Demultiplexer::has_slot(const Remote& remote) {
  const bool accepted = remote.accepted.load(std::memory_order_relaxed);
  return ring_.producer().has_slots((accepted ? kEventReserve : stranger_reserve_) + 1);
}

bool Demultiplexer::announce(Remote* remote, Event event, std::uint64_t now_us) {
  packet::PacketDescriptor descriptor{};
  descriptor.source = remote;
  descriptor.size = event;
  descriptor.received_at_us = static_cast<std::uint32_t>(now_us);
  return ring_.producer().push_event(descriptor);
}

// A sender that is not known, or whose peer was closed.
Remote* Demultiplexer::admit(const net::Endpoint& endpoint, const backend::Datagram& datagram,
                             std::uint64_t now_us, Counter* reason) {
  int pending = shared_->pending.load(std::memory_order_relaxed);
  do {
    if (pending >= shared_->max_pending.load(std::memory_order_relaxed)) {
      RINGPEER_BRANCH("demultiplexer: a stranger beyond the limit");
      *reason = Counter::kDropPendingFull;
      return nullptr;
    }
  } while (
      !shared_->pending.compare_exchange_weak(pending, pending + 1, std::memory_order_relaxed));
  const bool has_room = ring_.producer().has_slots(stranger_reserve_ + 2);
  Remote* const remote = has_room ? make_remote(endpoint, datagram) : nullptr;
  if (remote == nullptr) {
    shared_->pending.fetch_sub(1, std::memory_order_relaxed);
    RINGPEER_BRANCH("demultiplexer: a stranger without room or memory");
    *reason = has_room ? Counter::kDropNoMemory : Counter::kDropRingFull;
    return nullptr;
  }
  RINGPEER_BRANCH("demultiplexer: a stranger is let in");
  const bool is_announced = announce(remote, kNewRemote, now_us);
  assert(is_announced);  // there was room for it, and for its first packet
  static_cast<void>(is_announced);
  count_.store(table_.size(), std::memory_order_relaxed);
  last_ = remote;
  return remote;
}

// In the table, or null when there is no memory.
Remote* Demultiplexer::make_remote(const net::Endpoint& endpoint,
                                   const backend::Datagram& datagram) {
  std::unique_ptr<Remote> remote(new (std::nothrow) Remote(endpoint, shard_));
  if (remote == nullptr) return nullptr;
  if (shared_->arrival.local_addresses) {
    const net::LocalAddress local =
        backend::local_address_of(datagram.control, datagram.control_size);
    if (local.is_known()) {
      remote->source = new (std::nothrow) net::LocalAddress(local);
      if (remote->source == nullptr) return nullptr;
    }
  }
  // A closed namesake is on its way out through maintain(), which sees that the
  // table does not name it any more.
  return table_.put(remote.get()) ? remote.release() : nullptr;
}

bool Demultiplexer::has_bytes(Remote& remote, std::uint64_t limit, std::uint32_t charge) {
  if (remote.admitted_bytes - remote.known_taken_bytes + charge <= limit) return true;
  remote.known_taken_bytes = remote.taken_bytes.load(std::memory_order_acquire);
  RINGPEER_BRANCH("demultiplexer: a second look at what a peer holds");
  return packet::fits_queue(remote.admitted_bytes - remote.known_taken_bytes, charge, limit);
}

void Demultiplexer::deliver(const DatagramRun& run, Delivery& delivery) {
  ring_.producer().rewind_if_empty();
  ring_.producer().record_time(delivery.now_us());
  if (shared_->arrival.timestamps) [[unlikely]]
    arrival_clock_.set(delivery.now_us());
  if (shared_->per_remote) [[likely]] {
    deliver_per_remote(run.datagrams, delivery);
  } else {
    deliver_together(run.datagrams, delivery);
  }
}

void Demultiplexer::deliver_together(std::span<const backend::Datagram> datagrams,
                                     Delivery& delivery) {
  const bool notes = shared_->arrival.any();
  packet::PacketDescriptor descriptor;
  for (const backend::Datagram& datagram : datagrams) {
    if (!ring_.producer().has_slots()) {
      RINGPEER_BRANCH("demultiplexer: the ring of all senders is full");
      delivery.drop(datagram, Counter::kDropRingFull);
      continue;
    }
    // Read before the note overwrites them.
    const std::uint32_t arrival_us = shared_->arrival.timestamps
                                         ? arrival_clock_.arrival_us(datagram)
                                         : static_cast<std::uint32_t>(delivery.now_us());
    if (!delivery.keep(datagram, &descriptor,
                       notes ? kRecordedSourceSpace : net::kSocketAddressSize)) {
      RINGPEER_BRANCH("demultiplexer: no copy for the ring of all senders");
      continue;
    }
    descriptor.received_at_us = arrival_us;
    if (notes) record_local_address(datagram, descriptor);
    ring_.producer().push(descriptor);
  }
}

void Demultiplexer::deliver_per_remote(std::span<const backend::Datagram> datagrams,
                                       Delivery& delivery) {
  assert(datagrams.size() <= backend::kBatchSize);
  const std::uint64_t limit = shared_->max_bytes_per_remote.load(std::memory_order_relaxed);
  const bool notes = shared_->arrival.local_addresses;
  const std::size_t source_space = notes ? kRecordedSourceSpace : net::kSocketAddressSize;
  find_all(datagrams);
  packet::PacketDescriptor descriptor;
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    const backend::Datagram& datagram = datagrams[i];
    Counter reason = Counter::kDropRingFull;
    Remote* remote = remotes_[i];
    if (remote == nullptr) [[unlikely]] {
      remote = find(endpoints_[i]);  // this very batch may have let it in
      if (remote != nullptr) RINGPEER_BRANCH("demultiplexer: let in by this very batch");
      if (remote == nullptr) remote = admit(endpoints_[i], datagram, delivery.now_us(), &reason);
    }
    if (remote != nullptr) [[likely]]
      remote->record_arrival(delivery.now_us());
    const std::uint32_t charge = datagram.packet.charge();
    if (remote == nullptr || !has_slot(*remote)) {
      RINGPEER_BRANCH("demultiplexer: no slot, or nobody");
      delivery.drop(datagram, reason);
    } else if (!has_bytes(*remote, limit, charge)) {
      RINGPEER_BRANCH("demultiplexer: a peer has as much as it may");
      delivery.drop(datagram, Counter::kDropPeerFull);
    } else if (delivery.keep(datagram, &descriptor, source_space, use_of(*remote))) {
      if (shared_->arrival.timestamps) [[unlikely]]
        descriptor.received_at_us = arrival_clock_.arrival_us(datagram);
      if (notes) [[unlikely]] {
        RINGPEER_BRANCH("demultiplexer: local addresses are recorded");
        record_local_address(datagram, descriptor);
        record_remote(descriptor, remote);
      } else {
        descriptor.source = remote;
      }
      remote->admitted_bytes += charge;
      ring_.producer().push(descriptor);
    }
  }
}

void Demultiplexer::close(Remote* remote) {
  assert(remote->shard == shard_);
  remote->closed.store(true, std::memory_order_release);
  Remote* head = closed_.load(std::memory_order_relaxed);
  do {
    remote->next_closed = head;
  } while (!closed_.compare_exchange_weak(head, remote, std::memory_order_release,
                                          std::memory_order_relaxed));
}

// Nothing that is under way to a closed remote names it: it may go at once.
void Demultiplexer::maintain() {
  Remote* remote = closed_.exchange(nullptr, std::memory_order_acquire);
  while (remote != nullptr) {
    RINGPEER_BRANCH("demultiplexer: a closed remote is retired");
    Remote* next = remote->next_closed;
    retire(remote);
    remote = next;
  }
  publish();
  notify();
}

// As many as the ring has room for; the rest follows with the next packets.
void Demultiplexer::announce_retired() {
  while (to_retire_ != nullptr) {
    Remote* const next = to_retire_->next_closed;  // once it is announced the consumer frees it
    if (!announce(to_retire_, kRemoteRetired)) {
      RINGPEER_BRANCH("demultiplexer: no room to announce the retired");
      return;
    }
    to_retire_ = next;
  }
}

void Demultiplexer::retire(Remote* remote) {
  if (last_ == remote) last_ = nullptr;
  if (table_.erase(remote)) count_.store(table_.size(), std::memory_order_relaxed);
  remote->next_closed = std::exchange(to_retire_, remote);
}

void Demultiplexer::check_errors(std::uint64_t now_us) {
  if (!shared_->read_errors) return;
  for (int i = 0; i < kMaxErrorsPerCheck; ++i) {
    const auto returned = net::read_returned_error(descriptor_);
    if (!returned.has_value()) break;
    if (returned->error == EMSGSIZE) continue;  // lives, on a thinner link
    if (record_error(*returned, now_us) || !shared_->several) continue;
    RINGPEER_BRANCH("demultiplexer: an error for another worker's remote");
    shared_->stray_errors.add(*returned);
  }
  if (!shared_->several) return;
  net::ReturnedError stray;
  for (int i = 0; i < kMaxErrorsPerCheck; ++i) {
    if (!shared_->stray_errors.next(&stray_errors_seen_, &stray)) break;
    record_error(stray, now_us);
  }
}

// False when there is no such remote here.
bool Demultiplexer::record_error(const net::ReturnedError& returned, std::uint64_t now_us) {
  Remote* remote = find(returned.destination);
  if (remote == nullptr) {
    RINGPEER_BRANCH("demultiplexer: an error of nobody here");
    return false;
  }
  // It does not hold up what is put for one that goes on sending.
  if (!remote->is_surely_there(now_us)) {
    RINGPEER_BRANCH("demultiplexer: an error holds up the next put");
    shared_->send_errors.set(remote->endpoint, returned.error);
  }
  // A mark, not a message: anybody can send any number of these.
  remote->unreachable.store(true, std::memory_order_relaxed);
  return true;
}

void Demultiplexer::on_worker_stopped() {
  shared_->life.end();
  shared_->signal.interrupt();
}

}  // namespace ringpeer::worker
