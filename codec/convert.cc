#include "ringpeer/codec/convert.h"

#include <cmath>
#include <limits>

namespace ringpeer {
namespace {

// What the processor does with a float that no int32 holds, and so Godot.
std::int32_t truncated(float value) {
  constexpr float kLimit = 2147483648.0F;
  if (!(value >= -kLimit && value < kLimit)) return std::numeric_limits<std::int32_t>::min();
  return static_cast<std::int32_t>(value);
}

std::int64_t truncated(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  if (!(value >= -kLimit && value < kLimit)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

Vector2 widened(const Vector2i& v) { return {static_cast<float>(v.x), static_cast<float>(v.y)}; }
Vector2i narrowed(const Vector2& v) { return {truncated(v.x), truncated(v.y)}; }

bool convert_number(const Variant& from, VariantType to, Variant* converted) {
  if (to == VariantType::INT && from.is_float()) {
    *converted = truncated(from.ref<double>());
    return true;
  }
  if (to == VariantType::FLOAT && from.is_int()) {
    *converted = static_cast<double>(from.ref<std::int64_t>());
    return true;
  }
  return false;
}

bool convert_text(const Variant& from, VariantType to, Variant* converted) {
  const bool from_text = from.is_text();
  if (to == VariantType::STRING && (from_text || from.is<NodePath>())) {
    *converted = from_text ? String(from.as_text()) : String(from.ref<NodePath>().str());
    return true;
  }
  if (from.type() != VariantType::STRING) return false;
  if (to == VariantType::STRING_NAME) {
    *converted = StringName(from.as_text());
    return true;
  }
  if (to == VariantType::NODE_PATH) {
    *converted = NodePath(from.as_text());
    return true;
  }
  return false;
}

bool convert_vector(const Variant& from, VariantType to, Variant* converted) {
  if (to == VariantType::VECTOR2 && from.is<Vector2i>()) {
    *converted = widened(from.ref<Vector2i>());
  } else if (to == VariantType::VECTOR2I && from.is<Vector2>()) {
    *converted = narrowed(from.ref<Vector2>());
  } else if (to == VariantType::VECTOR3 && from.is<Vector3i>()) {
    const auto& v = from.ref<Vector3i>();
    *converted = Vector3{static_cast<float>(v.x), static_cast<float>(v.y), static_cast<float>(v.z)};
  } else if (to == VariantType::VECTOR3I && from.is<Vector3>()) {
    const auto& v = from.ref<Vector3>();
    *converted = Vector3i{truncated(v.x), truncated(v.y), truncated(v.z)};
  } else if (to == VariantType::VECTOR4 && from.is<Vector4i>()) {
    const auto& v = from.ref<Vector4i>();
    *converted = Vector4{static_cast<float>(v.x), static_cast<float>(v.y), static_cast<float>(v.z),
                         static_cast<float>(v.w)};
  } else if (to == VariantType::VECTOR4I && from.is<Vector4>()) {
    const auto& v = from.ref<Vector4>();
    *converted = Vector4i{truncated(v.x), truncated(v.y), truncated(v.z), truncated(v.w)};
  } else if (to == VariantType::RECT2 && from.is<Rect2i>()) {
    const auto& r = from.ref<Rect2i>();
    *converted = Rect2{widened(r.position), widened(r.size)};
  } else if (to == VariantType::RECT2I && from.is<Rect2>()) {
    const auto& r = from.ref<Rect2>();
    *converted = Rect2i{narrowed(r.position), narrowed(r.size)};
  } else {
    return false;
  }
  return true;
}

}  // namespace

bool convert_strictly(const Variant& from, VariantType to, Variant* converted) {
  return convert_number(from, to, converted) || convert_text(from, to, converted) ||
         convert_vector(from, to, converted);
}

}  // namespace ringpeer
