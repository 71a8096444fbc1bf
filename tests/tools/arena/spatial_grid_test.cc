#include "ringpeer/tools/arena/spatial_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ringpeer::tools {
namespace {

TEST(SpatialGridTest, FindsExactlyWhatLookingAtEveryPointFinds) {
  std::mt19937 random(11);
  std::uniform_real_distribution<float> coordinate(-20, 1020);  // some outside
  for (const int count : {0, 1, 2, 50, 2000}) {
    SpatialGrid grid(1000, 125);
    std::vector<Vector2> points(static_cast<std::size_t>(count));
    for (auto& point : points) point = {coordinate(random), coordinate(random)};
    grid.build(points);
    std::vector<std::uint32_t> found;
    for (int i = 0; i < 200; ++i) {
      const Vector2 center = {coordinate(random), coordinate(random)};
      std::vector<std::uint32_t> expected;
      for (std::uint32_t k = 0; k < points.size(); ++k) {
        const float dx = points[k].x - center.x;
        const float dy = points[k].y - center.y;
        if (dx * dx + dy * dy <= 125.0F * 125.0F) expected.push_back(k);
      }
      grid.find_near(center, 125, &found);
      std::sort(found.begin(), found.end());
      EXPECT_EQ(found, expected);
    }
  }
}

TEST(SpatialGridTest, BuildingAnewForgetsTheFormerPoints) {
  SpatialGrid grid(100, 10);
  const std::vector<Vector2> before = {{5, 5}, {6, 6}};
  const std::vector<Vector2> after = {{95, 95}};
  grid.build(before);
  grid.build(after);
  std::vector<std::uint32_t> found;
  grid.find_near({5, 5}, 10, &found);
  EXPECT_TRUE(found.empty());
  grid.find_near({95, 95}, 10, &found);
  EXPECT_EQ(found.size(), 1U);
}

}  // namespace
}  // namespace ringpeer::tools
