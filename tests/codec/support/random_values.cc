#include "ringpeer/tests/codec/support/random_values.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer::testing {
namespace {

using test::Draws;

constexpr std::size_t kMaxDepth = 4;

std::uint64_t random_bits(Draws& draws) {
  std::uint64_t bits = 0;
  for (int i = 0; i < 4; ++i) bits = bits << 16 | draws.below(1 << 16);
  return bits;
}

template <typename T>
struct ElementOf {
  static constexpr bool kPacked = false;
};
template <typename T>
struct ElementOf<CompactVector<T>> {
  static constexpr bool kPacked = true;
};

template <typename T>
T random_math(Draws& draws) {
  using Component = std::conditional_t<kIsIntegerMath<T>, std::int32_t, float>;
  std::array<Component, kComponentCount<T>> components;
  for (Component& component : components) {
    if constexpr (kIsIntegerMath<T>) {
      component = static_cast<std::int32_t>(random_integer(draws));
    } else {
      component = random_float(draws);
    }
  }
  return std::bit_cast<T>(components);
}

template <typename T>
T random_element(Draws& draws) {
  if constexpr (std::is_same_v<T, String>) {
    return String(random_text(draws));
  } else if constexpr (std::is_same_v<T, float>) {
    return random_float(draws);
  } else if constexpr (std::is_same_v<T, double>) {
    return random_double(draws);
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(random_integer(draws));
  } else {
    return random_math<T>(draws);
  }
}

// Names as Godot's own paths have them; each part is read as one.
NodePath random_path(Draws& draws) {
  constexpr std::array<std::string_view, 8> kPaths{
      "",      "a",      "/root/Main:position:x",      "a/b:c", ":x:y",
      "/root", "../a b", "/a name of many letters/b:c"};
  return NodePath(draws.one_of(kPaths));
}

Object random_object(Draws& draws, std::size_t depth) {
  switch (draws.below(4)) {
    case 0:
      return {};
    case 1:
      return Object::from_id(1 + random_bits(draws) / 2);
    default:
      break;
  }
  Object object{String(random_class_name(draws))};
  for (std::size_t left = draws.below(4); left > 0; --left) {
    if (draws.one_in(4)) {
      object.set(String(kScriptProperty), draws.one_in(2) ? Variant("res://a.gd") : Variant());
    } else {
      object.set(String("p" + random_text(draws)), random_value(draws, depth + 1));
    }
  }
  return object;
}

ContainerType random_type(Draws& draws, bool in_key) {
  if (!in_key && draws.one_in(8)) return ContainerType::script("res://some/script.gd");
  if (!in_key && draws.one_in(8)) {
    return ContainerType::object_class(draws.one_in(2) ? "RefCounted" : "EncodedObjectAsID");
  }
  const auto type = static_cast<VariantType>(draws.below(kVariantTypeCount));
  return in_key && type == VariantType::OBJECT ? ContainerType() : ContainerType::builtin(type);
}

// Of the type, or of any where that has none.
Variant random_of_type(Draws& draws, const ContainerType& type, std::size_t depth, bool in_key) {
  if (type.type() == VariantType::OBJECT) return random_object(draws, depth);
  if (!type.is_typed() || type.type() == VariantType::ARRAY ||
      type.type() == VariantType::DICTIONARY) {
    return random_value(draws, depth, in_key);
  }
  return random_leaf(draws, type.type());
}

std::size_t random_size(Draws& draws) {
  return draws.one_in(12) ? draws.below(40) : draws.below(5);
}

}  // namespace

std::int64_t random_integer(Draws& draws) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::array<std::int64_t, 12> kEdges{0,
                                                1,
                                                127,
                                                255,
                                                32767,
                                                65535,
                                                2147483647,
                                                2147483648,
                                                4294967295,
                                                4294967296,
                                                std::int64_t{1} << 53,
                                                kMax};
  std::int64_t value =
      draws.one_in(3) ? static_cast<std::int64_t>(random_bits(draws)) : draws.one_of(kEdges);
  if (draws.one_in(3)) value = static_cast<std::int64_t>(~static_cast<std::uint64_t>(value));
  return value;
}

double random_double(Draws& draws) {
  constexpr std::array<double, 16> kEdges{0.0,
                                          1.0,
                                          0.5,
                                          0.1,
                                          16777217.0,
                                          3.4028234663852886e38,
                                          3.4028235677973366e38,
                                          1e39,
                                          1e-46,
                                          4.9e-324,
                                          2147483647.5,
                                          9.223372036854775807e18,
                                          1e19,
                                          1.7976931348623157e308,
                                          std::numeric_limits<double>::infinity(),
                                          std::numeric_limits<double>::quiet_NaN()};
  switch (draws.below(4)) {
    case 0:
      return draws.one_of(kEdges);
    case 1:
      return -draws.one_of(kEdges);
    case 2:
      return (static_cast<double>(draws.below(20001)) - 10000) / 64;
    default:
      return std::bit_cast<double>(random_bits(draws));
  }
}

