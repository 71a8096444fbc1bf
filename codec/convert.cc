#include "ringpeer/codec/convert.h"

#include <cmath>
#include <limits>
#include <optional>

#include "ringpeer/codec/convert_math.h"
#include "ringpeer/codec/html_color.h"
#include "ringpeer/codec/named_color.h"
#include "ringpeer/codec/narrow_float.h"
#include "ringpeer/codec/variant_visit.h"

namespace ringpeer {
namespace {

// What the processor, and so Godot, makes of a float that no int64 holds.
std::int64_t truncated(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  if (!(value >= -kLimit && value < kLimit)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

std::int64_t integer_of(const Variant& value) {
  return value.is_float() ? truncated(value.ref<double>()) : value.as_int();
}

// A Variant as the element of a packed array, by Godot's loose rules: numbers into
// each other, otherwise zero.
template <typename T>
T element_of(const Variant& value) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(integer_of(value));
  } else if constexpr (std::is_same_v<T, float>) {
    return narrow_float(value.as_float());
  } else if constexpr (std::is_same_v<T, double>) {
    return value.as_float();
  } else if constexpr (std::is_same_v<T, String>) {
    if (value.is_bool()) return value.ref<bool>() ? "true" : "false";
    if (value.is_int()) return std::to_string(value.ref<std::int64_t>());
    return value.as_text();
  } else {
    Variant converted;
    if (value.is<T>()) return value.ref<T>();
    return convert_strictly(value, kVariantTypeOf<T>, &converted) ? converted.ref<T>() : T();
  }
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
  if (!from.is_array()) return false;
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
    *converted = integer_of(from);
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

}  // namespace

bool convert_strictly(const Variant& from, VariantType to, Variant* converted) {
  if (to == VariantType::RID && from.is_object()) {
    *converted = RID();  // no object here has one
    return true;
  }
  return convert_number(from, to, converted) || convert_text(from, to, converted) ||
         convert_math(from, to, converted) || convert_array(from, to, converted);
}

}  // namespace ringpeer
