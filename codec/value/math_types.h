#ifndef RINGPEER_CODEC_VALUE_MATH_TYPES_H_
#define RINGPEER_CODEC_VALUE_MATH_TYPES_H_

#include "ringpeer/codec/base/language.h"

#include <cstdint>

// Godot's math types as plain aggregates: what the wire carries, in Godot's member
// names and order. They do no geometry; convert them to your maths library's types.
// operator== is IEEE's (NaN is not equal to itself); Variant's equality of keys has
// its own rule.
//
// Threads: plain values; any thread may use its own copy.

namespace ringpeer {

struct Vector2 {
  float x = 0;
  float y = 0;
  friend bool operator==(const Vector2&, const Vector2&) = default;
};

struct Vector2i {
  std::int32_t x = 0;
  std::int32_t y = 0;
  friend bool operator==(const Vector2i&, const Vector2i&) = default;
};

struct Rect2 {
  Vector2 position;
  Vector2 size;
  friend bool operator==(const Rect2&, const Rect2&) = default;
};

struct Rect2i {
  Vector2i position;
  Vector2i size;
  friend bool operator==(const Rect2i&, const Rect2i&) = default;
};

struct Vector3 {
  float x = 0;
  float y = 0;
  float z = 0;
  friend bool operator==(const Vector3&, const Vector3&) = default;
};

struct Vector3i {
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::int32_t z = 0;
  friend bool operator==(const Vector3i&, const Vector3i&) = default;
};

struct Vector4 {
  float x = 0;
  float y = 0;
  float z = 0;
  float w = 0;
  friend bool operator==(const Vector4&, const Vector4&) = default;
};

struct Vector4i {
  std::int32_t x = 0;
  std::int32_t y = 0;
  std::int32_t z = 0;
  std::int32_t w = 0;
  friend bool operator==(const Vector4i&, const Vector4i&) = default;
};

// Columns, as a script sees them.
struct Transform2D {
  Vector2 x{1, 0};
  Vector2 y{0, 1};
  Vector2 origin;
  friend bool operator==(const Transform2D&, const Transform2D&) = default;
};

struct Plane {
  Vector3 normal;
  float d = 0;
  friend bool operator==(const Plane&, const Plane&) = default;
};

struct Quaternion {
  float x = 0;
  float y = 0;
  float z = 0;
  float w = 1;
  friend bool operator==(const Quaternion&, const Quaternion&) = default;
};

struct AABB {
  Vector3 position;
  Vector3 size;
  friend bool operator==(const AABB&, const AABB&) = default;
};

// Rows, as on the wire; the axis vectors that a script sees are the columns.
struct Basis {
  Vector3 rows[3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

  static constexpr Basis from_axes(const Vector3& x, const Vector3& y, const Vector3& z) {
    return {{{x.x, y.x, z.x}, {x.y, y.y, z.y}, {x.z, y.z, z.z}}};
  }
  constexpr Vector3 x_axis() const { return {rows[0].x, rows[1].x, rows[2].x}; }
  constexpr Vector3 y_axis() const { return {rows[0].y, rows[1].y, rows[2].y}; }
  constexpr Vector3 z_axis() const { return {rows[0].z, rows[1].z, rows[2].z}; }

  friend bool operator==(const Basis&, const Basis&) = default;
};

struct Transform3D {
  Basis basis;
  Vector3 origin;
  friend bool operator==(const Transform3D&, const Transform3D&) = default;
};

// Columns.
struct Projection {
  Vector4 x{1, 0, 0, 0};
  Vector4 y{0, 1, 0, 0};
  Vector4 z{0, 0, 1, 0};
  Vector4 w{0, 0, 0, 1};
  friend bool operator==(const Projection&, const Projection&) = default;
};

// Not clamped: Godot's colours go beyond 1 and below 0.
struct Color {
  float r = 0;
  float g = 0;
  float b = 0;
  float a = 1;
  friend bool operator==(const Color&, const Color&) = default;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_MATH_TYPES_H_
