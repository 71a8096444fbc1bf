#ifndef RINGPEER_TOOLS_ARENA_SPATIAL_GRID_H_
#define RINGPEER_TOOLS_ARENA_SPATIAL_GRID_H_

#include <cstdint>
#include <span>
#include <vector>

#include "ringpeer/codec/value/math_types.h"

namespace ringpeer::tools {

// Vector2s of a square, sorted into equal cells, so that what is near is found without
// looking at all of them. Rebuilt each tick by counting: two passes, no allocation
// once it has seen its largest number of points.
//
// Threads: one.
class SpatialGrid {
 public:
  // Covers [0, side) in both directions; points outside count as on the border.
  SpatialGrid(float side, float cell_side);

  void build(std::span<const Vector2> points);

  // Indices of the points of the last build() no further than `radius` (at most
  // cell_side) from `center`, in no particular order; `found` is cleared first.
  void find_near(Vector2 center, float radius, std::vector<std::uint32_t>* found) const;

 private:
  std::uint32_t column_of(float coordinate) const;
  std::uint32_t cell_of(Vector2 point) const;

  float cell_side_;
  std::uint32_t columns_;
  std::vector<Vector2> points_;
  // Vector2s of cell c are items_[starts_[c]] to items_[starts_[c + 1]].
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> items_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_ARENA_SPATIAL_GRID_H_
