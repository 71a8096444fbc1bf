// The end of a run: the faults are over, and all has to work.

#include <algorithm>
#include <chrono>
#include <set>
#include <string>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/world.h"

namespace ringpeer::simulation {
namespace {

using std::chrono::milliseconds;

constexpr int kBudgetOfTheLargest = 4096;  // KiB
// Of hosts that keep within the limits (limits_of_attackers()): fewer than may be new in the least
// pause.
constexpr std::size_t kKnocksAtOnce = 20;

constexpr std::size_t kStrangers = 3;

// A worker that is told at once sends at once; one that is not told waits for half a second.
constexpr Time kSoon = 100 * kMillisecond;

// At all that a server has, at the end: without threads, and with few completions at a time, a look
// brings a few packets.
constexpr int kLooks = 12;

constexpr int kLooksAtPeers = 3;

// Many times what it takes.
constexpr int kLooksToSettle = 1000;

// More than a worker takes of a socket between two looks at the others; and what a socket must be
// given to hold so many.
constexpr int kBurst = 500;
constexpr int kEmptyOf = 100;
constexpr int kBufferOfBurst = 1 << 20;
// Less than an idle worker sleeps.
constexpr Time kBurstIsRead = 400 * kMillisecond;

// Enough for every stall, break and patience of an engine.
constexpr Time kLongTime = 3 * kSecond;

// What was dropped or refused since.
std::string describe_losses(const CounterSnapshot& before, const CounterSnapshot& after) {
  std::string text;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    const auto counter = static_cast<Counter>(i);
    const std::string name(counter_info(counter).name);
    const bool is_loss = counter_info(counter).is_drop || name.starts_with("send_failed") ||
                         counter == Counter::kKernelDrops;
    if (is_loss && after[counter] > before[counter]) {
      text += ", " + name + " " + std::to_string(after[counter] - before[counter]);
    }
  }
  return text.empty() ? ", and counts nothing" : text;
}

}  // namespace

// Without being asked to, by workers that have threads.
void World::show_that_sockets_are_read() {
  if (plan_.workers == 0) return;
  pass_time(2 * kSecond);
  // A socket may hold more than its peer.
  for (int look = 0; look < kLooksAtPeers; ++look) {
    for (Server& server : servers_) take_everything(server);
    for (Peer& peer : peers_) drain_peer(peer);
    pass_time(2 * kSecond);
  }
  check(network_.waiting_packets() == 0, "nobody reads " +
                                             std::to_string(network_.waiting_packets()) +
                                             " packets that wait in sockets");
}

// A worker that has nothing else to do goes on until a socket is empty, however it reads it: what
// is empty itself ends a receive. A sync does so at once.
void World::show_that_a_burst_is_read(const Server& server) {
  if (plan_.receive_buffer < kBufferOfBurst) return;
  const bool syncs = plan_.workers == 0 || random_.chance(500);
  const auto arrived = [this] {
    return network_.waiting_packets() + ledger_.taken() - ledger_.of_taken().handshakes;
  };
  const std::uint64_t wanted = arrived() + kBurst;
  const Host& host = hosts_[0];
  const net::Endpoint to = on_machine(server.port, host.endpoint);
  for (int i = 0; i < kBurst; ++i) {
    if (i % kEmptyOf == 0) network_.send({host.endpoint, to, {}}, nullptr);
    send_from_host(host, server.port);
  }
  if (syncs) {
    scheduler_.wait_until([&] { return arrived() >= wanted; }, scheduler_.now() + kBurstIsRead);
    check(engine_->sync() == Error::OK, "a sync fails without any fault");
  } else {
    scheduler_.sleep(kBurstIsRead);
  }
  check(network_.waiting_packets() == 0, "a burst is not read to its end");
}

