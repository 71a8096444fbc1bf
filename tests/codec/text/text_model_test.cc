// Random values as text: each spelling that Godot reads gives the value, each token that is
// missing or wrong is told with its line, numbers are what the C library reads, and what is
// written is what the simplest writer writes.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/tests/codec/support/hex.h"
#include "ringpeer/tests/codec/support/random_values.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer {
namespace {

using test::Draws;

std::string printed(const char* format, auto... values) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

// ---- Spelling.

// A value's tokens, in any of the ways in which it may be written.
class Speller {
 public:
  explicit Speller(Draws* draws) : draws_(*draws) {}

  std::vector<std::string> tokens;
  std::set<std::size_t> optional;  // of the tokens: those that may be left out

  void spell(const Variant& value) {
    visit_variant(value, [this](const auto& typed) { put(typed); });
  }

  // With blanks between; *starts, if any, gets where each token begins.
  std::string text(const std::vector<std::string>& which, std::vector<std::size_t>* starts) {
    constexpr std::array<std::string_view, 8> kBlanks{
        "", "", "", " ", "\n", "\t ", "; a ( [ \" \n", "\r\n"};
    std::string joined;
    for (const std::string& token : which) {
      joined += draws_.one_of(kBlanks);
      if (starts != nullptr) starts->push_back(joined.size());
      joined += token;
    }
    return joined;
  }

 private:
  void add(std::string_view token) { tokens.emplace_back(token); }

  // Commas between; one behind the last where that is allowed.
  void add_comma(bool* first) {
    if (!*first) add(",");
    *first = false;
  }
  void add_last_comma(bool none) {
    if (none || !draws_.one_in(4)) return;
    optional.insert(tokens.size());
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
    std::string number = printed(draws_.one_in(2) ? "%.17g" : "%.17E", value);
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
    if (draws_.one_in(2)) return printed("\\U%06x", point);
    if (point < 0x10000) return printed(draws_.one_in(2) ? "\\u%04X" : "\\u%04x", point);
    point -= 0x10000;
    return printed("\\u%04x\\u%04x", 0xd800 + (point >> 10), 0xdc00 + (point & 0x3ff));
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
    if (first) optional.insert(tokens.size() - 1);
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
};

// ---- What a text can say: signals lose all, no object is Nil, and keys are of one kind that has
// an order.

Variant key_of_kind(std::size_t kind, Draws& draws) {
  switch (kind) {
    case 0:
      return testing::random_text(draws);
    case 1:
      return testing::random_integer(draws);
    case 2:
      return Vector3i{static_cast<int>(draws.below(3)), static_cast<int>(draws.below(3)) - 1,
                      static_cast<int>(draws.below(30))};
    case 3:
      return (static_cast<double>(draws.below(2001)) - 1000) / 8;
    default: {
      Array key;
      for (std::size_t left = draws.below(4); left > 0; --left) {
        key.push_back(draws.one_in(3)
                          ? Variant(Array{static_cast<std::int64_t>(draws.below(3))})
                          : Variant(Array{Array{}, static_cast<std::int64_t>(draws.below(3))}));
      }
      return key;
    }
  }
}

Variant as_text_can_say(const Variant& value, Draws& draws) {
  if (value.is<Signal>()) return Signal();
  if (value.is_array()) {
    Array array(value.ref<Array>().element_type());
    for (const Variant& element : value.ref<Array>())
      array.push_back(as_text_can_say(element, draws));
    return array;
  }
  if (value.is_object()) {
    const auto& object = value.ref<Object>();
    if (object.is_null()) return {};
    if (object.is_id()) return value;
    Object copy{String(object.class_name())};
    for (const auto& [name, property] : object.properties()) {
      copy.set(name, as_text_can_say(property, draws));
    }
    return copy;
  }
  if (!value.is_dictionary()) return value;
  const auto& dictionary = value.ref<Dictionary>();
  Dictionary copy(ContainerType(), dictionary.value_type());
  const std::size_t kind = draws.below(5);
  for (const auto& [key, element] : dictionary) {
    copy.set(key_of_kind(kind, draws), as_text_can_say(element, draws));
  }
  return copy;
}

// ---- Writing.

std::string plain_real(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "inf_neg";
  std::string text = var_to_str(value);  // which is looked at by itself
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

bool is_less(const Variant& a, const Variant& b) {
  if (a.is_text()) return a.as_text() < b.as_text();
  if (a.is_int()) return a.ref<std::int64_t>() < b.ref<std::int64_t>();
  if (a.is_float()) return a.ref<double>() < b.ref<double>();
  if (a.is<Vector3i>()) {
    const auto& left = a.ref<Vector3i>();
    const auto& right = b.ref<Vector3i>();
    return std::array{left.x, left.y, left.z} < std::array{right.x, right.y, right.z};
  }
  const auto& left = a.ref<Array>();
  const auto& right = b.ref<Array>();
  const auto by_type = [](const Variant& one, const Variant& other) {
    return one.type() != other.type() ? one.type() < other.type() : is_less(one, other);
  };
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(),
                                      by_type);
}

class PlainWriter {
 public:
  static std::string write(const Variant& value, std::size_t depth = 0) {
    return visit_variant(value, [depth](const auto& typed) { return put(typed, depth); });
  }

