#include "ringpeer/tests/codec/text/speller.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer::testing {
namespace {

using test::Draws;

// A value's tokens, in any of the ways in which it may be written.
class Speller {
 public:
  explicit Speller(Draws* draws) : draws_(*draws) {}

  Spelling take() { return std::move(spelling_); }

  void spell(const Variant& value) {
    visit_variant(value, [this](const auto& typed) { put(typed); });
  }

 private:
  void add(std::string_view token) { spelling_.tokens.emplace_back(token); }

  // Commas between; one behind the last where that is allowed.
  void add_comma(bool* first) {
    if (!*first) add(",");
    *first = false;
  }
  void add_last_comma(bool none) {
    if (none || !draws_.one_in(4)) return;
    spelling_.optional.insert(spelling_.tokens.size());
    add(",");
  }

  void put(NilValue) { add(draws_.one_in(2) ? "nil" : "null"); }
  void put(bool value) { add(value ? "true" : "false"); }
  void put(std::int64_t value) { add(std::to_string(value)); }
  void put(double value) { add(real(value)); }
  void put(const String& value) { add(quoted(value.view())); }
  void put(const StringName& value) { add((draws_.one_in(2) ? "@" : "&") + quoted(value.view())); }
  void put(const NodePath& value) {
    open("NodePath");
    add(quoted(value.str()));
    add(")");
  }
  void put(const RID& value) {
    open("RID");
    if (value.id != 0) add(std::to_string(static_cast<std::int64_t>(value.id)));
    add(")");
  }
  void put(const Callable&) {
    open("Callable");
    add(")");
  }
  void put(const Signal&) {
    open("Signal");
    add(")");
  }
  void open(std::string_view name) {
    add(name);
    add("(");
  }

  std::string real(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : draws_.one_in(2) ? "inf_neg" : "-inf";
    std::string number =
        draws_.one_in(2) ? fmt::format("{:.17g}", value) : fmt::format("{:.17E}", value);
    if (number.find_first_of(".eE") == std::string::npos) number += draws_.one_in(2) ? ".0" : ".";
    return number;
  }

  // Each letter as itself, or in one of its escapes.
  std::string quoted(std::string_view text) {
    constexpr std::string_view kSpecial = "\b\t\n\f\r\a\v";
    constexpr std::string_view kNames = "btnfrav";
    std::string result = "\"";
    while (!text.empty()) {
      const std::size_t size = letter_size(text);
      const std::string_view letter = text.substr(0, size);
      const std::size_t special = size == 1 ? kSpecial.find(letter[0]) : std::string_view::npos;
      const std::size_t way = draws_.below(6);
      if (way == 0 && special != std::string_view::npos) {
        result += std::string("\\") + kNames[special];
      } else if (way == 1) {
        result += escaped(letter);
      } else if (letter == "\"" || letter == "\\" || (letter == "'" && way == 2)) {
        result += "\\" + std::string(letter);
      } else {
        result += letter;
      }
      text.remove_prefix(size);
    }
    return result + "\"";
  }
  static std::size_t letter_size(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  }
  std::string escaped(std::string_view letter) {
    constexpr std::array<unsigned, 5> kFirstBits{0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned point = static_cast<unsigned char>(letter[0]) & kFirstBits[letter.size()];
    for (const char c : letter.substr(1))
      point = point << 6 | (static_cast<unsigned char>(c) & 0x3fu);
    if (draws_.one_in(2)) return fmt::format("\\U{:06x}", point);
    if (point < 0x10000) {
      return draws_.one_in(2) ? fmt::format("\\u{:04X}", point) : fmt::format("\\u{:04x}", point);
    }
    point -= 0x10000;
    return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (point >> 10), 0xdc00 + (point & 0x3ff));
  }

  // A type by its name, or by one that it once had.
  std::string_view name_of(VariantType type) {
    static const auto& former = *new std::multimap<VariantType, std::string_view>{
        {VariantType::TRANSFORM2D, "Matrix32"},
        {VariantType::QUATERNION, "Quat"},
        {VariantType::AABB, "Rect3"},
        {VariantType::BASIS, "Matrix3"},
        {VariantType::TRANSFORM3D, "Transform"},
        {VariantType::PACKED_BYTE_ARRAY, "PoolByteArray"},
        {VariantType::PACKED_INT32_ARRAY, "PoolIntArray"},
        {VariantType::PACKED_INT32_ARRAY, "IntArray"},
        {VariantType::PACKED_FLOAT32_ARRAY, "PoolRealArray"},
        {VariantType::PACKED_FLOAT32_ARRAY, "FloatArray"},
        {VariantType::PACKED_STRING_ARRAY, "PoolStringArray"},
        {VariantType::PACKED_VECTOR2_ARRAY, "PoolVector2Array"},
        {VariantType::PACKED_VECTOR3_ARRAY, "Vector3Array"},
        {VariantType::PACKED_VECTOR4_ARRAY, "PoolVector4Array"},
        {VariantType::PACKED_COLOR_ARRAY, "PoolColorArray"},
        {VariantType::PACKED_COLOR_ARRAY, "ColorArray"}};
    const auto [first, last] = former.equal_range(type);
    const auto count = static_cast<std::size_t>(std::distance(first, last));
    const std::size_t choice = draws_.below(count + 1);
    return choice == 0 ? variant_type_name(type)
                       : std::next(first, static_cast<std::ptrdiff_t>(choice) - 1)->second;
  }

