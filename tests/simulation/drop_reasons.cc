#include "ringpeer/tests/simulation/drop_reasons.h"

namespace ringpeer::simulation {
namespace {

// What the queue of a socket, and that of a server's peer, takes at least: bytes of packets, and so
// many more for each.
constexpr std::uint64_t kMaxBytes = 65'535;
constexpr std::uint64_t kPerPacket = 24;
// So many packets at least fill the ring of a socket, and that of a server, whose half is kept from
// strangers; less what it tells of remotes.
constexpr std::uint64_t kSlotsOfSocket = 2600;
constexpr std::uint64_t kSlotsOfServer = 31'000;

}  // namespace

void DropReasons::record_taken(std::uint16_t port, const net::Endpoint& sender,
                               std::uint64_t packets, std::uint64_t bytes) {
  Port& to = ports_[port];
  Sender& from = to.senders[sender];
  const std::uint64_t charge = bytes + packets * kPerPacket;
  const bool is_of_remotes = to.queue == Queue::kOfRemotes;
  const std::uint64_t waiting = is_of_remotes ? from.charge : to.charge;
  if (to.queue != Queue::kTogether && waiting + charge > kMaxBytes)
    allow(Counter::kDropPeerFull, packets);
  const std::uint64_t slots = to.queue == Queue::kOfSocket ? kSlotsOfSocket
                              : is_of_remotes              ? kSlotsOfServer / 2
                                                           : kSlotsOfServer;
  if (to.packets >= slots) allow(Counter::kDropRingFull, packets);
  if (is_of_remotes && !from.is_accepted) allow(Counter::kDropPendingFull, packets);
  for (Sums* const sums : {static_cast<Sums*>(&to), static_cast<Sums*>(&from)}) {
    sums->packets += packets;
    sums->charge += charge;
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