 private:
  static std::string quoted(std::string_view text, bool as_in_c) {
    std::string result = "\"";
    for (const char c : text) {
      const std::size_t special = std::string_view("\a\b\f\n\r\t\v'").find(c);
      if (c == '"' || c == '\\') {
        result += std::string("\\") + c;
      } else if (as_in_c && special != std::string_view::npos) {
        result += std::string("\\") + "abfnrtv'"[special];
      } else {
        result += c;
      }
    }
    return result + "\"";
  }
  static std::string put(NilValue, std::size_t) { return "null"; }
  static std::string put(bool value, std::size_t) { return value ? "true" : "false"; }
  static std::string put(std::int64_t value, std::size_t) { return std::to_string(value); }
  static std::string put(double value, std::size_t) { return var_to_str(value); }
  static std::string put(const String& value, std::size_t) { return quoted(value.view(), false); }
  static std::string put(const StringName& value, std::size_t) {
    return "&" + quoted(value.view(), true);
  }
  static std::string put(const NodePath& value, std::size_t) {
    return "NodePath(" + quoted(value.str(), true) + ")";
  }
  static std::string put(const RID& value, std::size_t) {
    return value.id == 0 ? "RID()"
                         : "RID(" + std::to_string(static_cast<std::int64_t>(value.id)) + ")";
  }
  static std::string put(const Callable&, std::size_t) { return "Callable()"; }
  static std::string put(const Signal&, std::size_t) { return "Signal()"; }
  static std::string element(std::int32_t value) { return std::to_string(value); }
  static std::string element(std::int64_t value) { return std::to_string(value); }
  static std::string element(std::uint8_t value) { return std::to_string(value); }
  static std::string element(float value) { return plain_real(static_cast<double>(value)); }
  static std::string element(double value) { return plain_real(value); }
  static std::string element(const String& value) { return quoted(value.view(), true); }
  template <typename T>
  requires(kIsMath<T>) static std::string element(const T& value) {
    using Component = std::conditional_t<kIsIntegerMath<T>, std::int32_t, float>;
    Component components[kComponentCount<T>];
    std::memcpy(components, &value, sizeof(value));
    std::string text;
    for (const Component component : components)
      text += (text.empty() ? "" : ", ") + element(component);
    return text;
  }
  template <typename T>
  requires(kIsMath<T>) static std::string put(const T& value, std::size_t) {
    return std::string(variant_type_name(kVariantTypeOf<T>)) + "(" + element(value) + ")";
  }
  template <typename T>
  static std::string put(const CompactVector<T>& values, std::size_t) {
    std::string text;
    for (const T& value : values) text += (text.empty() ? "" : ", ") + element(value);
    return std::string(variant_type_name(kVariantTypeOf<CompactVector<T>>)) + "(" + text + ")";
  }
  static std::string put(const Object& value, std::size_t depth) {
    if (value.is_null() || depth > kTextDepth) return "null";
    std::string text = "Object(" + std::string(value.class_name()) + ",";
    if (value.is_id()) {
      text += "\"object_id\":" + std::to_string(static_cast<std::int64_t>(value.id())) +
              ",\"script\":null";
    }
    bool first = true;
    for (const auto& [name, property] : value.properties()) {
      if (!first) text += ",";
      first = false;
      text += quoted(name.view(), false) + ":";
      text += name.view() == "script" && property.is_text()
                  ? "Resource(" + quoted(property.as_text(), false) + ")"
                  : write(property, depth + 1);
    }
    return text + ")\n";
  }
  static std::string name_of(const ContainerType& type) {
    if (!type.is_typed()) return "Variant";
    if (type.kind() == ContainerKind::BUILTIN) return std::string(variant_type_name(type.type()));
    if (type.kind() == ContainerKind::CLASS_NAME) return std::string(type.name());
    return "Resource(" + quoted(type.name(), false) + ")";
  }
  static std::string put(const Array& value, std::size_t depth) {
    std::string text;
    for (const Variant& element : value) {
      if (depth > kTextDepth) break;
      text += (text.empty() ? "" : ", ") + write(element, depth + 1);
    }
    text = "[" + text + "]";
    return value.is_typed() ? "Array[" + name_of(value.element_type()) + "](" + text + ")" : text;
  }
  static std::string put(const Dictionary& value, std::size_t depth) {
    std::vector<const DictionaryEntry*> entries;
    for (const DictionaryEntry& entry : value) entries.push_back(&entry);
    std::stable_sort(entries.begin(), entries.end(),
                     [](const auto* a, const auto* b) { return is_less(a->key, b->key); });
    std::string text;
    for (const DictionaryEntry* entry : entries) {
      if (depth > kTextDepth) break;
      text += (text.empty() ? "" : ",\n") + write(entry->key, depth + 1) + ": " +
              write(entry->value, depth + 1);
    }
    text = text.empty() ? "{}" : "{\n" + text + "\n}";
    return value.is_typed() ? "Dictionary[" + name_of(value.key_type()) + ", " +
                                  name_of(value.value_type()) + "](" + text + ")"
                            : text;
  }
};

// ---- The model.

class TextModel final : public test::Model {
 public:
  enum Kind {
    kSpell,
    kBadToken,
    kLeftOut,
    kNumber,
    kPrint,
    kWrite,
    kDeep,
    kTyped,
    kColor,
    kEscapes,
    kKeysInKeys
  };

