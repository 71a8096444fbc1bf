// Whom a Demultiplexer lets in.

#include <cassert>
#include <cerrno>
#include <memory>
#include <new>
#include <optional>

#include "ringpeer/codec/base/branch.h"
#include "ringpeer/engine/backend/control_messages.h"
#include "ringpeer/engine/net/pending_errors.h"
#include "ringpeer/engine/worker/demultiplexer.h"
#include "ringpeer/engine/worker/handshake_bytes.h"

namespace ringpeer::worker {

// Together nobody is known.
std::optional<Counter> Demultiplexer::reason_against_anybody(const backend::Datagram& datagram,
                                                             std::uint64_t now_us) {
  net::Endpoint sender;
  net::read_socket_address(datagram.packet.source, &sender);
  if (is_denied(sender.address)) return Counter::kDropDenied;
  if (!gate_ || gate_->lets_stranger_pass(sender.address, datagram, now_us)) return std::nullopt;
  return Counter::kDropSourceRate;
}

// Of those whom the application does not know.
std::optional<Counter> Demultiplexer::reason_against_rate(const Arrival& arrival, Remote* remote,
                                                          std::uint64_t now_us) {
  if (remote == nullptr && is_denied(arrival.sender.address)) return Counter::kDropDenied;
  if (!gate_->limits_rates()) return std::nullopt;
  if (remote != nullptr) gate_->forgive(*remote, now_us);
  if (gate_->lets_stranger_pass(arrival.sender.address, arrival.datagram, now_us)) {
    return std::nullopt;
  }
  RINGPEER_BRANCH("demultiplexer: strangers beyond the rate of their address");
  if (remote != nullptr) remote->record_arrival(now_us);
  return Counter::kDropSourceRate;
}

std::optional<Counter> Demultiplexer::take_handshake(const Arrival& arrival, Remote* remote,
                                                     Delivery& delivery) {
  const auto bytes = handshake_bytes(arrival.datagram);
  const auto kind = bytes ? admission::handshake_kind(*bytes) : std::nullopt;
  if (remote == nullptr) {
    if (kind != admission::HandshakeKind::kAnswer ||
        !shared_->cookies->accepts(arrival.sender, *bytes, delivery.now_us())) {
      return answer_stranger(arrival, kind, delivery);
    }
    Counter reason = Counter::kDropHandshake;
    if (Remote* const newcomer = admit(arrival, delivery, &reason); newcomer != nullptr) {
      newcomer->record_arrival(delivery.now_us());
    }
    return reason;
  }
  if (!kind) return std::nullopt;
  RINGPEER_BRANCH("demultiplexer: a handshake of somebody known");
  remote->record_arrival(delivery.now_us());
  // It hears that it is heard.
  if (kind == admission::HandshakeKind::kHello) challenge(arrival, delivery);
  return Counter::kDropHandshake;
}

// Whoever sends enough is challenged, whatever it sends: a client whose server has started again
// goes on playing.
Counter Demultiplexer::answer_stranger(const Arrival& arrival,
                                       std::optional<admission::HandshakeKind> kind,
                                       Delivery& delivery) {
  // Nor is a challenge challenged: two servers, or a server and an echo, would never end.
  if (kind == admission::HandshakeKind::kChallenge) return Counter::kDropHandshake;
  if (arrival.datagram.packet.size >= admission::kHandshakeSize) challenge(arrival, delivery);
  return kind == admission::HandshakeKind::kHello ? Counter::kDropHandshake
                                                  : Counter::kDropUnverified;
}

// At most as many bytes as came.
void Demultiplexer::challenge(const Arrival& arrival, Delivery& delivery) {
  assert(arrival.datagram.packet.size >= admission::kHandshakeSize);
  Counter outcome = Counter::kChallengesUnsent;
  if (gate_->lets_challenge(delivery.now_us())) {
    const auto packet = shared_->cookies->challenge(arrival.sender, delivery.now_us());
    const net::SocketAddress to = net::to_socket_address(arrival.sender, socket_->family());
    const net::LocalAddress from =
        shared_->arrival.local_addresses
            ? backend::local_address_of(arrival.datagram.control, arrival.datagram.control_size)
            : net::LocalAddress();
    const int error = net::send_past_errors(
        [&] {
          return from.is_known() ? socket_->send_from(packet, to, from)
                                 : socket_->send_to(packet, to);
        },
        [](int refusal) { return refusal == EAGAIN || refusal == ENOBUFS; });
    if (error == 0) outcome = Counter::kChallengesSent;
  }
  delivery.counters().add(outcome, 1);
}

// A sender that is not known, or whose peer was closed.
Remote* Demultiplexer::admit(const Arrival& arrival, Delivery& delivery, Counter* reason) {
  if (path_ == Path::kPlain && is_denied(arrival.sender.address)) {
    *reason = Counter::kDropDenied;
    return nullptr;
  }
  const Remote* const namesake = table_.find(arrival.sender);
  if (namesake != nullptr && namesake->is_shut_out()) {
    RINGPEER_BRANCH("demultiplexer: shut out, and not closed yet");
    *reason = namesake->is_replaced() ? Counter::kDropPendingFull : Counter::kDropDenied;
    return nullptr;
  }
  if (!take_place(delivery, reason)) return nullptr;
  Remote* const remote = make_remote(arrival, delivery.now_us());
  if (remote == nullptr) {
    shared_->pending.fetch_sub(1, std::memory_order_relaxed);
    RINGPEER_BRANCH("demultiplexer: a stranger without memory");
    *reason = Counter::kDropNoMemory;
    return nullptr;
  }
  RINGPEER_BRANCH("demultiplexer: a stranger is let in");
  const bool is_announced = announce(remote, kNewRemote, delivery.now_us());
  assert(is_announced);  // there was room for it, and for its first packet
  static_cast<void>(is_announced);
  count_.store(table_.size(), std::memory_order_relaxed);
  last_ = remote;
  return remote;
}

// Among the pending.
bool Demultiplexer::take_place(Delivery& delivery, Counter* reason) {
  int pending = shared_->pending.load(std::memory_order_relaxed);
  do {
    if (pending >= shared_->max_pending.load(std::memory_order_relaxed)) {
      return replace_one(delivery, reason);
    }
  } while (
      !shared_->pending.compare_exchange_weak(pending, pending + 1, std::memory_order_relaxed));
  untaken_.begin_again();
  const bool has_room = ring_.producer().has_slots(stranger_reserve_ + 2);
  if (has_room && lets_newcomer_in(delivery.now_us(), reason)) return true;
  shared_->pending.fetch_sub(1, std::memory_order_relaxed);
  if (has_room) return false;
  RINGPEER_BRANCH("demultiplexer: a stranger without room");
  *reason = Counter::kDropRingFull;
  return false;
}

// What the loser has sent is dropped by the consumer, which closes it.
bool Demultiplexer::replace_one(Delivery& delivery, Counter* reason) {
  RINGPEER_BRANCH("demultiplexer: a stranger beyond the limit");
  *reason = Counter::kDropPendingFull;
  if (shared_->admission.keep_pending || !untaken_.has_luck()) return false;
  if (!ring_.producer().has_slots(stranger_reserve_ + 3)) {
    *reason = Counter::kDropRingFull;
    return false;
  }
  if (!lets_newcomer_in(delivery.now_us(), reason)) return false;
  Remote* const loser = untaken_.draw_loser();
  if (loser == nullptr) return false;
  RINGPEER_BRANCH("demultiplexer: a stranger takes the place of another");
  loser->closed.store(true, std::memory_order_release);
  if (last_ == loser) last_ = nullptr;
  announce(loser, kRemoteReplaced);
  delivery.counters().add(Counter::kPendingReplaced, 1);
  return true;
}

bool Demultiplexer::lets_newcomer_in(std::uint64_t now_us, Counter* reason) {
  if (!gate_ || gate_->lets_newcomer_in(now_us)) return true;
  RINGPEER_BRANCH("demultiplexer: too many new ones a second");
  *reason = Counter::kDropNewRate;
  return false;
}

// False when there is no memory.
bool Demultiplexer::take_notes(const Arrival& arrival, Remote& remote) const {
  net::LocalAddress local;
  if (shared_->arrival.local_addresses) {
    local = backend::local_address_of(arrival.datagram.control, arrival.datagram.control_size);
  }
  if (!local.is_known() && !limits_replies_) return true;
  remote.notes = new (std::nothrow) RemoteNotes(local, limits_replies_);
  if (remote.notes == nullptr) return false;
  remote.notes->replies.record_arrival(arrival.datagram.packet.size, false);
  return true;
}

// In the table, or null when there is no memory.
Remote* Demultiplexer::make_remote(const Arrival& arrival, std::uint64_t now_us) {
  std::unique_ptr<Remote> remote(new (std::nothrow) Remote(arrival.sender, shard_));
  if (remote == nullptr || !take_notes(arrival, *remote)) return nullptr;
  Gate::forgive(*remote, now_us);
  // A closed namesake is on its way out through maintain(), which sees that the
  // table does not name it any more.
  assert(!remote->closed.load(std::memory_order_relaxed));
  if (!table_.put(remote.get())) return nullptr;
  untaken_.add(remote.get());
  return remote.release();
}

// Of those who are known, whom the new list refuses is shut out until its peer is closed.
void Demultiplexer::take_list() {
  if (!shared_->source_list.take(&list_version_, &list_) || list_ == nullptr) return;
  table_.for_each([this](Remote* remote) {
    if (!list_->refuses(remote->endpoint.address)) return;
    RINGPEER_BRANCH("demultiplexer: a list refuses somebody who is known");
    remote->denied.store(true, std::memory_order_relaxed);
    remote->closed.store(true, std::memory_order_release);
    if (last_ == remote) last_ = nullptr;
  });
}

}  // namespace ringpeer::worker
