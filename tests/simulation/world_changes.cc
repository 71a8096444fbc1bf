// What the application changes in a run: peers that it closes, servers and engines that begin
// again, limits, and whom it takes for gone.

#include <algorithm>
#include <chrono>
#include <string>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/little_memory.h"
#include "ringpeer/tests/simulation/payload.h"
#include "ringpeer/tests/simulation/world.h"

namespace ringpeer::simulation {
namespace {

using std::chrono::milliseconds;

// Whoever was heard of within this time is there, whatever others say.
constexpr Time kSurelyThere = kSecond;

// Between a datagram's completion and its worker's look at the clock.
constexpr Time kClockSlack = 2 * kSecond;

constexpr std::size_t kMaxKeptClosed = 8;

}  // namespace

void World::change_something() {
  Server& server = any_server();
  switch (random_.below(10)) {
    case 0:
      return close_a_peer(server);
    case 1:
      return random_.chance(500) ? restart_server(server) : close_a_peer(server);
    case 2:
      return random_.chance(300) && !peers_.empty() ? restart_peer(any_peer())
                                                    : server.server->wake();
    case 3:
      return set_limit(server);
    case 4:
      return flush();
    case 5:
      server.polls_itself = random_.chance(700);
      with_little_memory([&] { server.server->set_automatic_poll(server.polls_itself); });
      return;
    case 6:
      static_cast<void>(with_little_memory([&] { return server.server->poll(); }));
      return;
    case 8:
      return set_intruder(random_.chance(500));
    case 9:
      return random_.chance(100) ? restart_engine() : pass_time(kMillisecond);
    default:
      static_cast<void>(with_little_memory([&] { return server.server->get_poll_descriptor(); }));
      return;
  }
}

// A negative one is refused, and the log told. None takes what waits for a poll.
void World::set_limit(Server& server) {
  const bool has_waited = server.server->is_connection_available();
  const auto limit = static_cast<int>(random_.between(-1, 79));
  with_little_memory([&] { server.server->set_max_pending_connections(limit); });
  check(server.polls_itself || has_waited || !server.server->is_connection_available(),
        "a limit has polled");
}

void World::close_a_peer(Server& server) {
  if (server.peers.empty()) return;
  const std::size_t index = random_.below(server.peers.size());
  close_peer(server, *server.peers[index]);
  keep_closed(server.peers[index]);
  server.peers.erase(server.peers.begin() + static_cast<std::ptrdiff_t>(index));
}

void World::close_peer(const Server& server, PacketPeerUDP& peer) {
  const net::Endpoint sender = peer.get_packet_endpoint();
  with_little_memory([&] { peer.close(); });
  ledger_.record_closed(server.port, sender);
}

void World::close_peers_unless(Server& server,
                               const std::function<bool(const net::Endpoint&)>& is_good) {
  const auto stays = [&](const auto& peer) { return is_good(peer->get_packet_endpoint()); };
  const auto first = std::stable_partition(server.peers.begin(), server.peers.end(), stays);
  for (auto peer = first; peer != server.peers.end(); ++peer) {
    close_peer(server, **peer);
    keep_closed(*peer);
  }
  server.peers.erase(first, server.peers.end());
}

void World::close_peers(Server& server) {
  for (const auto& peer : server.peers) {
    close_peer(server, *peer);
    keep_closed(peer);
  }
  server.peers.clear();
}

// What a peer has shown last outlasts its close.
void World::keep_closed(const std::shared_ptr<PacketPeerUDP>& peer) {
  closed_.push_back(peer);
  if (closed_.size() > kMaxKeptClosed) forget_oldest_closed();
}

void World::forget_oldest_closed() {
  const auto oldest = views_.find(closed_.front().get());
  if (oldest != views_.end()) {
    read_payload(oldest->second);
    views_.erase(oldest);
  }
  closed_.pop_front();
}

// Somebody else has the first server's port, too: the kernel gives him a part of the senders.
void World::set_intruder(bool is_there) {
  if (!plan_.shares_port || is_there == (intruder_ != nullptr)) return;
  if (!is_there) {
    network_.close(intruder_);
    intruder_.reset();
    return;
  }
  intruder_ = std::make_shared<UdpSocket>();
  intruder_->family = AF_INET6;
  intruder_->options[{SOL_SOCKET, SO_REUSEPORT}] = 1;
  net::Endpoint endpoint;
  endpoint.port = servers_[0].port;
  check(network_.bind(intruder_, endpoint) == 0, "a shared port is not shared");
}

void World::restart_server(Server& server, Time most) {
  server_sends(server);  // what a stop has to wait for
  end_in_time(most, [&] { server.server->stop(); });
  ledger_.record_closed_port(server.port);
  server.is_listening = false;
  for (const auto& peer : server.peers) keep_closed(peer);
  server.peers.clear();
  listen(server);
}

// What was put is sent, or given up, within a bound; unless threads get no processor.
void World::end_in_time(Time most, const std::function<void()>& end) {
  const Time begun = scheduler_.now();
  with_little_memory(end);
  const Time took = scheduler_.now() - begun;
  check(took <= most || faults_.is_on(Fault::kSlowThread),
        "an end takes " + std::to_string(took / kMillisecond) + " ms");
}

void World::restart_engine(Time most) {
  for (Server& server : servers_) server_sends(server);
  end_in_time(most, [this] { engine_->stop(); });
  stop_engine();
  start_engine();
  refuse_allocations(true);
}

void World::restart_peer(Peer& peer) {
  for (std::size_t i = burst(); i > 0; --i) {
    const auto payload = new_payload(peer.sender);
    record_put(peer.peer->put_packet(payload), payload);
  }
  close_own(peer);
  open(peer);
}

void World::close_own(Peer& peer) {
  const std::uint16_t port = port_of(peer);
  end_in_time(kMaxEnd, [&] { peer.peer->close(); });
  ledger_.record_closed_port(port);
  peer.is_open = false;
}

void World::look_at_presence(Server& server) {
  const milliseconds timeout(random_.between(0, 200));
  const auto next_gone = [&] { return server.server->next_disconnected(); };
  with_little_memory([&] { server.server->set_idle_timeout(timeout); });
  while (PacketPeerUDP* gone = with_little_memory(next_gone)) {
    const auto found = std::find_if(server.peers.begin(), server.peers.end(),
                                    [gone](const auto& peer) { return peer.get() == gone; });
    check(found != server.peers.end(), "one is gone who was not there");
    // Of what is cut or makes no sense nobody knows the sender.
    const bool knows_senders =
        !plan_.shares_port && !faults_.is_on(Fault::kOversize) && !faults_.is_on(Fault::kMalformed);
    const Time slack = faults_.is_on(Fault::kSlowThread) ? kClockSlack : 20 * kMillisecond;
    const Time now = scheduler_.now();
    const net::Endpoint sender = gone->get_packet_endpoint();
    const bool is_shut_out = ledger_.drop_reasons().is_shut_out(server.port, sender);
    check(timeout.count() > 0 || is_shut_out || network_.may_be_gone(server.port, sender),
          "a peer is gone, and nobody has asked");
    const Time silence = timeout.count() > 0 ? timeout.count() * kMillisecond : kSurelyThere;
    const bool was_heard =
        ledger_.was_taken_between(server.port, sender, now - silence + slack, now - slack);
    check(!knows_senders || is_shut_out || !was_heard, "a peer is gone that was heard of");
    if (random_.chance(500)) continue;
    close_peer(server, *gone);
    keep_closed(*found);
    server.peers.erase(found);
  }
}

}  // namespace ringpeer::simulation
