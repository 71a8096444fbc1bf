// A server and one player in one program: a hundred moves, each answered before the next is made.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <thread>

#include "game/world.h"
#include "ringpeer/codec/error.h"
#include "ringpeer/codec/math_types.h"
#include "ringpeer/codec/variant.h"
#include "ringpeer/packet_peer_udp.h"
#include "rules/rules.h"

namespace {

constexpr std::int64_t kMoves = 100;
constexpr int kFramesToWait = 5000;

bool make_move(game::World& world, ringpeer::PacketPeerUDP& player, std::int64_t number) {
  if (player.put_var(rules::message_of({number, {1, 0}})) != ringpeer::Error::OK) return false;
  for (int frame = 0; frame < kFramesToWait; ++frame) {
    world.step();
    if (player.get_available_packet_count() > 0) {
      return player.get_var() ==
             ringpeer::Variant(ringpeer::Vector2{static_cast<float>(number), 0});
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

}  // namespace

int main() {
  game::World world;
  ringpeer::PacketPeerUDP player;
  if (!world.open() || player.connect_to_host("127.0.0.1", world.port()) != ringpeer::Error::OK) {
    std::fputs("game: no port to listen on\n", stderr);
    return 1;
  }
  for (std::int64_t number = 1; number <= kMoves; ++number) {
    if (make_move(world, player, number)) continue;
    std::fprintf(stderr, "game: move %d is not answered\n", static_cast<int>(number));
    return 1;
  }
  std::printf("%d moves made and answered\n", static_cast<int>(world.moves()));
  return 0;
}
