#include "ringpeer/tests/simulation/ledger.h"

#include <algorithm>
#include <set>
#include <string>

#include "ringpeer/tests/simulation/failure.h"

namespace ringpeer::simulation {

void Ledger::record_taken(const UdpSocket& socket, const SimulatedDatagram& datagram, Time now) {
  Expected& expected = expected_[{socket.local->port, datagram.source}];
  expected.taken_at[expected.times++ % expected.taken_at.size()] = now;
  const std::span<const std::uint8_t> all = datagram.payload;
  const std::size_t segment = datagram.segment_size > 0 ? datagram.segment_size : all.size();
  taken_bytes_ += all.size();
  if (all.size() > max_datagram_) {
    ++of_taken_.too_large;
    of_taken_.too_large_bytes += all.size();
  }
  const bool is_of_handshake = datagram.packets() == 1 && is_handshake(all);
  const bool is_kept = drop_reasons_.record_taken(
      {socket.local->port, datagram.source, datagram.packets(), all.size(), is_of_handshake});
  const bool is_refused = drop_reasons_.surely_refuses(socket.local->port, datagram.source.address);
  if (is_of_handshake) ++of_taken_.handshakes;
  std::size_t at = 0;
  do {
    const std::size_t size = std::min(segment, all.size() - at);
    Packet packet{read_payload(all.subspan(at, size)).value_or(Stamp()), size};
    packet.is_owed = owes_ && is_kept && size > 0 && all.size() <= max_datagram_ &&
                     packet.stamp.sender != kHandshakes;
    packet.is_refused = is_refused;
    of_taken_.owed += packet.is_owed ? 1 : 0;
    expected.packets.push_back(packet);
    ++taken_;
    at += size;
  } while (at < all.size());
}

void Ledger::record_delivered(std::uint16_t port, const net::Endpoint& sender,
                              std::span<const std::uint8_t> payload) {
  const Stamp stamp = read_payload(payload).value_or(Stamp());
  Expected& flow = expected_[{port, sender}];
  std::deque<Packet>& expected = flow.packets;
  const auto found = find(expected, {stamp, payload.size()});
  if (found == expected.end()) {
    fail("port " + std::to_string(port) + " delivers packet " + std::to_string(stamp.number) +
         " of sender " + std::to_string(stamp.sender) + " as one of " + sender.to_string() +
         ", which is not his, or comes again, or out of order, or is cut");
  }
  if (found->is_refused) fail("a list refuses " + sender.to_string() + ", and he is heard");
  check_lost({port, sender}, expected.begin(), found);
  forget({port, sender}, flow, found + 1);  // those before it were dropped
  ++delivered_;
  delivered_bytes_ += payload.size();
}

// Of some that are alike, which duplicates and empty ones are, the first that may come out.
std::deque<Ledger::Packet>::iterator Ledger::find(std::deque<Packet>& packets,
                                                  const Packet& packet) {
  const auto is_alike = [&](const Packet& other) {
    return other.stamp == packet.stamp && other.size == packet.size;
  };
  const auto first = std::find_if(packets.begin(), packets.end(), is_alike);
  const auto allowed = std::find_if(first, packets.end(), [&](const Packet& other) {
    return is_alike(other) && !other.is_refused;
  });
  return allowed != packets.end() ? allowed : first;
}

void Ledger::check_lost(const Flow& flow, std::deque<Packet>::const_iterator begin,
                        std::deque<Packet>::const_iterator end) {
  const auto lost = std::find_if(begin, end, [](const Packet& packet) { return packet.is_owed; });
  if (lost == end) return;
  fail("port " + std::to_string(flow.own) + " has dropped packet " +
       std::to_string(lost->stamp.number) + " of sender " + std::to_string(lost->stamp.sender) +
       " as one of " + flow.other.to_string() + " without any reason");
}

void Ledger::record_quiet() {
  for (auto& [flow, expected] : expected_) {
    check_lost(flow, expected.packets.begin(), expected.packets.end());
    forget(flow, expected, expected.packets.end());
  }
}

void Ledger::record_closed(std::uint16_t port, const net::Endpoint& sender) {
  drop_reasons_.record_closed(port, sender);
  for (Packet& packet : expected_[{port, sender}].packets) packet.is_owed = false;
}

void Ledger::record_list(std::uint16_t port, const SourceRules& rules) {
  drop_reasons_.set_list(port, rules);
  for (auto& [flow, expected] : expected_) {
    if (flow.own != port) continue;
    const bool may_be_dropped = rules.refuses(flow.other.address);
    for (Packet& packet : expected.packets) {
      packet.is_owed &= !may_be_dropped;
      packet.is_refused = false;  // a worker may look at what waits with the new list
    }
  }
}

// Those before `end`.
void Ledger::forget(const Flow& flow, Expected& expected, std::deque<Packet>::iterator end) {
  for (auto packet = expected.packets.begin(); packet != end; ++packet) {
    drop_reasons_.record_gone(static_cast<std::uint16_t>(flow.own), flow.other, packet->size);
  }
  expected.packets.erase(expected.packets.begin(), end);
}

void Ledger::record_closed_port(std::uint16_t port) {
  drop_reasons_.record_closed_port(port);
  for (auto& [flow, expected] : expected_) {
    if (flow.own == port) forget(flow, expected, expected.packets.end());
  }
}

void Ledger::record_all_closed() {
  std::set<std::uint16_t> ports;
  for (const auto& entry : expected_) ports.insert(static_cast<std::uint16_t>(entry.first.own));
  for (const std::uint16_t port : ports) record_closed_port(port);
}

bool Ledger::was_taken_between(std::uint16_t port, const net::Endpoint& sender, Time from,
                               Time to) const {
  const auto found = expected_.find({port, sender});
  if (found == expected_.end()) return false;
  return std::any_of(found->second.taken_at.begin(), found->second.taken_at.end(),
                     [=](Time time) { return from < time && time < to; });
}

void Ledger::record_accepted(const net::Endpoint& destination,
                             std::span<const std::uint8_t> payload) {
  ++accepted_;
  accepted_bytes_ += payload.size();
  const auto stamp = read_payload(payload);
  if (!stamp.has_value()) return;
  std::uint32_t& last = last_accepted_[{stamp->sender, destination}];
  if (stamp->number <= last) {
    fail("packet " + std::to_string(stamp->number) + " of sender " + std::to_string(stamp->sender) +
         " to " + destination.to_string() + " is sent after " + std::to_string(last));
  }
  last = stamp->number;
}

}  // namespace ringpeer::simulation
