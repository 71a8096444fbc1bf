#include "ringpeer/codec/value/convert.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "ringpeer/codec/base/narrow_float.h"
#include "ringpeer/codec/value/conversion_table.h"
#include "ringpeer/codec/value/convert_math.h"
#include "ringpeer/codec/value/html_color.h"
#include "ringpeer/codec/value/named_color.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer {
namespace {

template <std::integral T>
T integer_of(const Variant& value) {
  return value.is_float() ? narrow_integer<T>(value.ref<double>()) : static_cast<T>(value.as_int());
}

// The components of a vector of any dimension, filled up with zeroes.
Vector4 components_of(const Variant& value) {
  Variant real;
  const VariantType type = value.type();
  if (type == VariantType::VECTOR2I || type == VariantType::VECTOR3I ||
      type == VariantType::VECTOR4I) {
    convert_math(value, static_cast<VariantType>(static_cast<std::uint32_t>(type) - 1), &real);
  } else {
    real = value;
  }
  if (real.is<Vector4>()) return real.ref<Vector4>();
  const auto& v = real.get<Vector3>();
  if (real.is<Vector3>()) return {v.x, v.y, v.z, 0};
  return {real.get<Vector2>().x, real.get<Vector2>().y, 0, 0};
}
static_assert(static_cast<int>(VariantType::VECTOR2I) - 1 ==
              static_cast<int>(VariantType::VECTOR2));
static_assert(static_cast<int>(VariantType::VECTOR3I) - 1 ==
              static_cast<int>(VariantType::VECTOR3));
static_assert(static_cast<int>(VariantType::VECTOR4I) - 1 ==
              static_cast<int>(VariantType::VECTOR4));

// A Variant that element_converts() says is one, as the element of a packed array.
template <typename T>
T element_of(const Variant& value) {
  if constexpr (std::is_integral_v<T>) {
    return integer_of<T>(value);
  } else if constexpr (std::is_same_v<T, float>) {
    return narrow_float(value.as_float());
  } else if constexpr (std::is_same_v<T, double>) {
    return value.as_float();
  } else if constexpr (std::is_same_v<T, String>) {
    if (value.is_bool()) return value.ref<bool>() ? "true" : "false";
    if (value.is_int()) return std::to_string(value.ref<std::int64_t>());
    if (value.is<NodePath>()) return value.ref<NodePath>().str();
    return value.as_text();
  } else if constexpr (std::is_same_v<T, Vector2>) {
    const Vector4 v = components_of(value);
    return {v.x, v.y};
  } else if constexpr (std::is_same_v<T, Vector3>) {
    const Vector4 v = components_of(value);
    return {v.x, v.y, v.z};
  } else if constexpr (std::is_same_v<T, Vector4>) {
    return components_of(value);
  } else {
    static_assert(std::is_same_v<T, Color>);
    Variant converted;
    if (value.is<Color>()) return value.ref<Color>();
    return convert_strictly(value, VariantType::COLOR, &converted) ? converted.ref<Color>() : T();
  }
}

// Of a typed Array its type decides, also when it is empty.
bool elements_convert(const Array& array, VariantType to_packed) {
  if (array.is_typed()) return element_converts(array.element_type().type(), to_packed);
  return std::all_of(array.begin(), array.end(), [to_packed](const Variant& element) {
    return element_converts(element.type(), to_packed);
  });
}

template <typename T>
inline constexpr bool kIsPacked = false;
template <typename T>
inline constexpr bool kIsPacked<CompactVector<T>> = true;

bool convert_array(const Variant& from, VariantType to, Variant* converted) {
  if (to == VariantType::ARRAY) {
    return visit_variant(from, [&]<typename T>(const T& values) {
      if constexpr (kIsPacked<T>) {
        Array& array = converted->emplace<Array>();
        array.reserve(values.size());
        for (const auto& value : values) array.push_back(Variant(value));
        return true;
      } else {
        return false;
      }
    });
  }
  if (!from.is_array() || !elements_convert(from.ref<Array>(), to)) return false;
  return visit_variant_type(to, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (kIsPacked<T>) {
      T& values = converted->emplace<T>();
      values.reserve(from.size());
      for (const Variant& element : from.ref<Array>()) {
        values.push_back(element_of<typename T::value_type>(element));
      }
      return true;
    } else {
      return false;
    }
  });
}

