// The end of a run, too: a plain loop that takes until nothing waits ends, although somebody sends
// faster than it takes.

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/world.h"

namespace ringpeer::simulation {
namespace {

constexpr std::size_t kSize = 64;
// What a queue of the usual size holds of these, each counted with its payload and 24 or 25.
constexpr int kMaxInTurn = 65'535 / (static_cast<int>(kSize) + 24);

// What waits when a loop begins, and so many more come while one is taken.
constexpr int kAhead = 300;
constexpr int kMoreEachTime = 2;
constexpr Time kOneTakes = 20 * kMicrosecond;
// Longer than any latency budget of a plan, and the network.
constexpr Time kUnderWay = 6 * kMillisecond;

}  // namespace

void World::show_that_loops_end() {
  if (!plan_.flooded_loops) return;
  for (Server& server : servers_) {
    if (server.options.receive != ServerReceive::kPerRemote) continue;
    send_from_host(hosts_[0], server.port);
    pass_time(kUnderWay);
    take_everything(server);
    for (const auto& peer : server.peers) {
      const net::Endpoint sender{*net::IpAddress::parse(peer->get_packet_ip()), 0,
                                 static_cast<std::uint16_t>(peer->get_packet_port())};
      if (sender != hosts_[0].endpoint) continue;
      views_.erase(peer.get());  // no longer than until the next get
      show_that_loops_end(*peer, server.port);
    }
  }
  if (!peers_.empty()) {
    peers_[0].view = {};
    show_that_loops_end(*peers_[0].peer, port_of(peers_[0]));
  }
  settle_everything();
}

void World::show_that_loops_end(PacketPeerUDP& peer, std::uint16_t port) {
  std::span<const std::uint8_t> payload;
  while (peer.get_packet(&payload) == Error::OK) receive(port, peer.get_packet_endpoint(), payload);
  for (const bool counts : {false, true}) {
    for (int i = 0; i < kAhead; ++i) send_stamp(hosts_[0], port, kSize);
    pass_time(kUnderWay);
    for (int taken = 0; !counts || peer.get_available_packet_count() > 0; ++taken) {
      if (peer.get_packet(&payload) != Error::OK) {
        check(!counts, "what is counted is not given");
        break;
      }
      // What waited may have come slowly, and so has, on the average, what comes behind a pause.
      check(taken <= 3 * kMaxInTurn, "a loop that takes what has come does not end");
      receive(port, peer.get_packet_endpoint(), payload);
      for (int i = 0; i < kMoreEachTime; ++i) send_stamp(hosts_[0], port, kSize);
      pass_time(kOneTakes);
    }
  }
}

}  // namespace ringpeer::simulation
