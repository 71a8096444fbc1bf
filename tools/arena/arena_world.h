#ifndef RINGPEER_TOOLS_ARENA_ARENA_WORLD_H_
#define RINGPEER_TOOLS_ARENA_ARENA_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ringpeer/codec/value/math_types.h"
#include "ringpeer/tools/arena/spatial_grid.h"

namespace ringpeer::tools {

// The game that `ringpeer serve --mode arena` plays: players run about in a square and
// see the others that are near. The rules only; it knows of no packets.
//
// Threads: one.
class ArenaWorld {
 public:
  static constexpr float kSide = 1000;
  static constexpr float kSpeed = 60;  // units a second
  static constexpr float kViewRadius = 125;
  // What a player is shown: 32 neighbours make a snapshot of some 600 bytes, which fits
  // one Ethernet frame.
  static constexpr std::size_t kMaxNeighbours = 32;

  using PlayerId = std::uint32_t;

  struct Player {
    PlayerId id = 0;
    Vector2 position;
    Vector2 move;  // a direction of length 1 at most
  };

  ArenaWorld() : grid_(kSide, kViewRadius) {}

  // Joins at a place that only depends on the id, so that a run can be repeated.
  PlayerId join();
  void leave(PlayerId id);
  // A longer direction than 1 is shortened: a client cannot run faster by asking.
  void set_move(PlayerId id, Vector2 move);

  // Moves everyone on by `seconds`, and finds again who is near whom.
  void step(float seconds);

  const Player& player(PlayerId id) const { return players_[index_of(id)]; }
  std::size_t player_count() const { return players_.size(); }

  // The nearest players to `id` as of the last step(), at most kMaxNeighbours.
  // Valid until the next call.
  const std::vector<Player>& neighbours(PlayerId id);

 private:
  std::size_t index_of(PlayerId id) const { return index_by_id_[id]; }

  SpatialGrid grid_;
  std::vector<Player> players_;
  std::vector<std::size_t> index_by_id_;  // ids are reused: as long as there were players
  std::vector<PlayerId> free_ids_;
  std::vector<Vector2> points_;          // scratch of step()
  std::vector<Player> players_at_step_;  // who the grid's indices mean
  std::vector<std::uint32_t> near_;      // scratch of neighbours()
  std::vector<Player> neighbours_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_ARENA_ARENA_WORLD_H_