bool convert_number(const Variant& from, VariantType to, Variant* converted) {
  if (!from.is_bool() && !from.is_number()) return false;
  if (to == VariantType::BOOL) {
    *converted = from.as_bool();
  } else if (to == VariantType::INT) {
    *converted = integer_of<std::int64_t>(from);
  } else if (to == VariantType::FLOAT) {
    *converted = from.as_float();
  } else if (to == VariantType::COLOR && from.is_int()) {
    *converted = color_from_hex(static_cast<std::uint32_t>(from.ref<std::int64_t>()));
  } else {
    return false;
  }
  return true;
}

bool convert_text(const Variant& from, VariantType to, Variant* converted) {
  if (to == VariantType::STRING) {
    if (!from.is_text() && !from.is<NodePath>()) return false;
    *converted = from.is_text() ? String(from.as_text()) : String(from.ref<NodePath>().str());
    return true;
  }
  if (!from.is<String>()) return false;
  if (to == VariantType::STRING_NAME) {
    *converted = StringName(from.as_text());
  } else if (to == VariantType::NODE_PATH) {
    *converted = NodePath(from.as_text());
  } else if (to == VariantType::COLOR) {
    const std::optional<Color> color = color_from_html(from.as_text());
    *converted = color ? *color : color_named(from.as_text()).value_or(Color());
  } else {
    return false;
  }
  return true;
}

// Texts that a value without values inside may need on the heap when it is converted.
std::size_t text_bytes(const Variant& value) {
  if (value.is_text()) return String::heap_bytes(value.as_text().size());
  const auto* path = value.get_if<NodePath>();
  return path == nullptr ? 0 : String::heap_bytes(path->str().size());
}

// A path's parts are Strings, one between every two separators.
std::size_t path_bytes(std::string_view text) {
  const auto parts = static_cast<std::size_t>(
      1 + std::count_if(text.begin(), text.end(), [](char c) { return c == '/' || c == ':'; }));
  return sizeof(NodePath) + CompactVector<String>::block_bytes(parts) +
         String::heap_bytes(text.size());
}

std::size_t array_bytes(const Variant& packed) {
  std::size_t texts = 0;
  if (const auto* strings = packed.get_if<PackedStringArray>()) {
    for (const String& string : *strings) texts += String::heap_bytes(string.size());
  }
  return CompactVector<Variant>::block_bytes(packed.size()) + texts;
}

std::size_t packed_bytes(const Array& array, VariantType to) {
  return visit_variant_type(to, [&](auto tag) -> std::size_t {
    using T = typename decltype(tag)::Type;
    if constexpr (kIsPacked<T>) {
      std::size_t bytes = T::block_bytes(array.size());
      if constexpr (std::is_same_v<T, PackedStringArray>) {
        for (const Variant& element : array) bytes += text_bytes(element);
      }
      return bytes;
    } else {
      return 0;
    }
  });
}

}  // namespace

std::size_t converted_bytes(const Variant& from, VariantType to) {
  if (!variant_converts(from.type(), to)) return 0;
  if (to == VariantType::NODE_PATH) return path_bytes(from.as_text());
  if (to == VariantType::ARRAY) return array_bytes(from);
  if (from.is_array()) return packed_bytes(from.ref<Array>(), to);
  constexpr std::size_t kMaxBox = sizeof(Projection);
  return kMaxBox + text_bytes(from);
}

bool convert_strictly(const Variant& from, VariantType to, Variant* converted) {
  if (to == VariantType::RID && from.is_object()) {
    *converted = RID();  // no object here has one
    return true;
  }
  return convert_number(from, to, converted) || convert_text(from, to, converted) ||
         convert_math(from, to, converted) || convert_array(from, to, converted);
}

}  // namespace ringpeer
