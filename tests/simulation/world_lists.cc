// Servers that refuse some, who change while they talk.

#include <algorithm>
#include <memory>
#include <string>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/little_memory.h"
#include "ringpeer/tests/simulation/world.h"

namespace ringpeer::simulation {
namespace {

constexpr std::uint64_t kMaxPrefixes = 6;

}  // namespace

// One host's address, or a net that it lies in, with its neighbours.
SourcePrefix World::draw_prefix() {
  const net::IpAddress& address = hosts_[random_.below(hosts_.size())].endpoint.address;
  constexpr std::uint64_t kAlone = 2;  // of 3
  if (random_.below(3) < kAlone) return prefix_of(address, SourcePrefix::kMaxBits);
  return prefix_of(address,
                   static_cast<int>(random_.between(address.is_ipv4() ? SourcePrefix::kIpv4Bits : 0,
                                                    SourcePrefix::kMaxBits - 1)));
}

// Few runs are without hosts that some list refuses; a list that allows refuses nearly all.
SourceRules World::draw_rules() {
  SourceRules rules;
  if (random_.chance(250)) return rules;
  for (std::uint64_t i = random_.below(kMaxPrefixes); i > 0; --i) {
    rules.denied.push_back(draw_prefix());
  }
  if (!random_.chance(200)) return rules;
  for (std::uint64_t i = random_.below(kMaxPrefixes); i > 0; --i) {
    rules.allowed.push_back(draw_prefix());
  }
  return rules;
}

void World::change_list(Server& server) {
  set_list(server, draw_rules());
  if (random_.chance(700)) bring_lists_to_workers();
  show_that_the_denied_are_gone(server);
}

// Whatever is under way while it changes may meet either list.
void World::set_list(Server& server, const SourceRules& rules) {
  const bool is_empty = rules.denied.empty() && rules.allowed.empty();
  std::shared_ptr<const SourceList> list;
  if (!is_empty || random_.chance(500)) {
    Error error = Error::OK;
    const auto create = [&] { return SourceList::create(rules.denied, rules.allowed, &error); };
    list = with_little_memory(create);
    if (list == nullptr) {
      check(error == Error::ERR_OUT_OF_MEMORY, "a list cannot be made");
      list = create();
    }
  }
  server.rules = rules;
  ledger_.record_list(server.port, rules);
  if (plan_.planted == PlantedBug::kNoLists) return;
  server.server->set_source_list(list);
}

// A sync is over before its worker does what is not about sockets, which the next one finds done;
// without threads a poll does it.
void World::bring_lists_to_workers() {
  bool is_done = true;
  for (int i = 0; i < 2; ++i) {
    static_cast<void>(with_little_memory([this] { return servers_[0].server->poll(); }));
    const Error error = with_little_memory([this] { return engine_->sync(); });
    is_done = is_done && error == Error::OK;
  }
  check(is_done || faults_.is_any_on(), "a sync fails without any fault");
  if (is_done) ledger_.drop_reasons().record_lists_known();
}

void World::show_that_the_denied_are_gone(Server& server) {
  for (const auto& peer : server.peers) {
    const net::Endpoint sender = peer->get_packet_endpoint();
    if (!ledger_.drop_reasons().surely_refuses(server.port, sender.address)) continue;
    check(peer->is_disconnected(), "a list refuses " + sender.to_string() + ", who is not gone");
  }
}

// Those who were refused stay so until their peers are closed.
void World::withdraw_lists() {
  for (Server& server : servers_) set_list(server, {});
  bring_lists_to_workers();
  for (Server& server : servers_) {
    for (int loop = 0; loop < 2; ++loop) take_everything(server);  // one ends at the limit
    close_peers_unless(server, [&](const net::Endpoint& sender) {
      return !ledger_.drop_reasons().is_shut_out(server.port, sender);
    });
  }
  bring_lists_to_workers();  // and who is closed
  for (Server& server : servers_) ledger_.drop_reasons().record_refused_closed(server.port);
}

}  // namespace ringpeer::simulation
