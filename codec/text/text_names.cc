#include "ringpeer/codec/text/text_names.h"

#include <cstdint>
#include <limits>
#include <utility>

namespace ringpeer {
namespace {

// Names of before Godot 4.
constexpr std::pair<std::string_view, VariantType> kFormerNames[] = {
    {"Matrix32", VariantType::TRANSFORM2D},
    {"Quat", VariantType::QUATERNION},
    {"Rect3", VariantType::AABB},
    {"Matrix3", VariantType::BASIS},
    {"Transform", VariantType::TRANSFORM3D},
    {"ByteArray", VariantType::PACKED_BYTE_ARRAY},
    {"PoolByteArray", VariantType::PACKED_BYTE_ARRAY},
    {"IntArray", VariantType::PACKED_INT32_ARRAY},
    {"PoolIntArray", VariantType::PACKED_INT32_ARRAY},
    {"PackedIntArray", VariantType::PACKED_INT32_ARRAY},
    {"FloatArray", VariantType::PACKED_FLOAT32_ARRAY},
    {"PoolRealArray", VariantType::PACKED_FLOAT32_ARRAY},
    {"PackedRealArray", VariantType::PACKED_FLOAT32_ARRAY},
    {"StringArray", VariantType::PACKED_STRING_ARRAY},
    {"PoolStringArray", VariantType::PACKED_STRING_ARRAY},
    {"Vector2Array", VariantType::PACKED_VECTOR2_ARRAY},
    {"PoolVector2Array", VariantType::PACKED_VECTOR2_ARRAY},
    {"Vector3Array", VariantType::PACKED_VECTOR3_ARRAY},
    {"PoolVector3Array", VariantType::PACKED_VECTOR3_ARRAY},
    {"Vector4Array", VariantType::PACKED_VECTOR4_ARRAY},
    {"PoolVector4Array", VariantType::PACKED_VECTOR4_ARRAY},
    {"ColorArray", VariantType::PACKED_COLOR_ARRAY},
    {"PoolColorArray", VariantType::PACKED_COLOR_ARRAY},
};

}  // namespace

std::optional<double> named_number(std::string_view name) {
  if (name == "inf") return std::numeric_limits<double>::infinity();
  if (name == "inf_neg" || name == "-inf") return -std::numeric_limits<double>::infinity();
  if (name == "nan") return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

VariantType type_named(std::string_view name) {
  for (std::uint32_t id = 1; id < kVariantTypeCount; ++id) {
    const auto type = static_cast<VariantType>(id);
    if (variant_type_name(type) == name) return type;
  }
  for (const auto& [former, type] : kFormerNames) {
    if (former == name) return type;
  }
  return VariantType::NIL;
}

}  // namespace ringpeer
