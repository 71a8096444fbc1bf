#include "game/world.h"

#include <optional>

#include "ringpeer/codec/error.h"
#include "ringpeer/codec/math_types.h"
#include "ringpeer/codec/variant.h"
#include "rules/rules.h"

namespace game {

bool World::open() { return server_.listen(0, "127.0.0.1") == ringpeer::Error::OK; }

void World::step() {
  while (server_.is_connection_available()) players_.push_back({server_.take_connection(), {}});
  for (Player& player : players_) hear(player);
}

void World::hear(Player& player) {
  while (player.peer->get_available_packet_count() > 0) {
    const std::optional<rules::Move> move = rules::read_move(player.peer->get_var());
    if (!move.has_value()) continue;
    player.place.x += move->direction.x;
    player.place.y += move->direction.y;
    ++moves_;
    // Without room to send, this answer is lost, as the network may lose it.
    (void)player.peer->put_var(player.place);
  }
}

}  // namespace game
