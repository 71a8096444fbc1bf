#include "ringpeer/tests/soak/echo_server.h"

#include <stdexcept>

#include "ringpeer/drain_batch.h"

namespace ringpeer::soak {
namespace {

// Of the players, one in so many is a slow one: nobody takes its packets but in the end.
constexpr std::uint64_t kSlowOnceIn = 8;
constexpr std::chrono::seconds kIdleTimeout{2};

}  // namespace

void EchoServer::open(ServerReceive receive) {
  if (engine_ == nullptr) {
    std::string message;
    engine_ = Engine::create(options_, nullptr, &message);
    if (engine_ == nullptr) throw std::runtime_error("no engine: " + message);
    backend_ = engine_->backend_name();
  }
  receive_ = receive;
  server_.emplace(engine_);
  ServerOptions options;
  options.receive = receive;
  // The port of before, unless another program has got it meanwhile.
  if (server_->listen(port_, "127.0.0.1", options) != Error::OK &&
      server_->listen(0, "127.0.0.1", options) != Error::OK) {
    throw std::runtime_error("a server gets no port");
  }
  port_ = server_->get_local_port();
  server_->set_idle_timeout(kIdleTimeout);
}

void EchoServer::turn(bool patient) {
  if (!server_) return;
  if (receive_ == ServerReceive::kPerRemote) return turn_of_peers(patient);
  server_->drain({}, [this](const ReceivedPacket& packet) {
    ++taken_;
    (void)server_->answer(packet, packet.payload);
  });
}

void EchoServer::turn_of_peers(bool patient) {
  while (server_->is_connection_available()) {
    if (auto peer = server_->take_connection()) {
      players_.push_back({std::move(peer), players_seen_++ % kSlowOnceIn == 0});
    }
  }
  for (const Player& player : players_) {
    if (patient || !player.is_slow) hear(player);
  }
  while (const PacketPeerUDP* gone = server_->next_disconnected()) {
    std::erase_if(players_, [gone](const Player& player) { return player.peer.get() == gone; });
  }
}

void EchoServer::hear(const Player& player) {
  while (player.peer->get_available_packet_count() > 0) {
    std::span<const std::uint8_t> packet;
    if (player.peer->get_packet(&packet) != Error::OK) continue;
    ++taken_;
    (void)player.peer->put_packet(packet);
  }
}

void EchoServer::close() {
  players_.clear();
  server_.reset();
}

CounterSnapshot EchoServer::end_engine() {
  close();
  (void)engine_->sync();
  engine_->stop();
  const CounterSnapshot counters = engine_->counters();
  engine_.reset();
  taken_ = 0;
  return counters;
}

}  // namespace ringpeer::soak