  template <typename T>
  void put_components(const T& value, bool* first) {
    using Component = std::conditional_t<kIsIntegerMath<T>, std::int32_t, float>;
    Component components[kComponentCount<T>];
    std::memcpy(components, &value, sizeof(value));
    for (const Component component : components) {
      add_comma(first);
      if constexpr (kIsIntegerMath<T>) {
        add(std::to_string(component));
      } else {
        add(real(static_cast<double>(component)));
      }
    }
  }
  template <typename T>
  requires(kIsMath<T>) void put(const T& value) {
    open(name_of(kVariantTypeOf<T>));
    bool first = true;
    put_components(value, &first);
    add(")");
  }
  template <typename T>
  void put(const CompactVector<T>& values) {
    open(name_of(kVariantTypeOf<CompactVector<T>>));
    bool first = true;
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      if (draws_.one_in(2)) {
        add("\"" + base64(values) + "\"");
        add(")");
        return;
      }
    }
    for (const T& value : values) {
      if constexpr (kIsMath<T>) {
        put_components(value, &first);
        continue;
      } else {
        add_comma(&first);
        put_element(value);
      }
    }
    add(")");
  }
  template <typename T>
  void put_element(const T& value) {
    if constexpr (std::is_same_v<T, String>) {
      add(quoted(value.view()));
    } else if constexpr (std::is_floating_point_v<T>) {
      add(real(static_cast<double>(value)));
    } else {
      add(std::to_string(value));
    }
  }
  static std::string base64(const PackedByteArray& bytes) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
      unsigned bits = 0;
      for (std::size_t j = i; j < i + 3; ++j) bits = bits << 8 | (j < bytes.size() ? bytes[j] : 0u);
      for (std::size_t j = 0; j < 4; ++j) {
        text += i + j > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * j) & 63];
      }
    }
    return text;
  }

  void put(const Object& value) {
    if (value.is_null()) return add("null");
    open("Object");
    add(value.class_name());
    add(",");
    bool first = true;
    if (value.is_id()) {
      put_property("object_id", static_cast<std::int64_t>(value.id()), &first);
      if (draws_.one_in(2)) put_property("script", Variant(), &first);
    }
    for (const auto& [name, property] : value.properties()) {
      if (draws_.one_in(6)) put_property(name.view(), 1, &first);  // the last one counts
      put_property(name.view(), property, &first);
    }
    add_last_comma(first);
    if (first) spelling_.optional.insert(spelling_.tokens.size() - 1);
    add(")");
  }
  void put_property(std::string_view name, const Variant& value, bool* first) {
    add_comma(first);
    add(quoted(name));
    add(":");
    if (name == kScriptProperty && value.is_text() && draws_.one_in(2)) {
      put_resource(value.as_text());
    } else {
      spell(value);
    }
  }
  void put_resource(std::string_view path) {
    open("Resource");
    add(quoted(path));
    add(")");
  }
  void put_type(const ContainerType& type) {
    if (!type.is_typed()) {
      add("Variant");
    } else if (type.kind() == ContainerKind::BUILTIN) {
      add(variant_type_name(type.type()));
    } else if (type.kind() == ContainerKind::SCRIPT) {
      put_resource(type.name());
    } else {
      add(type.name());
    }
  }
  void put(const Array& value) {
    if (value.is_typed()) {
      add("Array");
      add("[");
      put_type(value.element_type());
      add("]");
      add("(");
    }
    add("[");
    bool first = true;
    for (const Variant& element : value) {
      add_comma(&first);
      spell(element);
    }
    add_last_comma(first);
    add("]");
    if (value.is_typed()) add(")");
  }
  void put(const Dictionary& value) {
    if (value.is_typed()) {
      add("Dictionary");
      add("[");
      put_type(value.key_type());
      add(",");
      put_type(value.value_type());
      add("]");
      add("(");
    }
    add("{");
    bool first = true;
    for (const auto& [key, element] : value) {
      add_comma(&first);
      if (draws_.one_in(6) && !value.is_typed()) {  // the last one counts
        spell(key);
        add(":");
        add("null");
        add(",");
      }
      spell(key);
      add(":");
      spell(element);
    }
    add_last_comma(first);
    add("}");
    if (value.is_typed()) add(")");
  }

  Draws& draws_;
  Spelling spelling_;
};

}  // namespace

Spelling spell(const Variant& value, Draws* draws) {
  Speller speller(draws);
  speller.spell(value);
  return speller.take();
}

std::string join_tokens(const std::vector<std::string>& tokens, Draws* draws,
                        std::vector<std::size_t>* starts) {
  constexpr std::array<std::string_view, 8> kBlanks{
      "", "", "", " ", "\n", "\t ", "; a ( [ \" \n", "\r\n"};
  std::string joined;
  for (const std::string& token : tokens) {
    joined += draws->one_of(kBlanks);
    if (starts != nullptr) starts->push_back(joined.size());
    joined += token;
  }
  return joined;
}

}  // namespace ringpeer::testing
