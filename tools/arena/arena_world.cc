#include "ringpeer/tools/arena/arena_world.h"

#include <algorithm>
#include <cmath>

namespace ringpeer::tools {
namespace {

// Spreads ids over the square: steps by the golden ratio never cluster (and by its
// square root's inverse in the other direction, so that they do not form a line).
Vector2 starting_place(ArenaWorld::PlayerId id) {
  const double x = std::fmod(static_cast<double>(id) * 0.61803398875, 1.0);
  const double y = std::fmod(static_cast<double>(id) * 0.75487766625, 1.0);
  return {static_cast<float>(x) * ArenaWorld::kSide, static_cast<float>(y) * ArenaWorld::kSide};
}

float squared_distance(Vector2 a, Vector2 b) {
  const float dx = a.x - b.x;
  const float dy = a.y - b.y;
  return dx * dx + dy * dy;
}

}  // namespace

ArenaWorld::PlayerId ArenaWorld::join() {
  PlayerId id = 0;
  if (free_ids_.empty()) {
    id = static_cast<PlayerId>(index_by_id_.size());
    index_by_id_.push_back(0);
  } else {
    id = free_ids_.back();
    free_ids_.pop_back();
  }
  index_by_id_[id] = players_.size();
  players_.push_back({.id = id, .position = starting_place(id), .move = {}});
  return id;
}

void ArenaWorld::leave(PlayerId id) {
  const std::size_t index = index_of(id);
  players_[index] = players_.back();
  index_by_id_[players_[index].id] = index;
  players_.pop_back();
  free_ids_.push_back(id);
}

void ArenaWorld::set_move(PlayerId id, Vector2 move) {
  // In double: the length of two large floats is no float.
  const double length = std::hypot(static_cast<double>(move.x), static_cast<double>(move.y));
  if (length > 1) {
    move = {static_cast<float>(move.x / length), static_cast<float>(move.y / length)};
  }
  players_[index_of(id)].move = move;
}

void ArenaWorld::step(float seconds) {
  points_.clear();
  for (Player& player : players_) {
    // Just below the side: the square is half open.
    const float farthest = std::nextafter(kSide, 0.0F);
    player.position.x =
        std::clamp(player.position.x + player.move.x * kSpeed * seconds, 0.0F, farthest);
    player.position.y =
        std::clamp(player.position.y + player.move.y * kSpeed * seconds, 0.0F, farthest);
    points_.push_back(player.position);
  }
  players_at_step_ = players_;
  grid_.build(points_);
}

const std::vector<ArenaWorld::Player>& ArenaWorld::neighbours(PlayerId id) {
  const Vector2 center = player(id).position;
  grid_.find_near(center, kViewRadius, &near_);
  neighbours_.clear();
  for (const std::uint32_t index : near_) {
    if (players_at_step_[index].id != id) neighbours_.push_back(players_at_step_[index]);
  }
  if (neighbours_.size() > kMaxNeighbours) {
    std::nth_element(neighbours_.begin(), neighbours_.begin() + kMaxNeighbours, neighbours_.end(),
                     [center](const Player& a, const Player& b) {
                       return squared_distance(a.position, center) <
                              squared_distance(b.position, center);
                     });
    neighbours_.resize(kMaxNeighbours);
  }
  return neighbours_;
}

}  // namespace ringpeer::tools