float random_float(Draws& draws) {
  constexpr std::array<float, 9> kEdges{0.0F,
                                        1.0F,
                                        0.1F,
                                        16777216.0F,
                                        1e-45F,
                                        3.4028235e38F,
                                        1.17549435e-38F,
                                        std::numeric_limits<float>::infinity(),
                                        std::numeric_limits<float>::quiet_NaN()};
  switch (draws.below(3)) {
    case 0:
      return draws.one_of(kEdges) * (draws.one_in(2) ? -1.0F : 1.0F);
    case 1:
      return (static_cast<float>(draws.below(2001)) - 1000) / 8;
    default:
      return std::bit_cast<float>(static_cast<std::uint32_t>(random_bits(draws)));
  }
}

std::string random_text(Draws& draws) {
  constexpr std::array<std::string_view, 20> kPieces{"a",  "b",  "Z",  "_",  "0",  "\"", "\\",
                                                     "\n", "\t", "\a", "\v", "\b", "\f", "'",
                                                     "\r", "é",  "ß",  "中", "😀",  " "};
  constexpr std::array<std::size_t, 12> kSizes{0, 1, 3, 4, 7, 8, 9, 14, 15, 16, 17, 60};
  const std::size_t size = draws.one_of(kSizes);
  const bool plain = !draws.one_in(3);
  std::string text;
  while (text.size() < size) {
    text += plain ? kPieces[draws.below(5)] : kPieces[draws.below(kPieces.size())];
  }
  return text;
}

std::string random_class_name(Draws& draws) {
  constexpr std::array<std::string_view, 4> kNames{"Node", "A_class_with_a_long_name_2",
                                                   "RefCounted", "_x"};
  return std::string(draws.one_of(kNames));
}

Variant random_leaf(Draws& draws, VariantType type) {
  return visit_variant_type(type, [&](auto tag) -> Variant {
    using T = typename decltype(tag)::Type;
    if constexpr (std::is_same_v<T, bool>) {
      return draws.one_in(2);
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      return random_integer(draws);
    } else if constexpr (std::is_same_v<T, double>) {
      return random_double(draws);
    } else if constexpr (std::is_same_v<T, String>) {
      return random_text(draws);
    } else if constexpr (std::is_same_v<T, StringName>) {
      return StringName(random_text(draws));
    } else if constexpr (std::is_same_v<T, NodePath>) {
      return random_path(draws);
    } else if constexpr (std::is_same_v<T, RID>) {
      return RID{random_bits(draws)};
    } else if constexpr (std::is_same_v<T, Signal>) {
      return Signal{StringName(random_text(draws)), random_bits(draws)};
    } else if constexpr (kIsMath<T>) {
      return random_math<T>(draws);
    } else if constexpr (ElementOf<T>::kPacked) {
      T values;
      for (std::size_t left = random_size(draws); left > 0; --left) {
        values.push_back(random_element<typename T::value_type>(draws));
      }
      return values;
    } else if constexpr (std::is_same_v<T, Callable>) {
      return Callable();
    } else {
      return {};
    }
  });
}

Array random_array(Draws& draws, std::size_t depth, bool in_key) {
  const ContainerType type = draws.one_in(3) ? random_type(draws, in_key) : ContainerType();
  Array array(type);
  for (std::size_t left = random_size(draws); left > 0; --left) {
    array.push_back(random_of_type(draws, type, depth + 1, in_key));
  }
  return array;
}

Dictionary random_dictionary(Draws& draws, std::size_t depth, bool in_key) {
  const bool typed = draws.one_in(3);
  const ContainerType key_type = typed ? random_type(draws, true) : ContainerType();
  const ContainerType value_type = typed ? random_type(draws, in_key) : ContainerType();
  Dictionary dictionary(key_type, value_type);
  for (std::size_t left = random_size(draws); left > 0; --left) {
    dictionary.set(random_of_type(draws, key_type, depth + 1, true),
                   random_of_type(draws, value_type, depth + 1, in_key));
  }
  return dictionary;
}

Variant random_value(Draws& draws, std::size_t depth, bool in_key) {
  if (depth < kMaxDepth && draws.one_in(3)) {
    switch (draws.below(in_key ? 4 : 5)) {
      case 0:
      case 1:
        return random_array(draws, depth, in_key);
      case 2:
      case 3:
        return random_dictionary(draws, depth, in_key);
      default:
        return random_object(draws, depth);
    }
  }
  const auto type = static_cast<VariantType>(draws.below(kVariantTypeCount));
  return random_leaf(draws, type);
}

}  // namespace ringpeer::testing