// Faults are over: everything that is under way arrives, and everything that waits is taken.
void World::settle_everything() {
  int looks = 0;
  for (int quiet = 0; quiet < 3; ++looks) {
    check(looks < kLooksToSettle,
          "it is never quiet: " + std::to_string(network_.waiting_packets()) +
              " packets wait in sockets");
    pass_time(kLongTime / 4);
    const std::uint64_t before = ledger_.delivered();
    flush();
    check(engine_->sync() == Error::OK, "a sync fails without any fault");
    ledger_.drop_reasons().record_lists_known();
    for (Server& server : servers_) take_everything(server);
    for (Peer& peer : peers_) drain_peer(peer);
    quiet = ledger_.delivered() == before && network_.waiting_packets() == 0 ? quiet + 1 : 0;
  }
  check_counters(true);
  ledger_.record_quiet();
  for (Server& server : servers_) {
    Error waited = server.server->wait(milliseconds(1));
    if (waited == Error::ERR_SKIP)
      waited = server.server->wait(milliseconds(1));  // a wake() before
    check(waited == Error::ERR_TIMEOUT, "a wait finds something where nothing is");
    check(server.server->get_remote_count() == server.peers.size(),
          "a server knows " + std::to_string(server.server->get_remote_count()) + " remotes, of " +
              std::to_string(server.peers.size()) + " peers");
  }
}

// After the storm.
void World::show_that_all_works() {
  check(engine_->is_running(), "the engine has ended by itself");
  for (Server& server : servers_) {
    show_that_packets_arrive(server, [this](Server& of) {
      read_batch(of.port, of.server->drain());  // also of those that are known for long
    });
    show_that_the_largest_pass(server);
    if (server.options.receive == ServerReceive::kPerRemote) {
      show_that_packets_arrive(server, [this](Server& of) { get_from_peers(of); });
      const bool is_first = &server == &servers_.front();  // one shows it, which takes a while
      if (plan_.attackers && is_first && !server.options.socket.share_port) {
        show_that_players_pass_attackers(server);
        show_that_a_newcomer_passes_a_flood(server);
      }
      show_that_strangers_get_in(server);
    }
  }
  for (Server& server : servers_) show_that_puts_are_sent(server);
  if (!plan_.shares_port) {
    for (Server& server : servers_) show_that_silence_is_told(server);
    if (plan_.detect_unreachable) show_that_the_deaf_are_told(servers_[0]);
  }
  for (Peer& peer : peers_) show_that_a_peer_receives(peer);
  show_that_sleepers_are_woken();
  show_that_loops_end();
  for (Peer& peer : peers_) show_that_a_connect_begins_again(peer);
}

// What waits in its socket nobody reads any more.
void World::reopen_those_that_have_ended() {
  for (Peer& peer : peers_) {
    if (!peer.peer->is_bound()) reopen(peer);
  }
}

// One that a put has opened may have found no memory to receive with when it was first looked at.
void World::reopen(Peer& peer) {
  const bool may_be =
      plan_.workers == 0 && peer.sender == kPeers + kOpenedByPut &&
      (plan_.has(Fault::kNoAllocation) || plan_.has(Fault::kNoMemory) || plan_.ended_peer);
  check(may_be, "a peer has ended by itself");
  read_payload(peer.view);
  peer.view = {};
  std::span<const std::uint8_t> packet;
  check(peer.peer->get_packet(&packet) == Error::FAILED, "a peer does not say that it has ended");
  peer.peer->close();
  peer.is_open = false;
  open(peer);
}

void World::show_that_a_peer_receives(Peer& peer) {
  check(peer.peer->is_bound(), "a peer has ended by itself");
  if (peer.peer->is_socket_connected()) return;
  const std::uint64_t delivered = ledger_.delivered();
  send_from_host(hosts_[0], static_cast<std::uint16_t>(peer.peer->get_local_port()));
  for (int look = 0; look < kLooks; ++look) {
    pass_time(kSecond / 4);
    drain_peer(peer);
  }
  check(ledger_.delivered() > delivered, std::string("a peer receives nothing") + " on port " +
                                             std::to_string(peer.peer->get_local_port()));
}

