#ifndef CONSUMER_GAME_WORLD_H_
#define CONSUMER_GAME_WORLD_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/udp_server.h"

namespace game {

// Players, each at a place of its own, and what they have moved by.
class World {
 public:
  // False when there is no port to listen on.
  bool open();
  int port() const { return server_.get_local_port(); }

  // One frame: everybody who is new joins, every move is made and answered with where it led to.
  void step();

  std::int64_t moves() const { return moves_; }

 private:
  struct Player {
    std::shared_ptr<ringpeer::PacketPeerUDP> peer;
    ringpeer::Vector2 place;
  };

  void hear(Player& player);

  ringpeer::UDPServer server_;
  std::vector<Player> players_;
  std::int64_t moves_ = 0;
};

}  // namespace game

#endif  // CONSUMER_GAME_WORLD_H_
