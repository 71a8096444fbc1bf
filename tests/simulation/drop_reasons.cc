#include "ringpeer/tests/simulation/drop_reasons.h"

#include <algorithm>
#include <utility>

#include "ringpeer/codec/base/clock.h"

namespace ringpeer::simulation {
namespace {

// What the queue of a socket, and that of a server's peer, takes at least: bytes of packets, and so
// many more for each.
constexpr std::uint64_t kMaxBytes = 65'535;
constexpr std::uint64_t kPerPacket = 24;
// Of a remote that is not taken yet.
constexpr std::uint64_t kMaxPendingBytes = 8192;
// Of a burst: the worker's look at the clock may be older than the datagram's.
constexpr double kShareThatNobodyIsRefused = 0.9;
// So many packets at least fill the ring of a socket, and that of a server, whose half is kept from
// strangers; less what it tells of remotes.
constexpr std::uint64_t kSlotsOfSocket = 2600;
constexpr std::uint64_t kSlotsOfServer = 31'000;

// An address of IPv4, and of IPv6 its net.
net::IpAddress source_of(const net::IpAddress& address) {
  if (address.is_ipv4()) return address;
  net::IpAddress::Bytes bytes = address.bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return net::IpAddress(bytes);
}

// Blocks of twice the size at the most, with their headers.
constexpr std::uint64_t kMemoryOfPacket = 300;
// Larger ones may find memory in too many pieces.
constexpr std::uint64_t kMaxOfAnyMemory = 4096;
// Of the budget: while those who are known hold less, there surely is memory for more.
constexpr std::uint64_t kPartOfMemory = 8;
// Of the budget, what one remote may have at least whatever others hold: an eighth of whole pages,
// in blocks of the smallest size.
constexpr std::uint64_t kPageOfMemory = std::uint64_t{256} << 10;
constexpr std::uint64_t kShareOfOne = 8;
constexpr std::uint64_t kSmallestBlock = 128;

std::uint64_t share_of_one(std::uint64_t budget) {
  return budget / kPageOfMemory * kPageOfMemory / kShareOfOne / kSmallestBlock * kPerPacket;
}

}  // namespace

bool DropReasons::record_taken(const Arrival& arrival) {
  Port& to = ports_[arrival.port];
  Sender& from = to.senders[arrival.sender];
  bool has_reason = !has_memory(arrival);
  has_reason |= allow_in_queue(to, from, arrival);
  has_reason |= allow_by_lists(to, from, arrival);
  if (to.queue == Queue::kOfRemotes) {
    has_reason |= to.limits && allow_beyond_rates(to, from, arrival);
    has_reason |= to.asks_for_cookie && allow_for_cookies(to, from, arrival);
  }
  if (arrival.is_handshake) allow(Counter::kDropHandshake, arrival.packets);
  Sums sums{arrival.packets, arrival.bytes + arrival.packets * kPerPacket};
  to += sums;
  from += sums;
  if (from.is_accepted) to.of_known += sums;
  return !has_reason;
}

bool DropReasons::allow_in_queue(Port& to, Sender& from, const Arrival& arrival) {
  const std::uint64_t charge = arrival.bytes + arrival.packets * kPerPacket;
  const bool is_of_remotes = to.queue == Queue::kOfRemotes;
  const std::uint64_t waiting = is_of_remotes ? from.charge : to.charge;
  const bool is_pending = is_of_remotes && !from.is_accepted;
  const std::uint64_t at_all = is_pending ? kMaxPendingBytes : kMaxBytes;
  const std::uint64_t most = is_of_remotes ? std::min(at_all, share_of_one(budget_)) : at_all;
  const bool is_peer_full = to.queue != Queue::kTogether && waiting + charge > most;
  if (is_peer_full) allow(Counter::kDropPeerFull, arrival.packets);
  const std::uint64_t slots = to.queue == Queue::kOfSocket ? kSlotsOfSocket
                              : is_of_remotes              ? kSlotsOfServer / 2
                                                           : kSlotsOfServer;
  const bool is_ring_full = to.packets >= slots;
  if (is_ring_full) allow(Counter::kDropRingFull, arrival.packets);
  if (is_pending) allow(Counter::kDropPendingFull, arrival.packets);
  return is_peer_full || is_ring_full || is_pending || to.queue == Queue::kOfSocket;
}

// Strangers have a part of the budget of their own.
bool DropReasons::has_memory(const Arrival& arrival) const {
  std::uint64_t held = 0;
  for (const auto& [number, port] : ports_) {
    const Sums& sums = port.queue == Queue::kOfRemotes ? port.of_known : port;
    held += 2 * sums.charge + kMemoryOfPacket * sums.packets;
  }
  return arrival.bytes <= kMaxOfAnyMemory && held <= budget_ / kPartOfMemory;
}

bool DropReasons::may_be_refused_by(const Port& port, const net::IpAddress& address) {
  return std::any_of(port.lists.begin(), port.lists.end(),
                     [&](const SourceRules& rules) { return rules.refuses(address); });
}

bool DropReasons::allow_by_lists(Port& to, Sender& from, const Arrival& arrival) {
  const bool may_be_refused = from.is_shut_out || may_be_refused_by(to, arrival.sender.address);
  if (may_be_refused) allow(Counter::kDropDenied, arrival.packets);
  // Some worker may let him in, and hear of the list then.
  from.is_shut_out |= may_be_refused && !to.all_have_list;
  return may_be_refused;
}

// Of those who are known only the handshake's own packets are kept from the application.
bool DropReasons::allow_for_cookies(Port& /*to*/, Sender& from, const Arrival& arrival) {
  if (!from.is_accepted) allow(Counter::kDropUnverified, arrival.packets);
  return arrival.is_handshake || !from.is_accepted;
}

// Whatever was refused of it counts as well: a source that keeps within its rate owes nothing here,
// and one that does not may be refused until it has been silent for long enough.
bool DropReasons::Owed::is_too_much(const RateLimit& limit, double more_packets,
                                    double more_bytes) {
  const auto now = base::Clock::now();
  const double seconds = std::chrono::duration<double>(now - std::exchange(since, now)).count();
  packets = std::max(0.0, packets - seconds * limit.packets_per_second) + more_packets;
  bytes = std::max(0.0, bytes - seconds * limit.bytes_per_second) + more_bytes;
  const double burst = limit.burst_seconds * kShareThatNobodyIsRefused;
  return (limit.packets_per_second > 0 && packets > limit.packets_per_second * burst) ||
         (limit.bytes_per_second > 0 && bytes > limit.bytes_per_second * burst);
}

bool DropReasons::allow_beyond_rates(Port& to, Sender& from, const Arrival& arrival) {
  const AdmissionOptions& limits = *to.limits;
  const auto count = static_cast<double>(arrival.packets);
  const auto size = static_cast<double>(arrival.bytes);
  // Whether it is accepted may change while a datagram is under way.
  const bool is_too_much = from.owed.is_too_much(limits.remote, count, size);
  if (is_too_much) allow(Counter::kDropRemoteRate, arrival.packets);
  Owed& of_source = to.sources[source_of(arrival.sender.address)];
  if (of_source.is_too_much(limits.source, count, size)) {
    allow(Counter::kDropSourceRate, arrival.packets);
  }
  const RateLimit of_newcomers{.packets_per_second = limits.new_remotes_per_second};
  if (!from.is_accepted && to.newcomers.is_too_much(of_newcomers, 1, 0)) {
    allow(Counter::kDropNewRate, arrival.packets);
  }
  return is_too_much;
}

void DropReasons::record_gone(std::uint16_t port, const net::Endpoint& sender,
                              std::uint64_t bytes) {
  Port& of = ports_[port];
  Sender& from = of.senders[sender];
  const Sums sums{1, bytes + kPerPacket};
  from -= sums;
  if (from.is_accepted) of.of_known -= sums;
  of.left_by_batch += sums;
  if (!is_in_batch_) end_batch();
}

void DropReasons::end_batch() {
  is_in_batch_ = false;
  for (auto& [number, port] : ports_) {
    port -= port.left_by_batch;
    port.left_by_batch = {};
  }
}

// ---- Senders.

void DropReasons::record_accepted(std::uint16_t port, const net::Endpoint& sender) {
  Sender& accepted = ports_[port].senders[sender];
  if (!std::exchange(accepted.is_accepted, true)) ports_[port].of_known += accepted;
}

// What is under way to him may find a stranger.
void DropReasons::record_closed(std::uint16_t port, const net::Endpoint& sender) {
  Sender& closed = ports_[port].senders[sender];
  if (std::exchange(closed.is_accepted, false)) ports_[port].of_known -= closed;
  const Port& of = ports_[port];
  closed.is_shut_out = !of.all_have_list && may_be_refused_by(of, sender.address);
  allow(Counter::kDropPendingFull, closed.packets);
  if (ports_[port].asks_for_cookie) allow(Counter::kDropUnverified, closed.packets);
}

void DropReasons::record_closed_port(std::uint16_t port) {
  for (auto& [endpoint, sender] : ports_[port].senders) {
    sender.is_accepted = sender.is_shut_out = false;
  }
  ports_[port].of_known = {};
}

// ---- Lists.

// What has been taken of those whom it refuses, and waits, may be dropped for it.
void DropReasons::set_list(std::uint16_t port, const SourceRules& rules) {
  Port& of = ports_[port];
  of.lists.push_back(rules);
  of.all_have_list = false;
  for (auto& [endpoint, sender] : of.senders) {
    if (!rules.refuses(endpoint.address)) continue;
    sender.is_shut_out = true;
    allow(Counter::kDropDenied, sender.packets);
  }
}

void DropReasons::record_lists_known() {
  for (auto& [number, port] : ports_) {
    if (!port.lists.empty()) port.lists.erase(port.lists.begin(), port.lists.end() - 1);
    port.all_have_list = true;
  }
}

void DropReasons::record_refused_closed(std::uint16_t port) {
  for (auto& [endpoint, sender] : ports_[port].senders) sender.is_shut_out = false;
}

bool DropReasons::surely_refuses(std::uint16_t port, const net::IpAddress& address) const {
  const auto found = ports_.find(port);
  if (found == ports_.end() || found->second.lists.empty()) return false;
  return found->second.all_have_list && found->second.lists.back().refuses(address);
}

bool DropReasons::is_shut_out(std::uint16_t port, const net::Endpoint& sender) const {
  const auto& senders = ports_.at(port).senders;
  const auto found = senders.find(sender);
  return found != senders.end() && found->second.is_shut_out;
}

}  // namespace ringpeer::simulation