// Both ways, of both families.
void World::show_that_the_largest_pass(Server& server) {
  if (plan_.max_datagram < kDefaultMaxDatagram || hosts_.size() < 3) return;
  // On a shared port a datagram may come to a worker that is not its sender's; and what the
  // application holds may leave a small budget without room for so much.
  if (server.options.socket.share_port || plan_.payload_budget_kib < kBudgetOfTheLargest) return;
  for (const Host& host : {hosts_[0], hosts_[2]}) {
    const std::size_t largest = host.endpoint.address.is_ipv4() ? 65'507 : 65'527;
    const std::uint64_t delivered = ledger_.delivered();
    const net::Endpoint here = on_machine(server.port, host.endpoint);
    network_.send({host.endpoint, here, new_payload(host.sender, largest)}, nullptr);
    for (int look = 0; look < kLooks; ++look) {
      pass_time(kSecond / 4);
      take_everything(server);
    }
    check(ledger_.delivered() > delivered, "the largest datagram does not arrive");
    const std::uint64_t accepted = ledger_.accepted();
    for (const std::size_t size : {largest, largest + 1}) {
      const auto payload = new_payload(server.sender, size);
      const Error error = server.server->put_packet_to(host.endpoint, payload);
      record_put(error, payload);
      check((error == Error::OK) == (size == largest), "the largest packet is another");
    }
    flush();
    check(ledger_.accepted() == accepted + 1, "the largest packet is not sent");
  }
}

// Of each host, once.
void World::show_that_silence_is_told(Server& server) {
  server.server->set_idle_timeout(milliseconds(0));
  for (const Host& host : hosts_) send_from_host(host, server.port);
  pass_time(kMillisecond);
  take_everything(server);
  settle_everything();
  while (server.server->next_disconnected() != nullptr) continue;
  server.server->set_idle_timeout(milliseconds(1));
  pass_time(kMillisecond * 100);
  std::set<const PacketPeerUDP*> told;
  while (const PacketPeerUDP* gone = server.server->next_disconnected()) {
    check(told.insert(gone).second, "of one who is gone it is told twice");
  }
  for (const auto& peer : server.peers) {
    check(!is_host(peer->get_packet_endpoint()) || told.contains(peer.get()),
          "of one who is silent nobody is told");
  }
  server.server->set_idle_timeout(milliseconds(0));
}

// A host that does not listen any more is gone, and what is put for it next fails.
void World::show_that_the_deaf_are_told(Server& server) {
  const auto found =
      std::find_if(server.peers.begin(), server.peers.end(),
                   [this](const auto& peer) { return is_host(peer->get_packet_endpoint()); });
  if (found == server.peers.end()) return;
  PacketPeerUDP& peer = **found;
  const net::Endpoint host = peer.get_packet_endpoint();
  while (server.server->next_disconnected() != nullptr) continue;
  network_.set_deaf(&host);
  pass_time(2 * kSecond);
  const auto payload = new_payload(server.sender);
  const Error first = peer.put_packet(payload);
  record_put(first, payload);
  for (int look = 0; look < kLooks; ++look) {
    pass_time(kSecond / 4);
    check(server.server->poll() == Error::OK, "a server cannot be polled");
  }
  const Error second = peer.put_packet(payload);
  record_put(second, payload);
  check(first == Error::OK && second == Error::FAILED, "a put does not fail that goes nowhere");
  check(server.server->next_disconnected() == &peer, "of one who does not listen nobody is told");
  check(server.server->next_disconnected() == nullptr, "one is gone too many");
  network_.set_deaf(nullptr);
}

// Nobody is refused for what he sent before, or for how many there are.
void World::all_hosts_send_once(Server& server) {
  introduce_hosts(server);
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (plan_.limits && i % kKnocksAtOnce == 0) look_after(kSecond, server);
    send_from_host(hosts_[i], server.port);
  }
}

