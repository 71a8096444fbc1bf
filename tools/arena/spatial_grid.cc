#include "ringpeer/tools/arena/spatial_grid.h"

#include <algorithm>
#include <cmath>

namespace ringpeer::tools {

SpatialGrid::SpatialGrid(float side, float cell_side)
    : cell_side_(cell_side),
      columns_(std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::ceil(side / cell_side)))),
      starts_(static_cast<std::size_t>(columns_) * columns_ + 1) {}

std::uint32_t SpatialGrid::column_of(float coordinate) const {
  const float column = std::floor(coordinate / cell_side_);
  return static_cast<std::uint32_t>(std::clamp(column, 0.0F, static_cast<float>(columns_ - 1)));
}

std::uint32_t SpatialGrid::cell_of(Vector2 point) const {
  return column_of(point.y) * columns_ + column_of(point.x);
}

void SpatialGrid::build(std::span<const Vector2> points) {
  points_.assign(points.begin(), points.end());
  items_.resize(points.size());
  std::fill(starts_.begin(), starts_.end(), 0);
  for (const Vector2 point : points_) ++starts_[cell_of(point)];
  // Each entry becomes the end of its cell; filling from the back makes it the start.
  std::uint32_t end = 0;
  for (std::uint32_t& start : starts_) start = (end += start);
  for (std::uint32_t i = 0; i < points_.size(); ++i) items_[--starts_[cell_of(points_[i])]] = i;
}

void SpatialGrid::find_near(Vector2 center, float radius, std::vector<std::uint32_t>* found) const {
  found->clear();
  const std::uint32_t column = column_of(center.x);
  const std::uint32_t row = column_of(center.y);
  const std::uint32_t last = columns_ - 1;
  for (std::uint32_t y = row - std::min(row, 1U); y <= std::min(row + 1, last); ++y) {
    // The cells of a row lie side by side, so that one run of items covers up to three.
    const std::uint32_t first_cell = y * columns_ + column - std::min(column, 1U);
    const std::uint32_t last_cell = y * columns_ + std::min(column + 1, last);
    for (std::uint32_t i = starts_[first_cell]; i < starts_[last_cell + 1]; ++i) {
      const Vector2 point = points_[items_[i]];
      const float dx = point.x - center.x;
      const float dy = point.y - center.y;
      if (dx * dx + dy * dy <= radius * radius) found->push_back(items_[i]);
    }
  }
}

}  // namespace ringpeer::tools
