// What happens once in some runs, to reach what chance hardly ever does.

#include <string>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/payload.h"
#include "ringpeer/tests/simulation/world.h"

namespace ringpeer::simulation {
namespace {

// A third more than a server's ring has slots, each chunk less than a socket's buffer.
constexpr int kChunksOfFlood = 290;
constexpr int kDatagramsOfChunk = 150;

// 65,535 bytes, and of each packet its payload and 24 or 25.
constexpr int kMaxOfPeer = 65'535 / (static_cast<int>(kStampSize) + 24);

// More than a peer's queue holds: of a server's peer, and by more than a socket's refuses before
// the socket is left alone.
constexpr int kChunksOfServersPeer = 16;
constexpr int kChunksOfPeer = 40;

// Longer than a close waits for what was put, less than it may take in all.
constexpr Time kLate = 550 * kMillisecond;
// Longer than all that waits there for a kernel that takes nothing: 100 ms each.
constexpr Time kFull = kSecond;
constexpr Time kMaxEndOfFull = 150 * kMillisecond;

// In some of them the answer to an earlier one meets a train.
constexpr int kBurstsToTheDeaf = 40;
constexpr int kPacketsOfBurst = 12;
constexpr std::size_t kSizeInBurst = 32;

constexpr int kTriesToPut = 1000;

}  // namespace

void World::play_scenarios() {
  if (plan_.flood) {
    flood(servers_.back());
    if (!plan_.together) flood_a_peer(servers_.back());
  }
  if (plan_.flooded_peer && !peers_.empty()) flood(peers_[0]);
  if (plan_.deaf_host && peers_.size() > kConnectedToHost)
    talk_to_the_deaf(peers_[kConnectedToHost]);
  if (plan_.late_worker) close_behind_a_late_worker(servers_.front());
  if (plan_.full_sockets) stop_before_full_sockets();
  if (plan_.ended_peer && peers_.size() > kOpenedByPut) end_peer(peers_[kOpenedByPut]);
}

void World::let_in_all_hosts(Server& server) {
  for (const Host& host : hosts_) send_from_host(host, server.port);
  pass_time(kMillisecond);
  accept_connections(server);
}

// More than a ring holds comes to a server that nobody reads, and then all peers are closed: there
// is no room to tell of so many.
void World::flood(Server& server) {
  let_in_all_hosts(server);
  for (int i = 0; i < kChunksOfFlood; ++i) {
    for (int k = 0; k < kDatagramsOfChunk; ++k) {
      send_stamp(hosts_[random_.below(hosts_.size())], server.port, kStampSize);
    }
    pass_time(kMillisecond);
  }
  close_peers(server);
  pass_time(kMillisecond);
}

// Who is accepted and not read holds what he may, and no more.
void World::flood_a_peer(Server& server) {
  take_everything(server);
  for (int i = 0; i < kChunksOfServersPeer; ++i) {
    for (int k = 0; k < kDatagramsOfChunk; ++k) send_from_host(hosts_[0], server.port);
    pass_time(kMillisecond);
    accept_connections(server);
  }
  for (const auto& peer : server.peers) {
    check(peer->get_available_packet_count() <= kMaxOfPeer, "a peer holds more than it may");
  }
}

// A peer's worker leaves in the socket what there is no room for, and comes back to it.
void World::flood(Peer& peer) {
  for (int i = 0; i < kChunksOfPeer; ++i) {
    for (int k = 0; k < kDatagramsOfChunk; ++k) {
      send_from_host(hosts_[0], static_cast<std::uint16_t>(peer.peer->get_local_port()));
    }
    pass_time(kMillisecond);
  }
  const int held = peer.peer->get_available_packet_count();
  check(held <= kMaxOfPeer, "a peer holds more than it may: " + std::to_string(held));
  // Another socket may get the place of one that is not read.
  if (random_.chance(500)) restart_peer(peer);
}

// When they come to look, what was put before the close is older than a close waits.
void World::close_behind_a_late_worker(Server& server) {
  let_in_all_hosts(server);
  scheduler_.wake_others_late(scheduler_.now() + kLate);
  server_sends(server);  // which wakes them
  pass_time(kMillisecond);
  restart_server(server);
}

void World::stop_before_full_sockets() {
  for (Server& server : servers_) let_in_all_hosts(server);
  network_.take_nothing_until(scheduler_.now() + kFull);
  Server& server = any_server();
  server_sends(server);
  end_in_time(kMaxEndOfFull, [this] { static_cast<void>(engine_->flush()); });
  if (random_.chance(500)) restart_server(server, kMaxEndOfFull);
  restart_engine(kMaxEndOfFull);
}

void World::talk_to_the_deaf(Peer& peer) {
  network_.set_deaf(&hosts_[0].endpoint);
  bool is_told = false;
  for (int i = 0; i < kBurstsToTheDeaf + 2; ++i) {
    if (i >= kBurstsToTheDeaf) pass_time(kSecond);  // until the last answers have come
    for (int k = 0; k < kPacketsOfBurst; ++k) {
      const auto payload = new_payload(peer.sender, kSizeInBurst);
      const Error error = peer.peer->put_packet(payload);
      record_put(error, payload);
      is_told = is_told || error == Error::FAILED;
    }
    pass_time(200 * kMicrosecond);
  }
  // Unless nothing gets there: the queue of a device may be full for as long.
  check(is_told || faults_.is_on(Fault::kDeviceQueueFull),
        "nobody is told that a host does not listen");
  network_.set_deaf(nullptr);
}

// What comes for it stays in its socket until the application looks, and closes it.
void World::end_peer(Peer& peer) {
  close_own(peer);
  for (int i = 0; !peer.is_open; ++i) {
    check(i < kTriesToPut, "no put opens a peer");
    open_by_put(peer, false);
  }
  send_from_host(hosts_[0], port_of(peer));
  faults_.turn_on(Fault::kNoMemory, 1000);
  static_cast<void>(engine_->sync());
  faults_.turn_on(Fault::kNoMemory, plan_.faults[static_cast<std::size_t>(Fault::kNoMemory)]);
  check(!peer.peer->is_bound(), "a peer receives without memory");
}

}  // namespace ringpeer::simulation