template <typename Take>
void World::show_that_packets_arrive(Server& server, Take take) {
  const CounterSnapshot counters = all_counters();
  server.server->set_max_pending_connections(kManyConnections);
  const std::uint64_t delivered = ledger_.delivered();
  const std::uint64_t dropped = network_.dropped_packets();
  const std::uint64_t filtered = network_.filtered_packets();
  all_hosts_send_once(server);
  // A loop is told once that there is nothing, although there is.
  for (int look = 0; look < kLooks; ++look) {
    pass_time(kSecond / 4);
    check(server.server->poll() == Error::OK, "a server cannot be polled");
    accept_connections(server);
    take(server);
  }
  check(network_.filtered_packets() == filtered, "a filter drops what a server is sent");
  const auto misplaced = Counter::kDropWrongWorker;  // those of a shared port
  const std::uint64_t arrived = ledger_.delivered() - delivered + network_.dropped_packets() -
                                dropped + all_counters()[misplaced] - counters[misplaced];
  check(arrived >= hosts_.size(),
        "a server delivers " + std::to_string(arrived) + " of " + std::to_string(hosts_.size()) +
            " packets that nothing kept from it, " + std::to_string(network_.waiting_packets()) +
            " wait in sockets, " + std::to_string(ledger_.taken() - ledger_.delivered()) +
            " were taken and not delivered" + describe_losses(counters, all_counters()));
}

// Exactly as many as may, also when fewer may than have come.
void World::show_that_so_many_wait(Server& server) {
  close_peers(server);
  settle_everything();
  server.server->set_max_pending_connections(static_cast<int>(kStrangers));
  for (const Host& host : hosts_) knock(host, server);
  for (int look = 0; look < kLooks; ++look) {
    pass_time(kSecond / 4);
    check(server.server->poll() == Error::OK, "a server cannot be polled");
  }
  const std::size_t most = kStrangers - random_.below(kStrangers);
  server.server->set_max_pending_connections(static_cast<int>(most));
  for (int loop = 0; loop < 2; ++loop) {  // one ends at the limit
    accept_connections(server);
    check(server.server->poll() == Error::OK, "a server cannot be polled");
  }
  check(server.peers.size() == std::min(most, hosts_.size()),
        "of those who may wait as many have waited as " + std::to_string(server.peers.size()) +
            " and not " + std::to_string(most));
  settle_everything();
}

// One after another, when none may wait beside them.
void World::show_that_strangers_get_in(Server& server) {
  if (plan_.shares_port) return;
  show_that_so_many_wait(server);
  close_peers(server);
  settle_everything();
  server.server->set_max_pending_connections(1);
  for (std::size_t i = 0; i < kStrangers && i < hosts_.size(); ++i) {
    knock(hosts_[i], server);
    look_some_times(server);
    accept_connections(server);
    check(server.peers.size() == i + 1, "a stranger is not let in");
    get_from_peers(server);
  }
}

void World::show_that_puts_are_sent(Server& server) {
  const std::uint64_t accepted = ledger_.accepted();
  const CounterSnapshot counters = all_counters();
  std::uint64_t put = 0;
  for (const auto& peer : server.peers) {
    // An error that the peer had left from before is told once.
    const auto payload = new_payload(server.sender);
    for (int i = 0; i < 2; ++i) {
      const Error error = peer->put_packet(payload);
      record_put(error, payload);
      if (error != Error::OK) continue;
      ++put;
      break;
    }
  }
  if (plan_.workers > 0) {
    pass_time(kSoon);
  } else {
    flush();
  }
  check(ledger_.accepted() - accepted == put,
        "what was put with OK is not sent: " + std::to_string(ledger_.accepted() - accepted) +
            " of " + std::to_string(put) + describe_losses(counters, all_counters()));
}

}  // namespace ringpeer::simulation