  void step(std::size_t kind, Draws& draws) override {
    switch (static_cast<Kind>(kind)) {
      case kSpell:
        return spell(draws);
      case kBadToken:
        return put_bad_token(draws);
      case kLeftOut:
        return leave_out(draws);
      case kNumber:
        return read_number(draws);
      case kPrint:
        return print_number(draws.one_in(2) ? testing::random_double(draws)
                                            : static_cast<double>(testing::random_float(draws)));
      case kWrite:
        return write(as_text_can_say(testing::random_value(draws), draws));
      case kDeep:
        return go_deep(draws);
      case kTyped:
        return all_or_none(draws);
      case kColor:
        return read_color(draws);
      case kEscapes:
        return read_escapes(draws);
      case kKeysInKeys:
        return order_keys_in_keys(draws);
    }
  }

 private:
  static void expect_same(const Variant& read, const Variant& value, const std::string& text) {
    ASSERT_EQ(read, value) << text;
    // NaN has one spelling and many bits.
    if (text.find("nan") != std::string::npos) return;
    constexpr EncodeOptions kFull = {.full_objects = true};
    ASSERT_EQ(testing::to_hex(testing::encoded(read, kFull)),
              testing::to_hex(testing::encoded(value, kFull)))
        << text;
  }
  static void expect_refused(const std::string& text, TextError* error) {
    Variant value = 1;
    ASSERT_EQ(str_to_var(text, &value, error), Error::ERR_PARSE_ERROR) << text;
    ASSERT_TRUE(value.is_nil());
    ASSERT_FALSE(error->message.empty());
  }
  static std::size_t lines_before(const std::string& text, std::size_t position) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(position);
    return static_cast<std::size_t>(1 + std::count(text.begin(), end, '\n'));
  }

  static void spell(Draws& draws) {
    const Variant value = as_text_can_say(testing::random_value(draws), draws);
    Speller speller(&draws);
    speller.spell(value);
    std::string text = speller.text(speller.tokens, nullptr);
    if (draws.one_in(2)) text += " , $ } what follows";
    Variant read;
    TextError error;
    ASSERT_EQ(str_to_var(text, &read, &error), Error::OK) << error.message << ": " << text;
    expect_same(read, value, text);
  }

