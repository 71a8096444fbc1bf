// Attackers, and what players notice of them: nothing, while they keep within the limits.

#include <algorithm>
#include <memory>
#include <string>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/payload.h"
#include "ringpeer/tests/simulation/world.h"

namespace ringpeer::simulation {
namespace {

constexpr std::uint32_t kStepsWithAttackOf1000 = 400;

// So few that the kernel's buffer holds them all, and of each player fewer than he may send.
constexpr int kRounds = 20;
constexpr std::size_t kPlayers = 8;
constexpr std::size_t kForgedInRound = 40;
constexpr Time kRound = 8 * kMillisecond;

// More than any rate of an address lets pass.
constexpr std::size_t kFloodOfOne = 60;
constexpr int kRoundsOfFlood = 12;
constexpr int kRoundsOfKnock = 4;

}  // namespace

void World::add_attackers() {
  Attackers::Surroundings around{
      network_,
      [this](std::uint16_t port, const net::Endpoint& from) { return on_machine(port, from); },
      [this](std::size_t size) { return make_payload(ledger_.next_stamp(kAttackers), size); },
      {}};
  for (const Host& host : hosts_) around.players.push_back(host.endpoint);
  attackers_ = std::make_unique<Attackers>(std::move(around), Random(plan_.seed ^ 0xa7));
}

void World::attack() {
  if (random_.chance(kStepsWithAttackOf1000)) attackers_->attack(any_server().port);
}

// Peers that nobody is behind, or an attacker: the application closes them.
void World::forget_attackers() {
  for (Server& server : servers_) {
    close_peers_unless(server, [this](const net::Endpoint& sender) {
      return std::any_of(hosts_.begin(), hosts_.end(),
                         [&](const Host& host) { return host.endpoint == sender; }) ||
             std::any_of(peers_.begin(), peers_.end(),
                         [&](const Peer& own) { return port_of(own) == sender.port; });
    });
  }
}

// Whom the application knows loses nothing, whoever else knocks, with any limits and without: what
// is owed has come out when all is quiet.
void World::show_that_players_pass_attackers(Server& server) {
  server.server->set_max_pending_connections(plan_.max_pending);
  pass_time(kSecond);
  const std::uint64_t owed = ledger_.of_taken().owed;
  const std::uint64_t drops = network_.dropped_packets();
  const std::size_t players = std::min(kPlayers, hosts_.size());
  for (int round = 0; round < kRounds; ++round) {
    attackers_->flood(server.port, kForgedInRound);
    attackers_->flood_as_one(server.port, kForgedInRound);
    for (std::size_t i = 0; i < players; ++i) {
      network_.send({hosts_[i].endpoint, on_machine(server.port, hosts_[i].endpoint),
                     make_payload(ledger_.next_stamp(hosts_[i].sender), kStampSize + i)},
                    nullptr);
    }
    pass_time(kRound);
    check(server.server->poll() == Error::OK, "a server cannot be polled");
    get_from_peers(server);
  }
  settle_everything();
  const std::uint64_t sent = kRounds * players;
  check(!loses_nothing(plan_) ||
            ledger_.of_taken().owed - owed + network_.dropped_packets() - drops >= sent,
        "nobody knows what players are owed");
  forget_attackers();
  settle_everything();
}

// A newcomer of another address than the flood's gets in, though the flood is over any limit.
void World::show_that_a_newcomer_passes_a_flood(Server& server) {
  close_peers(server);
  settle_everything();
  server.server->set_max_pending_connections(2);
  for (int i = 0; i < kRoundsOfFlood; ++i) {
    attackers_->flood_as_one(server.port, kFloodOfOne);
    if (i % kRoundsOfKnock == 0) knock(hosts_[0], server);
    pass_time(kRound);
    check(server.server->poll() == Error::OK, "a server cannot be polled");
  }
  accept_connections(server);
  const bool is_in = std::any_of(
      server.peers.begin(), server.peers.end(),
      [this](const auto& peer) { return peer->get_packet_endpoint() == hosts_[0].endpoint; });
  check(is_in, "a newcomer is not let in while another floods");
  get_from_peers(server);
  forget_attackers();
  settle_everything();
}

}  // namespace ringpeer::simulation
