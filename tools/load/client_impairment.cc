#include "ringpeer/tools/load/client_impairment.h"

#include <algorithm>

#include "ringpeer/engine/net/datagram_size.h"
#include "ringpeer/tools/impairment/link.h"
#include "ringpeer/tools/measure/seconds_to_nanoseconds.h"

namespace ringpeer::tools {
namespace {

// Of a normal distribution, one delay in 30,000 is longer.
constexpr int kDeviations = 4;

std::chrono::nanoseconds longest_delay_of(const Impairment& asked) {
  return asked.delay + asked.jitter * (asked.shape == JitterShape::kNormal ? kDeviations : 1) +
         (asked.reorder > 0 ? Impairer::kMaxHeldBack : std::chrono::milliseconds(0));
}

// Of those that wait, one is on the link.
std::chrono::nanoseconds longest_queue_of(const Impairment& asked) {
  if (asked.bits_per_second <= 0) return std::chrono::nanoseconds(0);
  const double packets = static_cast<double>(asked.queue) + 1;
  return nanoseconds_of(packets * Link::seconds_of(net::kLargestDatagram, asked.bits_per_second));
}

}  // namespace

ClientImpairment::Ways::Ways(const ImpairmentPlan& plan, std::uint64_t seed, std::uint32_t client)
    : to_server(plan.impairments[0], seed, client + kFirstNumber, Direction::kToServer),
      to_client(plan.impairments[1], seed, client + kFirstNumber, Direction::kToClient),
      outside(client) {}

ClientImpairment::ClientImpairment(const ImpairmentPlan& plan, std::uint64_t seed)
    : plan_(&plan), seed_(seed), impairer_(plan.impairments) {}

void ClientImpairment::join(std::uint32_t client) {
  ways_.try_emplace(client, *plan_, seed_, client);
}

void ClientImpairment::leave(std::uint32_t client) {
  const auto found = ways_.find(client);
  closed_.add(found->second.outside);
  found->second.outside = LoadClient(client);
  if (!has(client)) ways_.erase(found);
}

void ClientImpairment::send(std::uint32_t client, std::span<const std::uint8_t> packet,
                            Clock::time_point due, Clock::time_point now) {
  Ways& ways = ways_.at(client);
  ways.outside.sent(due, now);
  const std::uint64_t waiting = ways.to_server.waiting;
  const std::uint64_t index = ways.to_server.arrived;
  impairer_.arrive(ways.to_server, packet, now);
  if (ways.to_server.waiting > waiting + 1) ways.twins.emplace(index, false);
}

void ClientImpairment::receive(std::uint32_t client, std::span<const std::uint8_t> packet,
                               const LoadReply& reply, Clock::time_point now) {
  Ways& ways = ways_.at(client);
  (void)ways.outside.receive(reply, now);
  impairer_.arrive(ways.to_client, packet, now);
}

// Of two copies the one that goes on first, and of those without another each.
// An entry goes with the second of both.
bool ClientImpairment::is_first_of_its_kind(Ways* ways, const Traveller& traveller, bool was_sent) {
  const auto twin = ways->twins.find(traveller.index);
  if (twin == ways->twins.end()) return was_sent;
  if (was_sent && !twin->second) {
    twin->second = true;
    return true;
  }
  ways->twins.erase(twin);
  return false;
}

void ClientImpairment::left(const Traveller& traveller, bool was_sent, Clock::time_point now) {
  if (traveller.flow->direction == Direction::kToServer) {
    Ways& ways = ways_.at(client_of(traveller));
    if (is_first_of_its_kind(&ways, traveller, was_sent) && !traveller.is_damaged) {
      ++ways.requests;
      ++closed_.requests;
    }
    if (was_sent) {
      ++ways.forwarded;
      closed_.damaged += traveller.is_damaged ? 1 : 0;
    }
    // A copy has the fate of its original.
    if (traveller.is_damaged) ways.outside.harmed(traveller.index);
  }
  impairer_.left(traveller, was_sent, now);
}

bool ClientImpairment::has(std::uint32_t client) const {
  const Ways& ways = ways_.at(client);
  return ways.to_server.waiting + ways.to_client.waiting > 0;
}

bool ClientImpairment::is_settled(std::uint32_t client) const {
  const Ways& ways = ways_.at(client);
  if (has(client)) return false;
  const LoadClient& outside = ways.outside;
  if (outside.snapshots() > 0) {
    return outside.has_left() && outside.snapshots() >= outside.snapshots_announced() &&
           outside.inputs_received() >= ways.requests;
  }
  return outside.echoes() >= ways.requests && ways.to_client.arrived >= ways.forwarded;
}

std::chrono::nanoseconds ClientImpairment::longest_delay(const ImpairmentPlan& plan) {
  return longest_delay_of(plan.impairments[0]) + longest_delay_of(plan.impairments[1]);
}

std::chrono::nanoseconds ClientImpairment::longest_stay(const ImpairmentPlan& plan) {
  return longest_delay(plan) + longest_queue_of(plan.impairments[0]) +
         longest_queue_of(plan.impairments[1]);
}

ImpairmentAccount ClientImpairment::account() const {
  ImpairmentAccount account = closed_;
  for (const auto& [client, ways] : ways_) account.add(ways.outside);
  for (std::size_t i = 0; i < kDirections.size(); ++i) {
    account.counts[i] = impairer_.counts(kDirections[i]);
  }
  return account;
}

}  // namespace ringpeer::tools
