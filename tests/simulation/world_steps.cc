// What the application, the hosts and others do in a run, a step at a time.

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/little_memory.h"
#include "ringpeer/tests/simulation/payload.h"
#include "ringpeer/tests/simulation/world.h"

namespace ringpeer::simulation {
namespace {

using std::chrono::milliseconds;

// Beyond that nothing is too large for an engine.
constexpr std::size_t kMaxOversize = 5000;

constexpr std::uint64_t kDeliveredBeforePlanted = 200;

}  // namespace

void World::pass_time(Time most) {
  const auto time = static_cast<Time>(random_.below(static_cast<std::uint64_t>(most)));
  scheduler_.sleep(time + most / 2);
}

void World::step() {
  if (faults_.happens(Fault::kClockJump)) {
    network_.set_wall_clock(random_.between(0, 2'000'000'000) * kSecond);
  }
  switch (random_.below(24)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return hosts_send();
    case 5:
      return accept_connections(any_server());
    case 6:
    case 7:
      return drain_server(any_server());
    case 8:
      return get_from_peers(any_server());
    case 9:
      return get_from_server(any_server());
    case 10:
    case 11:
    case 12:
      return server_sends(any_server());
    case 13:
      return broadcast(any_server());
    case 14:
    case 15:
      return peers_send();
    case 16:
      return peers_.empty() ? pass_time(kMillisecond) : drain_peer(any_peer());
    case 17:
      return peers_.empty() ? pass_time(kMillisecond) : get_from_peer(any_peer());
    case 18:
      return wait_somewhere();
    case 19:
    case 20:
      return pass_time(random_.chance(300) ? 20 * kMillisecond : kMillisecond);
    case 21:
      return change_something();
    case 22:
      return look_at_presence(any_server());
    default:
      return static_cast<void>(with_little_memory([this] { return engine_->sync(); }));
  }
}

// Most are small, many are equally long.
std::size_t World::new_size() {
  if (random_.chance(500)) return 32;
  return kStampSize + random_.below(random_.chance(300) ? 1200 : 60);
}

std::vector<std::uint8_t> World::new_payload(std::uint32_t sender, std::size_t size) {
  if (faults_.happens(Fault::kEmpty)) return {};
  if (size == 0) size = new_size();
  if (plan_.max_datagram < kMaxOversize && faults_.happens(Fault::kOversize)) {
    size = plan_.max_datagram - 1 + random_.below(4);
  }
  return make_payload(ledger_.next_stamp(sender), size);
}

void World::send_from_host(const Host& host, std::uint16_t port) {
  const net::Endpoint destination = on_machine(port, host.endpoint);
  network_.send({host.endpoint, destination, new_payload(host.sender)}, nullptr);
  ++sent_by_hosts_;
}

void World::send_stamp(const Host& host, std::uint16_t port, std::size_t size) {
  network_.send({host.endpoint, on_machine(port, host.endpoint),
                 make_payload(ledger_.next_stamp(host.sender), size)},
                nullptr);
}

void World::hosts_send() {
  const Server& server = any_server();
  const std::size_t talkers = 1 + random_.below(hosts_.size());
  for (std::size_t i = 0; i < talkers; ++i) {
    const Host& host = hosts_[random_.below(hosts_.size())];
    const std::size_t count = random_.chance(100) ? burst() : 1 + random_.below(3);
    if (server.asks_for_cookie()) say_hello(host, server.port);
    for (std::size_t k = 0; k < count; ++k) send_from_host(host, server.port);
  }
  for (Peer& peer : peers_) {
    if (!random_.chance(100) || !peer.is_open) continue;
    const Host& host = hosts_[random_.below(hosts_.size())];
    send_from_host(host, static_cast<std::uint16_t>(peer.peer->get_local_port()));
  }
}

void World::accept_connections(Server& server) {
  if (server.options.receive == ServerReceive::kTogether) return;
  while (with_little_memory([&] { return server.server->is_connection_available(); })) {
    auto peer = with_little_memory([&] { return server.server->take_connection(); });
    if (peer == nullptr && faults_.is_on(Fault::kNoAllocation)) {
      peer = server.server->take_connection();
      check(peer != nullptr, "a connection is lost for want of memory");
    }
    if (peer == nullptr) break;
    check_newcomer(server, peer->get_packet_endpoint());
    ledger_.drop_reasons().record_accepted(server.port, peer->get_packet_endpoint());
    server.peers.push_back(peer);
  }
}

void World::receive(std::uint16_t port, const net::Endpoint& sender,
                    std::span<const std::uint8_t> payload) {
  note(payload.size() + sender.port);
  check_is_of_game(port, payload);
  if (is_of_deliveries(plan_.planted) && ledger_.delivered() >= kDeliveredBeforePlanted) {
    return receive_wrongly(port, sender, payload);
  }
  ledger_.record_delivered(port, sender, payload);
}

void World::receive_wrongly(std::uint16_t port, net::Endpoint sender,
                            std::span<const std::uint8_t> payload) {
  std::vector<std::uint8_t> copy(payload.begin(), payload.end());
  switch (plan_.planted) {
    case PlantedBug::kWrongByte:
      if (!copy.empty()) copy.back() ^= 1;
      break;
    case PlantedBug::kWrongSender:
      sender = hosts_[sender == hosts_[0].endpoint ? 1 : 0].endpoint;
      break;
    case PlantedBug::kTwice:
      ledger_.record_delivered(port, sender, copy);
      break;
    case PlantedBug::kOutOfOrder:
      std::swap(held_back_, copy);
      if (copy.empty()) return;
      break;
    default:  // never delivered
      return;
  }
  ledger_.record_delivered(port, sender, copy);
}

// Views stay what they are until the batch ends, whatever comes meanwhile.
void World::read_batch(std::uint16_t port, DrainBatch batch) {
  std::vector<std::span<const std::uint8_t>> views;
  ledger_.drop_reasons().begin_batch();
  for (auto next = with_little_memory([&] { return batch.begin(); }); next != batch.end();
       with_little_memory([&] { ++next; })) {
    const ReceivedPacket& packet = *next;
    receive(port, packet.sender, packet.payload);
    check(
        !packet.local.is_known() || packet.local.address == on_machine(port, packet.sender).address,
        "a packet did not come to where it is said to");
    if (packet.peer != nullptr) {
      check(packet.peer->get_packet_port() == packet.sender.port, "a packet under a wrong peer");
    }
    views.push_back(packet.payload);
  }
  if (random_.chance(200)) pass_time(kMillisecond);
  for (const auto& view : views) read_payload(view);
  ledger_.drop_reasons().end_batch();
}

void World::drain_server(Server& server) {
  DrainBudget budget;
  if (random_.chance(300)) budget.max_packets = burst();
  read_batch(server.port, with_little_memory([&] { return server.server->drain(budget); }));
}

void World::take_everything(Server& server) {
  check(server.server->poll() == Error::OK, "a server cannot be polled");
  accept_connections(server);
  read_batch(server.port, server.server->drain());
  get_from_peers(server);
}

void World::get_from_server(Server& server, std::size_t most) {
  read_payload(server.view);
  server.view = {};
  if (most == 0) most = burst();
  ReceivedPacket packet;
  for (std::size_t i = 0; i < most; ++i) {
    const auto get = [&] { return server.server->get_packet(&packet); };
    if (until_there_is_memory(get) != Error::OK) break;
    receive(server.port, packet.sender, packet.payload);
    if (random_.chance(50)) pass_time(100 * kMicrosecond);
    read_payload(packet.payload);
  }
  server.view = packet.payload;
}

void World::get_from_peers(Server& server) {
  for (const auto& peer : server.peers) {
    while (with_little_memory([&] { return peer->get_available_packet_count(); }) > 0) {
      // What it has shown last stays what it was until now, whatever has come and gone.
      std::span<const std::uint8_t>& payload = views_[peer.get()];
      read_payload(payload);
      payload = {};
      if (until_there_is_memory([&] { return peer->get_packet(&payload); }) != Error::OK) break;
      receive(server.port, peer->get_packet_endpoint(), payload);
      if (random_.chance(20)) pass_time(100 * kMicrosecond);
      read_payload(payload);
    }
  }
}

// What finds no memory is asked for and has failed; it is put again.
template <typename Put>
void World::put(std::span<const std::uint8_t> payload, Put put) {
  const auto on_none = [&] { record_put(Error::ERR_OUT_OF_MEMORY, payload); };
  record_put(until_there_is_memory(put, on_none), payload);
}

void World::server_sends(Server& server) {
  if (server.peers.empty()) return;
  const std::size_t count = 1 + random_.below(4);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& peer = server.peers[random_.below(server.peers.size())];
    const std::size_t packets = burst();
    std::size_t size = 0;  // of all
    if (random_.chance(400)) size = random_.chance(700) ? 1000 + random_.below(300) : kStampSize;
    for (std::size_t k = 0; k < packets; ++k) {
      const auto payload = new_payload(server.sender, size);
      put(payload, [&] { return peer->put_packet(payload); });
    }
  }
  if (random_.chance(300)) {
    // Of those who know the machine by the address that it takes itself.
    const net::Endpoint& to = hosts_[random_.below(hosts_.size()) & ~std::size_t{1}].endpoint;
    // An application that asks for cookies says nothing to who has not answered.
    if (server.asks_for_cookie() && !cookies_.has_answered(server.port, to)) return;
    const auto payload = new_payload(server.sender);
    put(payload, [&] { return server.server->put_packet_to(to, payload); });
  }
}

// What is put to several counts for each, when OK is said, or that there is no memory; else for
// some of them. What is empty is not sent.
void World::record_put(Error error, std::span<const std::uint8_t> payload, std::size_t receivers) {
  puts_ += receivers;
  if (payload.empty()) return;
  if (error == Error::OK) puts_taken_ += receivers;
  if (error == Error::ERR_BUSY && receivers == 1) ++puts_refused_;
  if (error == Error::ERR_OUT_OF_MEMORY) puts_refused_ += receivers;
}

void World::broadcast(Server& server) {
  const auto payload = new_payload(server.sender);
  const auto put_to_all = [&] { return server.server->put_packet_to_all(payload); };
  record_put(with_little_memory(put_to_all), payload, server.peers.size());
}

void World::peers_send() {
  if (peers_.empty()) return;
  Peer& peer = any_peer();
  if (!peer.peer->is_socket_connected()) {
    const bool to_host = random_.chance(500);
    const net::Endpoint to = to_host
                                 ? hosts_[random_.below(hosts_.size())].endpoint
                                 : on_machine(any_server().port, {net::IpAddress::from_ipv4(0)});
    if (random_.chance(300)) {  // which what is put next must not overtake
      const auto payload = new_payload(peer.sender);
      put(payload, [&] { return peer.peer->put_packet_to(to, payload); });
    }
    const std::string ip = to.host();
    static_cast<void>(
        until_there_is_memory([&] { return peer.peer->set_dest_address(ip, to.port); }));
  }
  const std::size_t packets = burst();
  for (std::size_t k = 0; k < packets; ++k) {
    const auto payload = new_payload(peer.sender);
    put(payload, [&] { return peer.peer->put_packet(payload); });
  }
}

void World::drain_peer(Peer& peer) {
  if (!peer.is_open) return;
  const auto port = static_cast<std::uint16_t>(peer.peer->get_local_port());
  read_batch(port, with_little_memory([&] { return peer.peer->drain(); }));
}

void World::get_from_peer(Peer& peer, std::size_t most) {
  const auto port = static_cast<std::uint16_t>(peer.peer->get_local_port());
  read_payload(peer.view);
  peer.view = {};
  if (most == 0) most = burst();
  for (std::size_t i = 0; i < most; ++i) {
    std::span<const std::uint8_t> payload;
    const Error error = until_there_is_memory([&] { return peer.peer->get_packet(&payload); });
    peer.view = payload;
    if (error != Error::OK) return;
    receive(port, peer.peer->get_packet_endpoint(), payload);
  }
}

void World::wait_somewhere() {
  const milliseconds time(random_.between(0, 30));
  const bool of_peer = random_.chance(300) && !peers_.empty();
  PacketPeerUDP* const peer = of_peer ? any_peer().peer.get() : nullptr;
  UDPServer& server = *any_server().server;
  static_cast<void>(
      with_little_memory([&] { return peer != nullptr ? peer->wait(time) : server.wait(time); }));
}

}  // namespace ringpeer::simulation
