#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <vector>

#include "ringpeer/codec/base/narrow_float.h"
#include "ringpeer/codec/text/base64.h"
#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/text/text_lexer.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer {
namespace {

template <typename T>
inline constexpr bool kIsPacked = false;
template <typename T>
inline constexpr bool kIsPacked<CompactVector<T>> = true;

std::optional<double> named_number(std::string_view name) {
  if (name == "inf") return std::numeric_limits<double>::infinity();
  if (name == "inf_neg" || name == "-inf") return -std::numeric_limits<double>::infinity();
  if (name == "nan") return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

// Godot's type names, among them the older ones that Godot 4 still reads.
VariantType type_named(std::string_view name) {
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
  for (std::uint32_t id = 1; id < kVariantTypeCount; ++id) {
    const auto type = static_cast<VariantType>(id);
    if (variant_type_name(type) == name) return type;
  }
  for (const auto& [former, type] : kFormerNames) {
    if (former == name) return type;
  }
  return VariantType::NIL;
}

// A number as a component or element: cut to the type as Godot does.
template <typename T>
T number_as(const Variant& number) {
  if constexpr (std::is_same_v<T, float>) {
    return narrow_float(number.as_float());
  } else if constexpr (std::is_same_v<T, double>) {
    return number.as_float();
  } else if (number.is_float()) {
    return narrow_integer<T>(number.ref<double>());
  } else {
    return static_cast<T>(number.as_int());
  }
}

// What a container is read into, and where in it the parser is.
struct Level {
  enum class Kind { ARRAY, DICTIONARY, OBJECT };

  Kind kind;
  bool typed = false;
  bool separated = true;  // another item may come
  bool has_key = false;   // of a Dictionary or an Object: the value comes next
  ContainerType key_type = {};
  ContainerType value_type = {};  // of an Array's elements, too
  Array array = {};
  Dictionary dictionary = {};
  Object object = {};
  Variant key = {};        // of an Object: the property's name
  Dictionary places = {};  // of an Object's properties, by name
};

// Goes on where a value ends, with the containers it is in on a list of its own: a text decides
// how deep it nests, and the stack must not be its choice. The first error ends it and stays in
// error_.
class TextParser {
 public:
  TextParser(std::string_view text, const TextOptions& options)
      : lexer_(text, options.read_control_escapes) {}

  bool parse(Variant* value) {
    advance();
    bool going = start_value();
    while (going && !(complete_ && levels_.empty())) going = complete_ ? take_value() : go_on();
    if (going) *value = std::move(value_);
    return going;
  }

  Error error() const { return error_; }
  TextError text_error() const { return {lexer_.line(), message_}; }

 private:
  bool fail(std::string_view message) {
    if (error_ == Error::OK) {
      error_ = Error::ERR_PARSE_ERROR;
      message_ = token_.kind == TokenKind::BAD ? token_.text : std::string(message);
    }
    return false;
  }

  void advance() { token_ = lexer_.next(); }
  bool at(TokenKind kind) const { return token_.kind == kind; }
  bool accept(TokenKind kind) {
    if (!at(kind)) return false;
    advance();
    return true;
  }
  bool expect(TokenKind kind, std::string_view message) { return accept(kind) || fail(message); }

  // Reads the value that starts at the current token, into value_; ends at its last token, not
  // behind it: what follows a value may be anything. A container is only opened.
  bool start_value() {
    if (levels_.size() > kMaximumDepth) {
      error_ = Error::ERR_OUT_OF_MEMORY;
      message_ = "nested too deeply";
      return false;
    }
    complete_ = true;
    switch (token_.kind) {
      case TokenKind::CURLY_OPEN:
        return open(Level::Kind::DICTIONARY);
      case TokenKind::BRACKET_OPEN:
        return open(Level::Kind::ARRAY);
      case TokenKind::STRING:
        value_ = String(token_.text);
        return true;
      case TokenKind::STRING_NAME:
        value_ = StringName(token_.text);
        return true;
      case TokenKind::NUMBER:
      case TokenKind::COLOR:
        value_ = std::move(token_.value);
        return true;
      case TokenKind::IDENTIFIER:
        return start_named(&value_);
      default:
        return fail("expected a value");
    }
  }

  bool start_named(Variant* value) {
    const std::string text = std::move(token_.text);
    const std::string_view name = text;
    if (name == "true" || name == "false") {
      *value = name == "true";
      return true;
    }
    if (name == "null" || name == "nil") {
      *value = Variant();
      return true;
    }
    if (const auto number = named_number(name)) {
      *value = *number;
      return true;
    }
    advance();
    if (name == "Array") return open_typed_array();
    if (name == "Dictionary") return open_typed_dictionary();
    const VariantType type = type_named(name);
    if (type == VariantType::NIL) return fail("unexpected identifier '" + text + "'");
    if (!expect(TokenKind::PARENTHESIS_OPEN, "expected '('")) return false;
    return type == VariantType::OBJECT ? open_object() : parse_constructor(type, value);
  }

  // Behind the '('; ends at the ')'.
  bool parse_constructor(VariantType type, Variant* value) {
    return visit_variant_type(type, [&](auto tag) {
      using T = typename decltype(tag)::Type;
      if constexpr (kIsMath<T>) {
        return parse_math(&value->emplace<T>());
      } else if constexpr (std::is_same_v<T, PackedStringArray>) {
        return parse_strings(&value->emplace<T>());
      } else if constexpr (std::is_same_v<T, PackedByteArray>) {
        return parse_bytes(&value->emplace<T>());
      } else if constexpr (kIsPacked<T>) {
        return parse_packed(&value->emplace<T>());
      } else if constexpr (std::is_same_v<T, NodePath>) {
        return parse_node_path(value);
      } else if constexpr (std::is_same_v<T, RID>) {
        return parse_rid(&value->emplace<T>());
      } else if constexpr (std::is_same_v<T, Signal> || std::is_same_v<T, Callable>) {
        value->emplace<T>();
        return end_constructor();
      } else {
        return fail("this type has no constructor in text");
      }
    });
  }

  bool end_constructor() {
    return at(TokenKind::PARENTHESIS_CLOSE) || fail("expected ')' in constructor");
  }

  bool parse_number(Variant* number) {
    if (at(TokenKind::NUMBER)) {
      *number = std::move(token_.value);
    } else if (const auto named = named_number(token_.text); at(TokenKind::IDENTIFIER) && named) {
      *number = *named;
    } else {
      return fail("expected a number in constructor");
    }
    advance();
    return true;
  }

  bool parse_numbers(std::vector<Variant>* numbers) {
    if (at(TokenKind::PARENTHESIS_CLOSE)) return true;
    do {
      if (!parse_number(&numbers->emplace_back())) return false;
    } while (accept(TokenKind::COMMA));
    return end_constructor();
  }

  template <typename T>
  static void fill_components(const Variant* numbers, T* value) {
    using Component = std::conditional_t<kIsIntegerMath<T>, std::int32_t, float>;
    std::array<Component, kComponentCount<T>> components;
    for (Component& component : components) component = number_as<Component>(*numbers++);
    *value = std::bit_cast<T>(components);
  }

  template <typename T>
  bool parse_math(T* value) {
    std::vector<Variant> numbers;
    if (!parse_numbers(&numbers)) return false;
    if (numbers.size() != kComponentCount<T>) return fail("wrong number of arguments");
    fill_components(numbers.data(), value);
    return true;
  }

  template <typename T>
  bool parse_packed(CompactVector<T>* values) {
    std::vector<Variant> numbers;
    if (!parse_numbers(&numbers)) return false;
    if constexpr (std::is_arithmetic_v<T>) {
      values->reserve(numbers.size());
      for (const Variant& number : numbers) values->push_back(number_as<T>(number));
    } else {
      // An incomplete last element is left out, as in Godot.
      const std::size_t count = numbers.size() / kComponentCount<T>;
      values->resize(count);
      for (std::size_t i = 0; i < count; ++i) {
        fill_components(numbers.data() + i * kComponentCount<T>, &(*values)[i]);
      }
    }
    return true;
  }

  bool parse_bytes(PackedByteArray* values) {
    if (!at(TokenKind::STRING)) return parse_packed(values);
    const auto bytes = base64_decode(token_.text);
    if (!bytes) return fail("malformed base64");
    *values = PackedByteArray(std::span<const std::uint8_t>(*bytes));
    advance();
    return end_constructor();
  }

  bool parse_strings(PackedStringArray* values) {
    while (at(TokenKind::STRING)) {
      values->push_back(String(token_.text));
      advance();
      if (!accept(TokenKind::COMMA)) break;
    }
    return end_constructor();
  }

  bool parse_node_path(Variant* value) {
    if (!at(TokenKind::STRING)) return fail("expected a string in NodePath()");
    *value = NodePath(token_.text);
    advance();
    return end_constructor();
  }

  bool parse_rid(RID* rid) {
    if (at(TokenKind::NUMBER)) {
      rid->id = number_as<std::uint64_t>(token_.value);
      advance();
    }
    return end_constructor();
  }

  // Resource("res://path"); only what names a script has a meaning here.
  bool parse_resource(String* path) {
    advance();
    if (!expect(TokenKind::PARENTHESIS_OPEN, "expected '(' after Resource")) return false;
    if (!at(TokenKind::STRING)) return fail("expected a path in Resource()");
    *path = String(token_.text);
    advance();
    return end_constructor();
  }

  // An EncodedObjectAsID that says no more than an id is one.
  static void simplify_id(Object* object) {
    if (object->class_name() != kEncodedObjectAsIdClass) return;
    const Variant* id = object->find(kEncodedObjectAsIdProperty);
    const Variant* script = object->find(kScriptProperty);
    if (id == nullptr || id->as_int() == 0) return;
    if (script != nullptr && !script->is_nil()) return;
    *object = Object::from_id(static_cast<std::uint64_t>(id->as_int()));
  }

  // --- Containers ---

  // At the bracket.
  bool open(Level::Kind kind) {
    complete_ = false;
    levels_.push_back({.kind = kind});
    advance();
    return true;
  }

  // Behind the name and the '('.
  bool open_object() {
    if (!at(TokenKind::IDENTIFIER)) return fail("expected a class name");
    Object object{String(token_.text)};
    if (!open(Level::Kind::OBJECT)) return false;
    levels_.back().object = std::move(object);
    return expect(TokenKind::COMMA, "expected ',' after the class name");
  }

  // At the next item of the innermost container, or at its end.
  bool go_on() {
    Level& level = levels_.back();
    switch (level.kind) {
      case Level::Kind::ARRAY:
        if (at(TokenKind::BRACKET_CLOSE)) return close_array();
        return level.separated ? start_value() : fail("expected ',' or ']' in an array");
      case Level::Kind::DICTIONARY:
        if (at(TokenKind::CURLY_CLOSE)) return close_dictionary();
        return level.separated ? start_value() : fail("expected ',' or '}' in a dictionary");
      case Level::Kind::OBJECT:
        break;
    }
    return level.separated && at(TokenKind::STRING) ? start_property() : close_object();
  }

  bool start_property() {
    const bool is_script = token_.text == kScriptProperty;
    levels_.back().key = String(token_.text);
    advance();
    if (!expect(TokenKind::COLON, "expected ':' after a property's name")) return false;
    if (!is_script || !at(TokenKind::IDENTIFIER) || token_.text != "Resource") {
      return start_value();
    }
    complete_ = true;
    return parse_resource(&value_.emplace<String>());
  }

  // Gives the innermost container the value that has just been read.
  bool take_value() {
    Level& level = levels_.back();
    complete_ = false;
    advance();
    switch (level.kind) {
      case Level::Kind::ARRAY:
        level.array.push_back(std::move(value_));
        break;
      case Level::Kind::DICTIONARY:
        level.has_key = !level.has_key;
        if (level.has_key) {
          level.key = std::move(value_);
          return expect(TokenKind::COLON, "expected ':' after a key") && start_value();
        }
        level.dictionary.set(std::move(level.key), std::move(value_));
        break;
      case Level::Kind::OBJECT:
        set_property(&level);
        break;
    }
    level.separated = accept(TokenKind::COMMA);
    return true;
  }

  // As Object::set, but without a search through all of them.
  void set_property(Level* level) {
    Variant& place = level->places[level->key];
    Object::Properties& properties = level->object.storage();
    if (place.is_nil()) {
      place = properties.size();
      properties.push_back({std::move(level->key.ref<String>()), std::move(value_)});
    } else {
      properties[static_cast<std::size_t>(place.as_int())].value = std::move(value_);
    }
  }

  void close(Variant value) {
    value_ = std::move(value);
    levels_.pop_back();
    complete_ = true;
  }

  bool close_object() {
    Object object = std::move(levels_.back().object);
    simplify_id(&object);
    close(std::move(object));
    return end_constructor();
  }

  // Godot assigns all elements of a typed one or none.
  bool close_array() {
    Level& level = levels_.back();
    Array elements = std::move(level.array);
    const bool typed = level.typed;
    if (typed) {
      Array array(level.value_type);
      for (Variant& element : elements) {
        if (array.push_back(std::move(element))) continue;
        array.clear();
        break;
      }
      elements = std::move(array);
      advance();
    }
    close(std::move(elements));
    return !typed || end_constructor();
  }

  bool close_dictionary() {
    Level& level = levels_.back();
    Dictionary entries = std::move(level.dictionary);
    const bool typed = level.typed;
    if (typed) {
      Dictionary dictionary(level.key_type, level.value_type);
      for (DictionaryEntry& entry : entries) {
        // Nobody looks for it there any more; a copy would cost all that is in it, at each level.
        Variant key = std::move(const_cast<Variant&>(entry.key));
        if (dictionary.set(std::move(key), std::move(entry.value))) continue;
        dictionary = Dictionary(level.key_type, level.value_type);
        break;
      }
      entries = std::move(dictionary);
      advance();
    }
    close(std::move(entries));
    return !typed || end_constructor();
  }

  bool parse_container_type(ContainerType* type) {
    if (!at(TokenKind::IDENTIFIER)) return fail("expected an element type");
    const std::string name = std::move(token_.text);
    advance();
    if (name == "Variant" || name == variant_type_name(VariantType::NIL)) return true;  // untyped
    const VariantType builtin = type_named(name);
    if (builtin != VariantType::NIL && variant_type_name(builtin) == name) {
      *type = ContainerType::builtin(builtin);
      return true;
    }
    if (name == "Resource" && at(TokenKind::PARENTHESIS_OPEN)) {
      advance();
      if (!at(TokenKind::STRING)) return fail("expected a path in Resource()");
      *type = ContainerType::script(token_.text);
      advance();
      return expect(TokenKind::PARENTHESIS_CLOSE, "expected ')' after a path");
    }
    *type = ContainerType::object_class(name);
    return true;
  }

  bool open_typed_array() {
    ContainerType type;
    if (!expect(TokenKind::BRACKET_OPEN, "expected '[' after Array")) return false;
    if (!parse_container_type(&type)) return false;
    if (!expect(TokenKind::BRACKET_CLOSE, "expected ']' after a type")) return false;
    if (!expect(TokenKind::PARENTHESIS_OPEN, "expected '('")) return false;
    if (!at(TokenKind::BRACKET_OPEN)) return fail("expected '['");
    open(Level::Kind::ARRAY);
    levels_.back().typed = true;
    levels_.back().value_type = std::move(type);
    return true;
  }

  bool open_typed_dictionary() {
    ContainerType key_type;
    ContainerType value_type;
    if (!expect(TokenKind::BRACKET_OPEN, "expected '[' after Dictionary")) return false;
    if (!parse_container_type(&key_type)) return false;
    if (!expect(TokenKind::COMMA, "expected ',' after the key type")) return false;
    if (!parse_container_type(&value_type)) return false;
    if (!expect(TokenKind::BRACKET_CLOSE, "expected ']' after a type")) return false;
    if (!expect(TokenKind::PARENTHESIS_OPEN, "expected '('")) return false;
    if (!at(TokenKind::CURLY_OPEN)) return fail("expected '{'");
    open(Level::Kind::DICTIONARY);
    levels_.back().typed = true;
    levels_.back().key_type = std::move(key_type);
    levels_.back().value_type = std::move(value_type);
    return true;
  }

  TextLexer lexer_;
  Token token_;
  std::vector<Level> levels_;  // the containers that are open, outermost first
  Variant value_;              // the one read last
  bool complete_ = false;      // value_ has been read, and nobody has taken it
  Error error_ = Error::OK;
  std::string message_;
};

}  // namespace

Error str_to_var(std::string_view text, Variant* value, TextError* text_error,
                 const TextOptions& options) {
  TextParser parser(text, options);
  *value = Variant();
  if (parser.parse(value)) return Error::OK;
  *value = Variant();
  if (text_error != nullptr) *text_error = parser.text_error();
  return parser.error();
}

}  // namespace ringpeer
