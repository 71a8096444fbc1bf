#include "ringpeer/tools/arena/arena_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace ringpeer::tools {
namespace {

TEST(ArenaWorldTest, APlayerMovesAtTheSpeedOfTheGame) {
  ArenaWorld world;
  const ArenaWorld::PlayerId id = world.join();
  world.join();
  const Vector2 start = world.player(id).position;
  const float direction = start.x < ArenaWorld::kSide / 2 ? 1.0F : -1.0F;
  world.set_move(id, {direction, 0});
  for (int i = 0; i < 60; ++i) world.step(1.0F / 60);
  EXPECT_NEAR(world.player(id).position.x, start.x + direction * ArenaWorld::kSpeed, 0.01);
  EXPECT_FLOAT_EQ(world.player(id).position.y, start.y);
}

TEST(ArenaWorldTest, AskingForALongStepDoesNotHelp) {
  ArenaWorld world;
  const ArenaWorld::PlayerId id = world.join();
  world.set_move(id, {3e38F, 3e38F});
  const Vector2 move = world.player(id).move;
  EXPECT_NEAR(std::hypot(move.x, move.y), 1, 1e-6);
  world.set_move(id, {0.25F, 0});
  EXPECT_FLOAT_EQ(world.player(id).move.x, 0.25F);
}

TEST(ArenaWorldTest, NobodyLeavesTheSquare) {
  ArenaWorld world;
  for (int i = 0; i < 50; ++i) {
    const double angle = i;
    world.set_move(world.join(), {static_cast<float>(std::cos(angle)),  //
                                  static_cast<float>(std::sin(angle))});
  }
  for (int i = 0; i < 60 * 60; ++i) world.step(1.0F / 60);
  for (ArenaWorld::PlayerId id = 0; id < 50; ++id) {
    const Vector2 position = world.player(id).position;
    EXPECT_GE(position.x, 0);
    EXPECT_LT(position.x, ArenaWorld::kSide);
    EXPECT_GE(position.y, 0);
    EXPECT_LT(position.y, ArenaWorld::kSide);
  }
}

TEST(ArenaWorldTest, NeighboursAreTheNearestAndNeverOneself) {
  ArenaWorld world;
  for (int i = 0; i < 3000; ++i) world.join();
  world.step(1.0F / 60);
  const auto distance = [&](ArenaWorld::PlayerId a, ArenaWorld::PlayerId b) {
    const Vector2 p = world.player(a).position, q = world.player(b).position;
    return std::hypot(p.x - q.x, p.y - q.y);
  };
  std::set<ArenaWorld::PlayerId> shown;
  float farthest_shown = 0;
  for (const ArenaWorld::Player& neighbour : world.neighbours(7)) {
    EXPECT_NE(neighbour.id, 7U);
    EXPECT_TRUE(shown.insert(neighbour.id).second);
    farthest_shown = std::max(farthest_shown, distance(7, neighbour.id));
  }
  EXPECT_EQ(shown.size(), ArenaWorld::kMaxNeighbours);
  EXPECT_LE(farthest_shown, ArenaWorld::kViewRadius);
  for (ArenaWorld::PlayerId id = 0; id < 3000; ++id) {
    if (id != 7 && !shown.contains(id)) {
      EXPECT_GE(distance(7, id), farthest_shown);
    }
  }
}

TEST(ArenaWorldTest, WhoLeavesIsSeenNoMoreAndTheIdServesTheNext) {
  ArenaWorld world;
  const ArenaWorld::PlayerId first = world.join();
  const ArenaWorld::PlayerId second = world.join();
  const ArenaWorld::PlayerId third = world.join();
  const Vector2 third_place = world.player(third).position;
  world.leave(second);
  EXPECT_EQ(world.player_count(), 2U);
  EXPECT_EQ(world.player(third).id, third);
  EXPECT_FLOAT_EQ(world.player(third).position.x, third_place.x);
  world.step(1.0F / 60);
  for (const auto& neighbour : world.neighbours(first)) EXPECT_NE(neighbour.id, second);
  EXPECT_EQ(world.join(), second);
}

}  // namespace
}  // namespace ringpeer::tools
