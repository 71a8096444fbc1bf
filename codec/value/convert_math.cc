#include "ringpeer/codec/value/convert_math.h"

#include <cmath>

#include "ringpeer/codec/base/narrow_float.h"

namespace ringpeer {
namespace {

float converted(std::int32_t value) { return static_cast<float>(value); }

std::int32_t converted(float value) { return narrow_integer<std::int32_t>(value); }

template <typename To, typename From>
To vector2(const From& v) {
  return {converted(v.x), converted(v.y)};
}
template <typename To, typename From>
To vector3(const From& v) {
  return {converted(v.x), converted(v.y), converted(v.z)};
}
template <typename To, typename From>
To vector4(const From& v) {
  return {converted(v.x), converted(v.y), converted(v.z), converted(v.w)};
}

bool convert_vector(const Variant& from, VariantType to, Variant* result) {
  if (to == VariantType::VECTOR2 && from.is<Vector2i>()) {
    *result = vector2<Vector2>(from.ref<Vector2i>());
  } else if (to == VariantType::VECTOR2I && from.is<Vector2>()) {
    *result = vector2<Vector2i>(from.ref<Vector2>());
  } else if (to == VariantType::VECTOR3 && from.is<Vector3i>()) {
    *result = vector3<Vector3>(from.ref<Vector3i>());
  } else if (to == VariantType::VECTOR3I && from.is<Vector3>()) {
    *result = vector3<Vector3i>(from.ref<Vector3>());
  } else if (to == VariantType::VECTOR4 && from.is<Vector4i>()) {
    *result = vector4<Vector4>(from.ref<Vector4i>());
  } else if (to == VariantType::VECTOR4I && from.is<Vector4>()) {
    *result = vector4<Vector4i>(from.ref<Vector4>());
  } else if (to == VariantType::RECT2 && from.is<Rect2i>()) {
    const auto& rect = from.ref<Rect2i>();
    *result = Rect2{vector2<Vector2>(rect.position), vector2<Vector2>(rect.size)};
  } else if (to == VariantType::RECT2I && from.is<Rect2>()) {
    const auto& rect = from.ref<Rect2>();
    *result = Rect2i{vector2<Vector2i>(rect.position), vector2<Vector2i>(rect.size)};
  } else {
    return false;
  }
  return true;
}

Basis basis_of(const Quaternion& q) {
  const float scale = 2.0F / (q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w);
  const float xs = q.x * scale;
  const float ys = q.y * scale;
  const float zs = q.z * scale;
  return {{{1.0F - (q.y * ys + q.z * zs), q.x * ys - q.w * zs, q.x * zs + q.w * ys},
           {q.x * ys + q.w * zs, 1.0F - (q.x * xs + q.z * zs), q.y * zs - q.w * xs},
           {q.x * zs - q.w * ys, q.y * zs + q.w * xs, 1.0F - (q.x * xs + q.y * ys)}}};
}

// Of a rotation matrix; by the largest component, which loses the least precision.
Quaternion quaternion_of(const Basis& basis) {
  const float m[3][3] = {{basis.rows[0].x, basis.rows[0].y, basis.rows[0].z},
                         {basis.rows[1].x, basis.rows[1].y, basis.rows[1].z},
                         {basis.rows[2].x, basis.rows[2].y, basis.rows[2].z}};
  const float trace = m[0][0] + m[1][1] + m[2][2];
  float q[4];
  if (trace > 0.0F) {
    float s = std::sqrt(trace + 1.0F);
    q[3] = s * 0.5F;
    s = 0.5F / s;
    q[0] = (m[2][1] - m[1][2]) * s;
    q[1] = (m[0][2] - m[2][0]) * s;
    q[2] = (m[1][0] - m[0][1]) * s;
  } else {
    int i = m[0][0] < m[1][1] ? 1 : 0;
    if (m[i][i] < m[2][2]) i = 2;
    const int j = (i + 1) % 3;
    const int k = (i + 2) % 3;
    float s = std::sqrt(m[i][i] - m[j][j] - m[k][k] + 1.0F);
    q[i] = s * 0.5F;
    s = 0.5F / s;
    q[3] = (m[k][j] - m[j][k]) * s;
    q[j] = (m[j][i] + m[i][j]) * s;
    q[k] = (m[k][i] + m[i][k]) * s;
  }
  return {q[0], q[1], q[2], q[3]};
}

Transform3D transform_of(const Transform2D& t) {
  return {{{{t.x.x, t.y.x, 0}, {t.x.y, t.y.y, 0}, {0, 0, 1}}}, {t.origin.x, t.origin.y, 0}};
}

Transform3D transform_of(const Projection& p) {
  return {{{{p.x.x, p.y.x, p.z.x}, {p.x.y, p.y.y, p.z.y}, {p.x.z, p.y.z, p.z.z}}},
          {p.w.x, p.w.y, p.w.z}};
}

Transform2D transform2d_of(const Transform3D& t) {
  const Vector3* rows = t.basis.rows;
  return {{rows[0].x, rows[1].x}, {rows[0].y, rows[1].y}, {t.origin.x, t.origin.y}};
}

Projection projection_of(const Transform3D& t) {
  const Vector3* rows = t.basis.rows;
  return {{rows[0].x, rows[1].x, rows[2].x, 0},
          {rows[0].y, rows[1].y, rows[2].y, 0},
          {rows[0].z, rows[1].z, rows[2].z, 0},
          {t.origin.x, t.origin.y, t.origin.z, 1}};
}

bool convert_to_transform(const Variant& from, Variant* result) {
  if (from.is<Transform2D>()) {
    *result = transform_of(from.ref<Transform2D>());
  } else if (from.is<Quaternion>()) {
    *result = Transform3D{basis_of(from.ref<Quaternion>()), {}};
  } else if (from.is<Basis>()) {
    *result = Transform3D{from.ref<Basis>(), {}};
  } else if (from.is<Projection>()) {
    *result = transform_of(from.ref<Projection>());
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool convert_math(const Variant& from, VariantType to, Variant* result) {
  if (convert_vector(from, to, result)) return true;
  if (to == VariantType::TRANSFORM3D) return convert_to_transform(from, result);
  if (to == VariantType::TRANSFORM2D && from.is<Transform3D>()) {
    *result = transform2d_of(from.ref<Transform3D>());
  } else if (to == VariantType::PROJECTION && from.is<Transform3D>()) {
    *result = projection_of(from.ref<Transform3D>());
  } else if (to == VariantType::BASIS && from.is<Quaternion>()) {
    *result = basis_of(from.ref<Quaternion>());
  } else if (to == VariantType::QUATERNION && from.is<Basis>()) {
    *result = quaternion_of(from.ref<Basis>());
  } else {
    return false;
  }
  return true;
}

}  // namespace ringpeer
