// The twin of server.gd.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "ringpeer/udp_server.h"

using namespace ringpeer;  // NOLINT(google-build-using-namespace)

// example: server
struct Game {
  UDPServer server;
  std::vector<std::shared_ptr<PacketPeerUDP>> players;
  Dictionary positions;
  int tick = 0;

  bool ready(int port) {
    const Error error = server.listen(port);
    if (error != Error::OK) {
      std::fprintf(stderr, "listen: %d\n", static_cast<int>(error));
    }
    server.set_idle_timeout(std::chrono::seconds(30));
    return error == Error::OK;
  }

  void physics_process() {
    (void)server.poll();  // may go: every look at the server polls
    while (server.is_connection_available()) {
      players.push_back(server.take_connection());
    }
    for (const auto& player : players) {
      while (player->get_available_packet_count() > 0) {
        const Variant input = player->get_var();
        if (const auto* move = input["move"].get_if<Vector2>()) {
          const int id = player->get_packet_port();
          const Vector2 before = positions[Variant(id)].get<Vector2>();
          positions.set(id, Vector2{before.x + move->x, before.y + move->y});
        }
      }
    }
    while (PacketPeerUDP* gone = server.next_disconnected()) {
      positions.erase(gone->get_packet_port());
      std::erase_if(players, [gone](const auto& player) { return player.get() == gone; });
    }
    for (const auto& player : players) {
      // Where there is no room for it, the next tick's state is newer anyway.
      (void)player->put_var(Dictionary{{"tick", tick}, {"positions", positions}});
    }
    ++tick;
  }
};
// end

// server [PORT [TICKS]]
int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 4000;
  const int ticks = argc > 2 ? std::atoi(argv[2]) : 600;
  Game game;
  if (!game.ready(port)) return 1;
  auto next = std::chrono::steady_clock::now();
  while (game.tick < ticks) {
    game.physics_process();
    std::this_thread::sleep_until(next += std::chrono::microseconds(16667));
  }
}
