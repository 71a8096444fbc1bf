#ifndef RINGPEER_CODEC_VALUE_VARIANT_TYPE_OF_H_
#define RINGPEER_CODEC_VALUE_VARIANT_TYPE_OF_H_

#include <cstdint>
#include <type_traits>

#include "ringpeer/codec/base/wire_format.h"
#include "ringpeer/codec/value/handle_types.h"
#include "ringpeer/codec/value/math_types.h"
#include "ringpeer/codec/value/node_path.h"
#include "ringpeer/codec/value/packed_array.h"
#include "ringpeer/codec/value/variant_string.h"

namespace ringpeer {

class Array;
class Dictionary;
class Object;

// Which Variant type a C++ class is the value of. Only these specialisations exist.
// Threads: any.
template <typename T>
struct VariantTypeOf {
  static constexpr bool kKnown = false;
};

template <VariantType kTypeValue>
struct KnownVariantType {
  static constexpr bool kKnown = true;
  static constexpr VariantType kType = kTypeValue;
};

// clang-format off
template <> struct VariantTypeOf<bool> : KnownVariantType<VariantType::BOOL> {};
template <> struct VariantTypeOf<std::int64_t> : KnownVariantType<VariantType::INT> {};
template <> struct VariantTypeOf<double> : KnownVariantType<VariantType::FLOAT> {};
template <> struct VariantTypeOf<String> : KnownVariantType<VariantType::STRING> {};
template <> struct VariantTypeOf<Vector2> : KnownVariantType<VariantType::VECTOR2> {};
template <> struct VariantTypeOf<Vector2i> : KnownVariantType<VariantType::VECTOR2I> {};
template <> struct VariantTypeOf<Rect2> : KnownVariantType<VariantType::RECT2> {};
template <> struct VariantTypeOf<Rect2i> : KnownVariantType<VariantType::RECT2I> {};
template <> struct VariantTypeOf<Vector3> : KnownVariantType<VariantType::VECTOR3> {};
template <> struct VariantTypeOf<Vector3i> : KnownVariantType<VariantType::VECTOR3I> {};
template <> struct VariantTypeOf<Transform2D> : KnownVariantType<VariantType::TRANSFORM2D> {};
template <> struct VariantTypeOf<Vector4> : KnownVariantType<VariantType::VECTOR4> {};
template <> struct VariantTypeOf<Vector4i> : KnownVariantType<VariantType::VECTOR4I> {};
template <> struct VariantTypeOf<Plane> : KnownVariantType<VariantType::PLANE> {};
template <> struct VariantTypeOf<Quaternion> : KnownVariantType<VariantType::QUATERNION> {};
template <> struct VariantTypeOf<AABB> : KnownVariantType<VariantType::AABB> {};
template <> struct VariantTypeOf<Basis> : KnownVariantType<VariantType::BASIS> {};
template <> struct VariantTypeOf<Transform3D> : KnownVariantType<VariantType::TRANSFORM3D> {};
template <> struct VariantTypeOf<Projection> : KnownVariantType<VariantType::PROJECTION> {};
template <> struct VariantTypeOf<Color> : KnownVariantType<VariantType::COLOR> {};
template <> struct VariantTypeOf<StringName> : KnownVariantType<VariantType::STRING_NAME> {};
template <> struct VariantTypeOf<NodePath> : KnownVariantType<VariantType::NODE_PATH> {};
template <> struct VariantTypeOf<RID> : KnownVariantType<VariantType::RID> {};
template <> struct VariantTypeOf<Object> : KnownVariantType<VariantType::OBJECT> {};
template <> struct VariantTypeOf<Callable> : KnownVariantType<VariantType::CALLABLE> {};
template <> struct VariantTypeOf<Signal> : KnownVariantType<VariantType::SIGNAL> {};
template <> struct VariantTypeOf<Dictionary> : KnownVariantType<VariantType::DICTIONARY> {};
template <> struct VariantTypeOf<Array> : KnownVariantType<VariantType::ARRAY> {};
template <> struct VariantTypeOf<PackedByteArray> : KnownVariantType<VariantType::PACKED_BYTE_ARRAY> {};
template <> struct VariantTypeOf<PackedInt32Array> : KnownVariantType<VariantType::PACKED_INT32_ARRAY> {};
template <> struct VariantTypeOf<PackedInt64Array> : KnownVariantType<VariantType::PACKED_INT64_ARRAY> {};
template <> struct VariantTypeOf<PackedFloat32Array> : KnownVariantType<VariantType::PACKED_FLOAT32_ARRAY> {};
template <> struct VariantTypeOf<PackedFloat64Array> : KnownVariantType<VariantType::PACKED_FLOAT64_ARRAY> {};
template <> struct VariantTypeOf<PackedStringArray> : KnownVariantType<VariantType::PACKED_STRING_ARRAY> {};
template <> struct VariantTypeOf<PackedVector2Array> : KnownVariantType<VariantType::PACKED_VECTOR2_ARRAY> {};
template <> struct VariantTypeOf<PackedVector3Array> : KnownVariantType<VariantType::PACKED_VECTOR3_ARRAY> {};
template <> struct VariantTypeOf<PackedColorArray> : KnownVariantType<VariantType::PACKED_COLOR_ARRAY> {};
template <> struct VariantTypeOf<PackedVector4Array> : KnownVariantType<VariantType::PACKED_VECTOR4_ARRAY> {};
// clang-format on

template <typename T>
inline constexpr VariantType kVariantTypeOf = VariantTypeOf<T>::kType;

// A class that a Variant can be constructed from as it is (the arithmetic types have
// constructors of their own, which take every integer and every float).
template <typename T>
concept VariantClass = VariantTypeOf<T>::kKnown && !std::is_arithmetic_v<T>;

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_VARIANT_TYPE_OF_H_