  static void put_bad_token(Draws& draws) {
    Speller speller(&draws);
    speller.spell(as_text_can_say(testing::random_value(draws), draws));
    std::vector<std::string> tokens = speller.tokens;
    const std::size_t bad = draws.below(tokens.size());
    tokens[bad] = "$";
    std::vector<std::size_t> starts;
    const std::string text = speller.text(tokens, &starts);
    TextError error;
    expect_refused(text, &error);
    EXPECT_EQ(error.message, "unexpected character") << text;
    EXPECT_EQ(error.line, lines_before(text, starts[bad])) << text;
  }

  // All behind some token, or one comma, colon or bracket.
  static void leave_out(Draws& draws) {
    Speller speller(&draws);
    speller.spell(as_text_can_say(testing::random_value(draws), draws));
    std::vector<std::string> tokens = speller.tokens;
    const std::size_t which = draws.below(tokens.size());
    const std::string& token = tokens[which];
    const bool closes = token == "]" || token == ")" || token == "}";
    const bool separates = (token == "," || token == ":") && !speller.optional.contains(which);
    if (separates || (closes && which + 1 == tokens.size())) {
      tokens[which] = " ";  // two numbers are not one
    } else {
      tokens.resize(which);
    }
    TextError error;
    expect_refused(speller.text(tokens, nullptr), &error);
    std::string unclosed = "\"a" + testing::random_text(draws);
    std::erase(unclosed, '"');
    std::erase(unclosed, '\\');
    expect_refused("\"" + unclosed, &error);
  }

  // Any digits, as the C library reads them; what is beyond is the nearest there is.
  static void read_number(Draws& draws) {
    const auto digits = [&draws] {
      std::string text;
      for (std::size_t left = 1 + draws.below(draws.one_in(6) ? 400 : 22); left > 0; --left) {
        text += static_cast<char>('0' + (draws.one_in(3) ? 0 : draws.below(10)));
      }
      return text;
    };
    std::string number = draws.one_in(2) ? "-" : "";
    number += draws.one_in(2) ? "0" : digits();
    const bool has_point = draws.one_in(2);
    const bool has_exponent = draws.one_in(2);
    if (has_point) number += "." + (draws.one_in(4) ? std::string() : digits());
    if (has_point && draws.one_in(3)) number += std::string(draws.below(700), '0') + digits();
    if (has_exponent) {
      constexpr std::array<std::string_view, 3> kSigns{"", "-", "+"};
      number += draws.one_in(2) ? "E" : "e";
      number += draws.one_of(kSigns);
      number += std::to_string(draws.one_in(6) ? testing::random_integer(draws) & INT64_MAX
                                               : static_cast<std::int64_t>(draws.below(400)));
    }
    Variant value;
    ASSERT_EQ(str_to_var(number, &value), Error::OK) << number;
    if (has_point || has_exponent) {
      ASSERT_TRUE(value.is_float()) << number;
      const double expected = std::strtod(number.c_str(), nullptr);
      ASSERT_EQ(value.ref<double>(), expected) << number;
      ASSERT_EQ(std::signbit(value.ref<double>()), std::signbit(expected)) << number;
    } else {
      ASSERT_EQ(value, Variant(std::int64_t{std::strtoll(number.c_str(), nullptr, 10)})) << number;
    }
  }

  // Read back it is the same; plain from 0.0001 to 15 digits, and no digit is for nothing.
  static void print_number(double value) {
    const std::string text = var_to_str(value);
    if (!std::isfinite(value)) {
      ASSERT_EQ(text, std::isnan(value) ? "nan" : value > 0 ? "inf" : "inf_neg");
      return;
    }
    // What a float holds exactly is written with a float's digits.
    if (static_cast<double>(static_cast<float>(value)) == value) {
      ASSERT_EQ(std::strtof(text.c_str(), nullptr), static_cast<float>(value)) << text;
    } else {
      ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    }
    const std::size_t exponent = text.find('e');
    const double size = std::abs(value);
    ASSERT_EQ(exponent == std::string::npos, value == 0 || (size >= 0.0001 && size < 1e15)) << text;
    const std::string mantissa = text.substr(0, exponent);
    ASSERT_LE(std::count_if(mantissa.begin(), mantissa.end(), ::isdigit), 20) << text;
    if (exponent == std::string::npos) {
      ASSERT_NE(mantissa.find('.'), std::string::npos) << text;
      ASSERT_TRUE(text.ends_with(".0") || !text.ends_with("0")) << text;
    } else {
      ASSERT_TRUE(text[exponent + 1] == '+' || text[exponent + 1] == '-') << text;
      ASSERT_GE(text.size() - exponent, 4u) << text;
      ASSERT_TRUE(mantissa.size() < 3 || !mantissa.ends_with("0")) << text;
    }
  }

