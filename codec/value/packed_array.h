#ifndef RINGPEER_CODEC_VALUE_PACKED_ARRAY_H_
#define RINGPEER_CODEC_VALUE_PACKED_ARRAY_H_

#include "ringpeer/codec/base/language.h"

#include <cstdint>

#include "ringpeer/codec/value/compact_vector.h"
#include "ringpeer/codec/value/math_types.h"
#include "ringpeer/codec/value/variant_string.h"

namespace ringpeer {

// Godot's packed arrays: contiguous elements of one type. Construct them from an
// initializer list or a std::span; read them as a range.
// Threads, lifetime and failure: as CompactVector.
using PackedByteArray = CompactVector<std::uint8_t>;
using PackedInt32Array = CompactVector<std::int32_t>;
using PackedInt64Array = CompactVector<std::int64_t>;
using PackedFloat32Array = CompactVector<float>;
using PackedFloat64Array = CompactVector<double>;
using PackedStringArray = CompactVector<String>;
using PackedVector2Array = CompactVector<Vector2>;
using PackedVector3Array = CompactVector<Vector3>;
using PackedColorArray = CompactVector<Color>;
using PackedVector4Array = CompactVector<Vector4>;

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_PACKED_ARRAY_H_
