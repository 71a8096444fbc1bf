#ifndef RINGPEER_CODEC_VALUE_CONVERSION_TABLE_H_
#define RINGPEER_CODEC_VALUE_CONVERSION_TABLE_H_

#include "ringpeer/codec/base/wire_format.h"

namespace ringpeer {

// Whether a typed container of Godot 4.6 makes a `to` of an element of another type
// (its strict conversions), instead of leaving it out. NIL into OBJECT is not one: it
// is kept as it is.
// Threads: any.
constexpr bool variant_converts(VariantType from, VariantType to) {
  using enum VariantType;
  const bool from_packed = from >= PACKED_BYTE_ARRAY && from <= PACKED_VECTOR4_ARRAY;
  const bool to_packed = to >= PACKED_BYTE_ARRAY && to <= PACKED_VECTOR4_ARRAY;
  if (to_packed) return from == ARRAY;
  switch (to) {
    case BOOL:
      return from == INT || from == FLOAT;
    case INT:
      return from == BOOL || from == FLOAT;
    case FLOAT:
      return from == BOOL || from == INT;
    case STRING:
      return from == STRING_NAME || from == NODE_PATH;
    case VECTOR2:
      return from == VECTOR2I;
    case VECTOR2I:
      return from == VECTOR2;
    case RECT2:
      return from == RECT2I;
    case RECT2I:
      return from == RECT2;
    case VECTOR3:
      return from == VECTOR3I;
    case VECTOR3I:
      return from == VECTOR3;
    case VECTOR4:
      return from == VECTOR4I;
    case VECTOR4I:
      return from == VECTOR4;
    case TRANSFORM2D:
      return from == TRANSFORM3D;
    case QUATERNION:
      return from == BASIS;
    case BASIS:
      return from == QUATERNION;
    case TRANSFORM3D:
      return from == TRANSFORM2D || from == QUATERNION || from == BASIS || from == PROJECTION;
    case PROJECTION:
      return from == TRANSFORM3D;
    case COLOR:
      return from == STRING || from == INT;
    case STRING_NAME:
    case NODE_PATH:
      return from == STRING;
    case RID:
      return from == OBJECT;
    case ARRAY:
      return from_packed;
    default:
      return false;
  }
}

// Whether a packed array made of an Array can hold an element of another type. Godot makes
// something of every element, be it a zero; here the Array is left out then.
constexpr bool element_converts(VariantType from, VariantType to_packed) {
  using enum VariantType;
  switch (to_packed) {
    case PACKED_BYTE_ARRAY:
    case PACKED_INT32_ARRAY:
    case PACKED_INT64_ARRAY:
    case PACKED_FLOAT32_ARRAY:
    case PACKED_FLOAT64_ARRAY:
      return from == NIL || from == BOOL || from == INT || from == FLOAT;
    case PACKED_STRING_ARRAY:
      return from == BOOL || from == INT || from == STRING || from == STRING_NAME ||
             from == NODE_PATH;
    case PACKED_VECTOR2_ARRAY:
    case PACKED_VECTOR3_ARRAY:
    case PACKED_VECTOR4_ARRAY:
      return from == VECTOR2 || from == VECTOR2I || from == VECTOR3 || from == VECTOR3I ||
             from == VECTOR4 || from == VECTOR4I;
    case PACKED_COLOR_ARRAY:
      return from == COLOR || from == STRING || from == INT;
    default:
      return false;
  }
}

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_CONVERSION_TABLE_H_