  static void write(const Variant& value) {
    ASSERT_EQ(var_to_str(value), PlainWriter::write(value));
  }

  // As deep as values may nest, and one more; written as deep as texts do.
  static void go_deep(Draws& draws) {
    constexpr std::array<std::size_t, 6> kLevels{kTextDepth - 1, kTextDepth,
                                                 kTextDepth + 1, kMaximumDepth - 1,
                                                 kMaximumDepth,  kMaximumDepth + 1};
    const std::size_t levels = draws.one_of(kLevels);
    const std::size_t kind = draws.below(3);
    constexpr std::array<std::string_view, 3> kOpen{"[", "{1:", "Object(A,\"a\":"};
    constexpr std::array<std::string_view, 3> kClose{"]", "}", ")"};
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += kOpen[kind];
    text += "7";
    for (std::size_t i = 0; i < levels; ++i) text += kClose[kind];
    Variant value;
    const Error error = str_to_var(text, &value);
    ASSERT_EQ(error, levels <= kMaximumDepth ? Error::OK : Error::ERR_OUT_OF_MEMORY);
    ASSERT_EQ(value.is_nil(), error != Error::OK);
    write(value);
  }

  // A typed Array that does not take one of its elements is empty.
  static void all_or_none(Draws& draws) {
    std::string elements;
    Array expected(ContainerType::builtin(VariantType::INT));
    Array inner(ContainerType::builtin(VariantType::INT));
    bool takes_all = true;
    for (std::size_t left = draws.below(6); left > 0; --left) {
      if (!elements.empty()) elements += ", ";
      const auto number = static_cast<std::int64_t>(draws.below(100));
      switch (draws.below(8)) {
        case 0:
          elements += "\"7\"";
          takes_all = false;
          break;
        case 1:
          elements += std::to_string(number) + ".75";
          expected.push_back(number);
          break;
        case 2:
          elements += "true";
          expected.push_back(1);
          break;
        default:
          elements += std::to_string(number);
          expected.push_back(number);
      }
    }
    if (!takes_all) expected.clear();
    Variant value;
    ASSERT_EQ(str_to_var("Array[int]([" + elements + "])", &value), Error::OK);
    ASSERT_EQ(value.ref<Array>().element_type(), expected.element_type());
    expect_same(value, expected, elements);
    // Of a Dictionary as well.
    Dictionary entries(ContainerType(), ContainerType::builtin(VariantType::INT));
    if (takes_all) {
      entries.set(1, 5);
      entries.set(2, 6);
    }
    const std::string last = takes_all ? "6" : "\"7\"";
    ASSERT_EQ(str_to_var("Dictionary[Variant, int]({1: 5, 2: " + last + "})", &value), Error::OK);
    expect_same(value, entries, last);
  }

