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

}  // namespace

void DropReasons::record_taken(std::uint16_t port, const net::Endpoint& sender,
                               std::uint64_t packets, std::uint64_t bytes) {
  Port& to = ports_[port];
  Sender& from = to.senders[sender];
  const std::uint64_t charge = bytes + packets * kPerPacket;
  const bool is_of_remotes = to.queue == Queue::kOfRemotes;
  const std::uint64_t waiting = is_of_remotes ? from.charge : to.charge;
  const bool is_pending = is_of_remotes && !from.is_accepted;
  const std::uint64_t most = is_pending ? kMaxPendingBytes : kMaxBytes;
  if (to.queue != Queue::kTogether && waiting + charge > most)
    allow(Counter::kDropPeerFull, packets);
  const std::uint64_t slots = to.queue == Queue::kOfSocket ? kSlotsOfSocket
                              : is_of_remotes              ? kSlotsOfServer / 2
                                                           : kSlotsOfServer;
  if (to.packets >= slots) allow(Counter::kDropRingFull, packets);
  if (is_pending) allow(Counter::kDropPendingFull, packets);
  if (is_of_remotes && to.limits) allow_beyond_rates(to, sender, packets, bytes);
  for (Sums* const sums : {static_cast<Sums*>(&to), static_cast<Sums*>(&from)}) {
    sums->packets += packets;
    sums->charge += charge;
  }
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

void DropReasons::allow_beyond_rates(Port& to, const net::Endpoint& sender, std::uint64_t packets,
                                     std::uint64_t bytes) {
  const AdmissionOptions& limits = *to.limits;
  Sender& from = to.senders[sender];
  const auto count = static_cast<double>(packets);
  const auto size = static_cast<double>(bytes);
  // Whether it is accepted may change while a datagram is under way.
  if (from.owed.is_too_much(limits.remote, count, size)) allow(Counter::kDropRemoteRate, packets);
  if (to.sources[source_of(sender.address)].is_too_much(limits.source, count, size)) {
    allow(Counter::kDropSourceRate, packets);
  }
  const RateLimit of_newcomers{.packets_per_second = limits.new_remotes_per_second};
  if (!from.is_accepted && to.newcomers.is_too_much(of_newcomers, 1, 0)) {
    allow(Counter::kDropNewRate, packets);
  }
}

void DropReasons::record_gone(std::uint16_t port, const net::Endpoint& sender,
                              std::uint64_t bytes) {
  Port& of = ports_[port];
  Sender& from = of.senders[sender];
  --from.packets;
  from.charge -= bytes + kPerPacket;
  ++of.left_by_batch.packets;
  of.left_by_batch.charge += bytes + kPerPacket;
  if (!is_in_batch_) end_batch();
}

void DropReasons::end_batch() {
  is_in_batch_ = false;
  for (auto& [number, port] : ports_) {
    port.packets -= port.left_by_batch.packets;
    port.charge -= port.left_by_batch.charge;
    port.left_by_batch = {};
  }
}

void DropReasons::record_accepted(std::uint16_t port, const net::Endpoint& sender) {
  ports_[port].senders[sender].is_accepted = true;
}

// What is under way to him may find a stranger.
void DropReasons::record_closed(std::uint16_t port, const net::Endpoint& sender) {
  Sender& closed = ports_[port].senders[sender];
  closed.is_accepted = false;
  allow(Counter::kDropPendingFull, closed.packets);
}

void DropReasons::record_closed_port(std::uint16_t port) {
  for (auto& [endpoint, sender] : ports_[port].senders) sender.is_accepted = false;
}

}  // namespace ringpeer::simulation
