// Servers that ask for a cookie, and those who answer: hosts, and a peer of the engine's own.

#include <algorithm>
#include <string>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/payload.h"
#include "ringpeer/tests/simulation/world.h"

namespace ringpeer::simulation {
namespace {

// A hello, its challenge, the answer: without threads each is seen at a look, and a look may bring
// a few packets only.
constexpr int kLooksOfHandshake = 3;
constexpr int kInlineLooksOfHandshake = 16;

// A client says hello four times a second at least once, and once a second later on.
constexpr int kLooksOfClient = 40;

// Of those who say hello at once: as few as where they send at once.
constexpr std::size_t kHellosAtOnce = 20;

}  // namespace

void World::say_hello(const Host& host, std::uint16_t port) {
  const auto hello = handshakes_.hello(host.endpoint, port, scheduler_.now());
  if (!hello) return;
  network_.send({host.endpoint, on_machine(port, host.endpoint), {hello->begin(), hello->end()}},
                nullptr);
}

void World::answer(const Host& host, const SimulatedDatagram& datagram) {
  const auto answer = handshakes_.answer(datagram, scheduler_.now());
  if (!answer) return;
  network_.send({host.endpoint, datagram.source, {answer->begin(), answer->end()}}, nullptr);
}

void World::knock(const Host& host, const Server& server) {
  if (!server.asks_for_cookie()) return send_from_host(host, server.port);
  const admission::HandshakePacket hello = admission::hello_packet();
  network_.send(
      {host.endpoint, on_machine(server.port, host.endpoint), {hello.begin(), hello.end()}},
      nullptr);
}

void World::introduce_hosts(Server& server) {
  if (!server.asks_for_cookie()) return;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (plan_.limits && i % kHellosAtOnce == 0) look_some_times(server);
    knock(hosts_[i], server);
  }
  look_some_times(server);
}

void World::look_some_times(Server& server) {
  const int of_handshake = plan_.workers == 0 ? kInlineLooksOfHandshake : kLooksOfHandshake;
  const int looks = server.asks_for_cookie() ? of_handshake : 1;
  for (int look = 0; look < looks; ++look) look_after(kSecond / 4, server);
}

// Without threads nobody has looked before.
void World::look_after(Time most, Server& server) {
  pass_time(most);
  check(server.server->poll() == Error::OK, "a server cannot be polled");
}

// Those of a handshake are the server's own.
void World::check_is_of_game(std::uint16_t port, std::span<const std::uint8_t> payload) const {
  const bool is_of_server =
      cookies_.watches(port) && admission::handshake_kind(payload).has_value();
  check(!is_of_server || plan_.planted == PlantedBug::kNoCookies,
        "a game is given a packet of the handshake");
}

// No forged address becomes a remote: nobody has answered there.
void World::check_newcomer(const Server& server, const net::Endpoint& sender) const {
  if (!server.asks_for_cookie()) return;
  check(cookies_.has_answered(server.port, sender),
        sender.to_string() + " is let in, and has answered no challenge");
  check(server.server->get_remote_count() <= cookies_.answered_count(server.port),
        "more are known than have answered a challenge");
}

// From then on only hosts speak, and when they are asked to.
void World::show_that_clients_are_let_in() {
  clients_speak_ = false;
  for (Peer& peer : peers_) {
    if (!peer.speaks_cookie) continue;
    show_that_a_client_is_let_in(peer);
    read_payload(peer.view);
    peer.view = {};
    close_own(peer);
    open(peer);
  }
}

void World::show_that_a_client_is_let_in(Peer& peer) {
  const auto server = std::find_if(servers_.begin(), servers_.end(),
                                   [&](const Server& of) { return of.port == peer.server_port; });
  server->server->set_max_pending_connections(kManyConnections);
  const auto is_known = [&] {
    return std::any_of(server->peers.begin(), server->peers.end(), [&](const auto& known) {
      return known->get_packet_endpoint().port == port_of(peer);
    });
  };
  for (int look = 0; look < kLooksOfClient && !is_known(); ++look) {
    pass_time(kSecond / 4);
    take_everything(*server);
    drain_peer(peer);
  }
  check(is_known(), "a client that answers challenges is not let in");
}

}  // namespace ringpeer::simulation