  // Units of UTF-16 and points: halves of pairs are none by themselves, 0 cannot be in a text.
  static void read_escapes(Draws& draws) {
    constexpr std::array<unsigned, 9> kUnits{0,      0x41,   0xe9,   0xd7ff, 0xd800,
                                             0xdbff, 0xdc00, 0xdfff, 0xe000};
    const unsigned first = draws.one_of(kUnits);
    const unsigned second = draws.one_of(kUnits);
    std::string text = printed("\\u%04x\\u%04x", first, second);
    const auto leads = [](unsigned unit) { return unit >> 10 == 0xd800 >> 10; };
    const auto trails = [](unsigned unit) { return unit >> 10 == 0xdc00 >> 10; };
    std::string expected;
    bool is_good = true;
    if (leads(first)) {
      is_good = trails(second);
      append_point(0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff), &expected);
    } else {
      is_good = !trails(first) && !leads(second) && !trails(second);
      append_point(first, &expected);
      append_point(second, &expected);
    }
    if (draws.one_in(6)) {  // digits that are missing, or none
      text.back() = draws.one_in(2) ? 'g' : '"';
      is_good = false;
    }
    TextError error;
    if (!is_good) return expect_refused("\"" + text + "\"", &error);
    Variant value;
    ASSERT_EQ(str_to_var("\"" + text + "\"", &value), Error::OK) << text;
    ASSERT_EQ(value.as_text(), expected) << text;
    // Of those that Godot writes and does not read, too.
    ASSERT_EQ(str_to_var("\"\\a\\v\"", &value, nullptr, {.read_control_escapes = false}),
              Error::OK);
    ASSERT_EQ(value.as_text(), "av");
  }
  static void append_point(unsigned point, std::string* text) {
    if (point == 0) point = 0xfffd;
    if (point < 0x80) {
      *text += static_cast<char>(point);
      return;
    }
    const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    constexpr std::array<unsigned, 4> kFirst{0, 0xc0, 0xe0, 0xf0};
    *text += static_cast<char>(kFirst[static_cast<std::size_t>(more)] | point >> (6 * more));
    for (int i = more - 1; i >= 0; --i)
      *text += static_cast<char>(0x80 | (point >> (6 * i) & 0x3f));
  }

  // Keys that differ only inside many arrays: a second look at each level would never end.
  static void order_keys_in_keys(Draws& draws) {
    const std::size_t levels = 1 + draws.below(80);
    std::vector<std::int64_t> numbers;
    Dictionary dictionary;
    for (std::size_t left = draws.below(30); left > 0; --left) {
      numbers.push_back(static_cast<std::int64_t>(draws.below(1000)));
      Variant key = numbers.back();
      for (std::size_t i = 0; i < levels; ++i) key = Array{key};
      dictionary.set(key, {});
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::string expected;
    for (const std::int64_t number : numbers) {
      expected += (expected.empty() ? "{\n" : ",\n") + std::string(levels, '[') +
                  std::to_string(number) + std::string(levels, ']') + ": null";
    }
    ASSERT_EQ(var_to_str(dictionary), expected.empty() ? "{}" : expected + "\n}");
  }

  static void read_color(Draws& draws) {
    constexpr std::array<std::size_t, 6> kDigits{3, 4, 6, 8, 5, 7};
    const std::size_t digits = draws.one_of(kDigits);
    std::string text = "#";
    std::array<unsigned, 8> digit{};
    for (std::size_t i = 0; i < digits; ++i) {
      digit[i] = static_cast<unsigned>(draws.below(16));
      text += (draws.one_in(2) ? "0123456789ABCDEF" : "0123456789abcdef")[digit[i]];
    }
    Variant value;
    if (digits == 5 || digits == 7) {
      ASSERT_EQ(str_to_var(text, &value), Error::ERR_PARSE_ERROR);
      return;
    }
    std::array<float, 4> channels{0, 0, 0, 1};
    const bool is_short = digits < 6;
    for (std::size_t i = 0; i < (is_short ? digits : digits / 2); ++i) {
      const unsigned byte = is_short ? digit[i] * 17 : digit[2 * i] * 16 + digit[2 * i + 1];
      channels[i] = static_cast<float>(byte) / 255.0F;
    }
    ASSERT_EQ(str_to_var(text, &value), Error::OK);
    ASSERT_EQ(value, Variant(Color{channels[0], channels[1], channels[2], channels[3]})) << text;
  }
};

TEST(TextModelTest, ReadsEachSpellingAndWritesOne) {
  test::ModelPlan plan;
  plan.kinds = {{"spell", 4}, {"bad_token", 2}, {"left_out", 2},    {"number", 3},
                {"print", 2}, {"write", 3},     {"deep", 1},        {"typed", 1},
                {"color", 1}, {"escapes", 2},   {"keys_in_keys", 1}};
  plan.sequences = 500;
  plan.max_operations = 40;
  plan.make = [](Draws&) { return std::make_unique<TextModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer
