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
#include "ringpeer/engine/worker/handshake_bytes.h"

namespace ringpeer::worker {
namespace {

// ICMP errors dealt with at a time, a microsecond each: then it is the packets' turn again.
constexpr int kMaxErrorsPerCheck = 256;

// Not within a template: see RINGPEER_BRANCH.
void mark_let_in_by_batch() { RINGPEER_BRANCH("demultiplexer: let in by this very batch"); }
void mark_no_slot() { RINGPEER_BRANCH("demultiplexer: no slot"); }
void mark_nobody() { RINGPEER_BRANCH("demultiplexer: nobody, and not let in"); }
void mark_full_peer() { RINGPEER_BRANCH("demultiplexer: a peer has as much as it may"); }
void mark_local_address() { RINGPEER_BRANCH("demultiplexer: local addresses are recorded"); }

}  // namespace

Demultiplexer::Path Demultiplexer::path_of(const ServerShared& shared) {
  if (!shared.per_remote) return Path::kTogether;
  const AdmissionOptions& admission = shared.admission;
  const bool is_guarded = admission.limit_rates || admission.limit_replies || admission.cookie;
  return is_guarded ? Path::kGuarded : Path::kPlain;
}

Demultiplexer::Demultiplexer(std::uint16_t shard, std::size_t max_packets, ServerShared* shared)
    : shard_(shard),
      shared_(shared),
      path_(path_of(*shared)),
      // Who has answered a challenge receives where it sends from.
      limits_replies_(shared->admission.limit_replies && !shared->admission.cookie),
      least_of_known_(limits_replies_ ? Remote::Standing::kVerified : Remote::Standing::kAccepted),
      size_to_look_at_(shared->admission.cookie ? admission::kHandshakeSize : kNoSize),
      ring_(max_packets, UINT64_MAX),
      stranger_reserve_(max_packets / 2),
      share_of_ring_(max_packets / kShareOfOne * packet::kRecordOverhead) {
  const AdmissionOptions& admission = shared->admission;
  if (path_ == Path::kGuarded || admission.limit_rates) gate_.emplace(admission);
  take_list();
}

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

bool Demultiplexer::announce(Remote* remote, Event event, std::uint64_t now_us) {
  packet::PacketDescriptor descriptor{};
  descriptor.source = remote;
  descriptor.size = event;
  descriptor.received_at_us = static_cast<std::uint32_t>(now_us);
  return ring_.producer().push_event(descriptor);
}

// Nobody waits beside a single remote.
Demultiplexer::QueueLimit Demultiplexer::limit_of_one(const Delivery& delivery) const {
  const std::uint64_t whole = shared_->max_bytes_per_remote.load(std::memory_order_relaxed);
  if (table_.size() < 2) return {whole, whole};
  std::uint64_t limit = whole;
  if (ring_.is_half_full()) [[unlikely]] {
    RINGPEER_BRANCH("demultiplexer: shares of a ring that is half full");
    limit = std::min(limit, share_of_ring_);
  }
  if (delivery.has_half_of_budget_in_use()) [[unlikely]] {
    RINGPEER_BRANCH("demultiplexer: shares of a budget of which half is in use");
    limit = std::min(limit, delivery.budget() / kShareOfOne / packet::SlabPool::kSmallestBlock *
                                packet::kRecordOverhead);
  }
  return {whole, limit};
}

bool Demultiplexer::has_bytes(Remote& remote, const QueueLimit& limit, std::uint32_t charge) {
  if (remote.admitted_bytes - remote.known_taken_bytes + charge <= limit.now) return true;
  RINGPEER_BRANCH("demultiplexer: a second look at what a peer holds");
  return has_bytes_at_second_look(remote, limit.now, limit.whole, charge);
}

bool Demultiplexer::has_bytes_at_second_look(Remote& remote, std::uint64_t limit,
                                             std::uint64_t whole, std::uint32_t charge) {
  remote.known_taken_bytes = remote.taken_bytes.load(std::memory_order_acquire);
  const std::uint64_t held = remote.admitted_bytes - remote.known_taken_bytes;
  return held == 0 ? packet::fits_queue(0, charge, whole) : held + charge <= limit;
}

// A burst of small packets, or a single one of any size.
bool Demultiplexer::has_pending_bytes(Remote& remote, const QueueLimit& limit,
                                      std::uint32_t charge) {
  return has_bytes_at_second_look(remote, std::min(limit.now, kMaxPendingBytes), limit.whole,
                                  charge);
}

void Demultiplexer::deliver(const DatagramRun& run, Delivery& delivery) {
  ring_.producer().rewind_if_empty();
  ring_.producer().record_time(delivery.now_us());
  if (shared_->arrival.timestamps) [[unlikely]]
    arrival_clock_.set(delivery.now_us());
  if (path_ == Path::kPlain) [[likely]] {
    deliver_per_remote<Path::kPlain>(run.datagrams, delivery);
  } else if (path_ == Path::kGuarded) {
    deliver_per_remote<Path::kGuarded>(run.datagrams, delivery);
  } else {
    deliver_together(run.datagrams, delivery);
  }
}

void Demultiplexer::deliver_together(std::span<const backend::Datagram> datagrams,
                                     Delivery& delivery) {
  const bool notes = shared_->arrival.any();
  const bool guards = list_ != nullptr || gate_.has_value();
  packet::PacketDescriptor descriptor;
  for (const backend::Datagram& datagram : datagrams) {
    if (guards) [[unlikely]] {
      if (const auto reason = reason_against_anybody(datagram, delivery.now_us())) {
        delivery.drop(datagram, *reason);
        continue;
      }
    }
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

// What nearly all packets of players are: such as need no look at anything but the remote's rate.
// False for those that do, and for those that are refused.
inline bool Demultiplexer::passes_at_once(const backend::Datagram& datagram, Remote* remote,
                                          std::uint64_t now_us) {
  if (remote == nullptr || !remote->has_standing(least_of_known_)) [[unlikely]]
    return false;
  const packet::PacketDescriptor& packet = datagram.packet;
  if (packet.size == size_to_look_at_ || packet.segment_size != 0) [[unlikely]]
    return false;
  return gate_->lets_packet_pass(*remote, packet.size, now_us);
}

// Of a datagram on the guarded path. A handshake is dealt with here, and then dropped.
std::optional<Counter> Demultiplexer::reason_against(const Arrival& arrival, Remote* remote,
                                                     Delivery& delivery) {
  const std::uint64_t now_us = delivery.now_us();
  const bool is_accepted = remote != nullptr && remote->is_accepted();
  if (remote != nullptr && limits_replies_) {
    admission::ReplyAllowance& replies = remote->notes->replies;
    replies.record_arrival(arrival.datagram.packet.size, is_accepted);
    if (is_accepted && !replies.is_limited()) remote->verify();
  }
  if (is_accepted) [[likely]] {
    if (gate_->limits_rates() && !gate_->lets_pass(*remote, arrival.datagram, now_us)) {
      RINGPEER_BRANCH("demultiplexer: a remote beyond its rate");
      remote->record_arrival(now_us);
      return Counter::kDropRemoteRate;
    }
  } else if (const auto reason = reason_against_rate(arrival, remote, now_us)) {
    return reason;
  }
  if (!has_challenges()) return std::nullopt;
  if (remote != nullptr && arrival.datagram.packet.size != admission::kHandshakeSize) [[likely]] {
    return std::nullopt;
  }
  return take_handshake(arrival, remote, delivery);
}

// Null: nobody, and the datagram is dropped.
template <Demultiplexer::Path kPath>
inline Remote* Demultiplexer::let_in(const Arrival& arrival, Remote* remote, Delivery& delivery) {
  if (remote == nullptr) [[unlikely]] {
    remote = find(arrival.sender);  // this very batch may have let it in
    if (remote != nullptr) mark_let_in_by_batch();
  }
  if constexpr (kPath == Path::kGuarded) {
    if (const auto against = reason_against(arrival, remote, delivery)) {
      delivery.drop(arrival.datagram, *against);
      return nullptr;
    }
  }
  if (remote != nullptr) [[likely]]
    return remote;
  Counter reason = Counter::kDropRingFull;
  remote = admit(arrival, delivery, &reason);
  if (remote == nullptr) {
    mark_nobody();
    delivery.drop(arrival.datagram, reason);
  }
  return remote;
}

template <Demultiplexer::Path kPath>
void Demultiplexer::deliver_per_remote(std::span<const backend::Datagram> datagrams,
                                       Delivery& delivery) {
  assert(datagrams.size() <= backend::kBatchSize);
  const QueueLimit limit = limit_of_one(delivery);
  const bool notes = shared_->arrival.local_addresses;
  const std::size_t source_space = notes ? kRecordedSourceSpace : net::kSocketAddressSize;
  const std::uint64_t now_us = delivery.now_us();
  find_all(datagrams);
  packet::PacketDescriptor descriptor;
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    const backend::Datagram& datagram = datagrams[i];
    Remote* remote = remotes_[i];
    bool accepted = false;
    if constexpr (kPath == Path::kGuarded) accepted = passes_at_once(datagram, remote, now_us);
    if (!accepted) {
      remote = let_in<kPath>({datagram, endpoints_[i]}, remote, delivery);
      if (remote == nullptr) continue;
      accepted = remote->is_accepted();
    }
    remote->record_arrival(now_us);
    const std::uint32_t charge = datagram.packet.charge();
    if (!ring_.producer().has_slots((accepted ? kEventReserve : stranger_reserve_) + 1)) {
      mark_no_slot();
      delivery.drop(datagram, Counter::kDropRingFull);
    } else if (!(accepted ? has_bytes(*remote, limit, charge)
                          : has_pending_bytes(*remote, limit, charge))) {
      mark_full_peer();
      delivery.drop(datagram, Counter::kDropPeerFull);
    } else if (delivery.keep(
                   datagram, &descriptor, source_space,
                   accepted ? packet::SlabPool::Use::kAny : packet::SlabPool::Use::kStranger)) {
      if (shared_->arrival.timestamps) [[unlikely]]
        descriptor.received_at_us = arrival_clock_.arrival_us(datagram);
      if (notes) [[unlikely]] {
        mark_local_address();
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
  take_list();
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
  untaken_.forget(remote);
  if (table_.erase(remote)) count_.store(table_.size(), std::memory_order_relaxed);
  remote->next_closed = std::exchange(to_retire_, remote);
}

void Demultiplexer::read_errors(std::uint64_t now_us) {
  for (int i = 0; i < kMaxErrorsPerCheck; ++i) {
    const auto returned = net::read_returned_error(socket_->descriptor());
    if (!returned.has_value()) return;
    if (error_pause_.begins(now_us)) {
      RINGPEER_BRANCH("demultiplexer: a flood of errors");
      static_cast<void>(socket_->set_error_queue(false));  // which frees those that wait
      return;
    }
    if (returned->error == EMSGSIZE) continue;  // lives, on a thinner link
    if (record_error(*returned, now_us) || !shared_->several) continue;
    RINGPEER_BRANCH("demultiplexer: an error for another worker's remote");
    shared_->stray_errors.add(*returned);
  }
}

void Demultiplexer::check_errors(std::uint64_t now_us) {
  if (!shared_->read_errors) return;
  if (error_pause_.ends(now_us)) static_cast<void>(socket_->set_error_queue(true));
  if (!error_pause_.is_on()) read_errors(now_us);
  if (!shared_->several) return;
  net::ReturnedError stray;
  for (int i = 0; i < kMaxErrorsPerCheck; ++i) {
    if (!shared_->stray_errors.next(&stray_errors_seen_, &stray)) break;
    record_error(stray, now_us);
  }
}

// Which socket has sent what an error quotes is the sender's choice, not the kernel's.
admission::QuoteVerdict Demultiplexer::judge(const net::ReturnedError& returned) const {
  const std::span<const std::uint8_t> quote(returned.quote.data(), returned.quote_size);
  const std::uint64_t now_us = admission::SentBeginnings::now_us();
  auto verdict = admission::QuoteVerdict::kForged;
  for (const admission::SentBeginnings* sent : shared_->sent) {
    verdict = sent->judge(returned.destination, quote, now_us);
    if (verdict == admission::QuoteVerdict::kProved) break;
  }
  return verdict;
}

// False when there is no such remote here.
bool Demultiplexer::record_error(const net::ReturnedError& returned, std::uint64_t now_us) {
  Remote* remote = find(returned.destination);
  if (remote == nullptr) {
    RINGPEER_BRANCH("demultiplexer: an error of nobody here");
    return false;
  }
  const admission::QuoteVerdict verdict = judge(returned);
  if (verdict == admission::QuoteVerdict::kForged) {
    RINGPEER_BRANCH("demultiplexer: an error quotes what was not sent");
    return true;
  }
  // A mark, not a message: anybody can send any number of these.
  remote->errors.record(verdict, now_us);
  // Nothing that is forged holds up what is put, nor anything what is put for one that goes on
  // sending.
  if (remote->errors.is_told() && !remote->is_surely_there(now_us)) {
    RINGPEER_BRANCH("demultiplexer: an error holds up the next put");
    shared_->send_errors.set(remote->endpoint, returned.error);
  }
  return true;
}

void Demultiplexer::on_worker_stopped() {
  shared_->life.end();
  shared_->signal.interrupt();
}

}  // namespace ringpeer::worker
