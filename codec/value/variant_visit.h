#ifndef RINGPEER_CODEC_VALUE_VARIANT_VISIT_H_
#define RINGPEER_CODEC_VALUE_VARIANT_VISIT_H_

#include "ringpeer/codec/value/variant.h"

namespace ringpeer {

// Threads: any. Failure: what the visitor throws.

// What a visitor gets for NIL.
struct NilValue {};

// Calls visitor(tag) with a VariantTag<T> of the C++ class that holds a type's values.
template <typename T>
struct VariantTag {
  using Type = T;
};

template <typename Visitor>
decltype(auto) visit_variant_type(VariantType type, Visitor&& visitor) {
  // clang-format off
  switch (type) {
    case VariantType::NIL: break;
    case VariantType::BOOL: return visitor(VariantTag<bool>());
    case VariantType::INT: return visitor(VariantTag<std::int64_t>());
    case VariantType::FLOAT: return visitor(VariantTag<double>());
    case VariantType::STRING: return visitor(VariantTag<String>());
    case VariantType::VECTOR2: return visitor(VariantTag<Vector2>());
    case VariantType::VECTOR2I: return visitor(VariantTag<Vector2i>());
    case VariantType::RECT2: return visitor(VariantTag<Rect2>());
    case VariantType::RECT2I: return visitor(VariantTag<Rect2i>());
    case VariantType::VECTOR3: return visitor(VariantTag<Vector3>());
    case VariantType::VECTOR3I: return visitor(VariantTag<Vector3i>());
    case VariantType::TRANSFORM2D: return visitor(VariantTag<Transform2D>());
    case VariantType::VECTOR4: return visitor(VariantTag<Vector4>());
    case VariantType::VECTOR4I: return visitor(VariantTag<Vector4i>());
    case VariantType::PLANE: return visitor(VariantTag<Plane>());
    case VariantType::QUATERNION: return visitor(VariantTag<Quaternion>());
    case VariantType::AABB: return visitor(VariantTag<ringpeer::AABB>());
    case VariantType::BASIS: return visitor(VariantTag<Basis>());
    case VariantType::TRANSFORM3D: return visitor(VariantTag<Transform3D>());
    case VariantType::PROJECTION: return visitor(VariantTag<Projection>());
    case VariantType::COLOR: return visitor(VariantTag<Color>());
    case VariantType::STRING_NAME: return visitor(VariantTag<StringName>());
    case VariantType::NODE_PATH: return visitor(VariantTag<NodePath>());
    case VariantType::RID: return visitor(VariantTag<ringpeer::RID>());
    case VariantType::OBJECT: return visitor(VariantTag<Object>());
    case VariantType::CALLABLE: return visitor(VariantTag<Callable>());
    case VariantType::SIGNAL: return visitor(VariantTag<Signal>());
    case VariantType::DICTIONARY: return visitor(VariantTag<Dictionary>());
    case VariantType::ARRAY: return visitor(VariantTag<Array>());
    case VariantType::PACKED_BYTE_ARRAY: return visitor(VariantTag<PackedByteArray>());
    case VariantType::PACKED_INT32_ARRAY: return visitor(VariantTag<PackedInt32Array>());
    case VariantType::PACKED_INT64_ARRAY: return visitor(VariantTag<PackedInt64Array>());
    case VariantType::PACKED_FLOAT32_ARRAY: return visitor(VariantTag<PackedFloat32Array>());
    case VariantType::PACKED_FLOAT64_ARRAY: return visitor(VariantTag<PackedFloat64Array>());
    case VariantType::PACKED_STRING_ARRAY: return visitor(VariantTag<PackedStringArray>());
    case VariantType::PACKED_VECTOR2_ARRAY: return visitor(VariantTag<PackedVector2Array>());
    case VariantType::PACKED_VECTOR3_ARRAY: return visitor(VariantTag<PackedVector3Array>());
    case VariantType::PACKED_COLOR_ARRAY: return visitor(VariantTag<PackedColorArray>());
    case VariantType::PACKED_VECTOR4_ARRAY: return visitor(VariantTag<PackedVector4Array>());
  }
  // clang-format on
  return visitor(VariantTag<NilValue>());
}

// Calls visitor(value) with the value as its C++ class (NilValue for NIL).
template <typename Visitor>
decltype(auto) visit_variant(const Variant& variant, Visitor&& visitor) {
  return visit_variant_type(variant.type(), [&](auto tag) -> decltype(auto) {
    using T = typename decltype(tag)::Type;
    if constexpr (std::is_same_v<T, NilValue>) {
      return visitor(NilValue());
    } else {
      return visitor(variant.ref<T>());
    }
  });
}

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_VARIANT_VISIT_H_
