#include <cassert>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringpeer/codec/text/constructor_parser.h"
#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/text/text_names.h"
#include "ringpeer/codec/text/token_cursor.h"

namespace ringpeer {
namespace {

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
// how deep it nests, and the stack must not be its choice. The first error ends it.
class TextParser {
 public:
  TextParser(std::string_view text, const TextOptions& options) : tokens_(text, options) {}

  bool parse(Variant* value) {
    bool going = start_value();
    while (going && !(complete_ && levels_.empty())) going = complete_ ? take_value() : go_on();
    if (going) *value = std::move(value_);
    return going;
  }

  Error error() const { return tokens_.error(); }
  TextError text_error() const { return tokens_.text_error(); }

 private:
  // Reads the value that starts at the current token, into value_; ends at its last token, not
  // behind it: what follows a value may be anything. A container is only opened.
  bool start_value() {
    if (levels_.size() > kMaximumDepth) {
      return tokens_.fail(Error::ERR_OUT_OF_MEMORY, "nested too deeply");
    }
    complete_ = true;
    switch (tokens_.token().kind) {
      case TokenKind::CURLY_OPEN:
        return open(Level::Kind::DICTIONARY);
      case TokenKind::BRACKET_OPEN:
        return open(Level::Kind::ARRAY);
      case TokenKind::STRING:
        value_ = String(tokens_.token().text);
        return true;
      case TokenKind::STRING_NAME:
        value_ = StringName(tokens_.token().text);
        return true;
      case TokenKind::NUMBER:
      case TokenKind::COLOR:
        value_ = std::move(tokens_.token().value);
        return true;
      case TokenKind::IDENTIFIER:
        return start_named(&value_);
      default:
        return tokens_.fail("expected a value");
    }
  }

  bool start_named(Variant* value) {
    const std::string text = std::move(tokens_.token().text);
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
    tokens_.advance();
    if (name == "Array") return open_typed_array();
    if (name == "Dictionary") return open_typed_dictionary();
    const VariantType type = type_named(name);
    if (type == VariantType::NIL) return tokens_.fail("unexpected identifier '" + text + "'");
    if (!tokens_.expect(TokenKind::PARENTHESIS_OPEN, "expected '('")) return false;
    return type == VariantType::OBJECT ? open_object() : constructors_.parse(type, value);
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
    tokens_.advance();
    return true;
  }

  // Behind the name and the '('.
  bool open_object() {
    if (!tokens_.at(TokenKind::IDENTIFIER)) return tokens_.fail("expected a class name");
    Object object{String(tokens_.token().text)};
    if (!open(Level::Kind::OBJECT)) return false;
    levels_.back().object = std::move(object);
    return tokens_.expect(TokenKind::COMMA, "expected ',' after the class name");
  }

  // At the next item of the innermost container, or at its end.
  bool go_on() {
    assert(!levels_.empty());
    Level& level = levels_.back();
    switch (level.kind) {
      case Level::Kind::ARRAY:
        if (tokens_.at(TokenKind::BRACKET_CLOSE)) return close_array();
        return level.separated ? start_value() : tokens_.fail("expected ',' or ']' in an array");
      case Level::Kind::DICTIONARY:
        if (tokens_.at(TokenKind::CURLY_CLOSE)) return close_dictionary();
        return level.separated ? start_value()
                               : tokens_.fail("expected ',' or '}' in a dictionary");
      case Level::Kind::OBJECT:
        break;
    }
    return level.separated && tokens_.at(TokenKind::STRING) ? start_property() : close_object();
  }

  bool start_property() {
    const bool is_script = tokens_.token().text == kScriptProperty;
    levels_.back().key = String(tokens_.token().text);
    tokens_.advance();
    if (!tokens_.expect(TokenKind::COLON, "expected ':' after a property's name")) return false;
    if (!is_script || !tokens_.at(TokenKind::IDENTIFIER) || tokens_.token().text != "Resource") {
      return start_value();
    }
    complete_ = true;
    return constructors_.parse_resource(&value_.emplace<String>());
  }

  // Gives the innermost container the value that has just been read.
  bool take_value() {
    Level& level = levels_.back();
    complete_ = false;
    tokens_.advance();
    switch (level.kind) {
      case Level::Kind::ARRAY:
        level.array.push_back(std::move(value_));
        break;
      case Level::Kind::DICTIONARY:
        level.has_key = !level.has_key;
        if (level.has_key) {
          level.key = std::move(value_);
          return tokens_.expect(TokenKind::COLON, "expected ':' after a key") && start_value();
        }
        level.dictionary.set(std::move(level.key), std::move(value_));
        break;
      case Level::Kind::OBJECT:
        set_property(&level);
        break;
    }
    level.separated = tokens_.accept(TokenKind::COMMA);
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
    assert(!levels_.empty() && !complete_);
    value_ = std::move(value);
    levels_.pop_back();
    complete_ = true;
  }

  bool close_object() {
    Object object = std::move(levels_.back().object);
    simplify_id(&object);
    close(std::move(object));
    return constructors_.parse_end();
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
      tokens_.advance();
    }
    close(std::move(elements));
    return !typed || constructors_.parse_end();
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
      tokens_.advance();
    }
    close(std::move(entries));
    return !typed || constructors_.parse_end();
  }

  bool parse_container_type(ContainerType* type) {
    if (!tokens_.at(TokenKind::IDENTIFIER)) return tokens_.fail("expected an element type");
    const std::string name = std::move(tokens_.token().text);
    tokens_.advance();
    if (name == "Variant" || name == variant_type_name(VariantType::NIL)) return true;  // untyped
    const VariantType builtin = type_named(name);
    if (builtin != VariantType::NIL && variant_type_name(builtin) == name) {
      *type = ContainerType::builtin(builtin);
      return true;
    }
    if (name == "Resource" && tokens_.at(TokenKind::PARENTHESIS_OPEN)) {
      tokens_.advance();
      if (!tokens_.at(TokenKind::STRING)) return tokens_.fail("expected a path in Resource()");
      *type = ContainerType::script(tokens_.token().text);
      tokens_.advance();
      return tokens_.expect(TokenKind::PARENTHESIS_CLOSE, "expected ')' after a path");
    }
    *type = ContainerType::object_class(name);
    return true;
  }

  bool open_typed_array() {
    ContainerType type;
    if (!tokens_.expect(TokenKind::BRACKET_OPEN, "expected '[' after Array")) return false;
    if (!parse_container_type(&type)) return false;
    if (!tokens_.expect(TokenKind::BRACKET_CLOSE, "expected ']' after a type")) return false;
    if (!tokens_.expect(TokenKind::PARENTHESIS_OPEN, "expected '('")) return false;
    if (!tokens_.at(TokenKind::BRACKET_OPEN)) return tokens_.fail("expected '['");
    open(Level::Kind::ARRAY);
    levels_.back().typed = true;
    levels_.back().value_type = std::move(type);
    return true;
  }

  bool open_typed_dictionary() {
    ContainerType key_type;
    ContainerType value_type;
    if (!tokens_.expect(TokenKind::BRACKET_OPEN, "expected '[' after Dictionary")) return false;
    if (!parse_container_type(&key_type)) return false;
    if (!tokens_.expect(TokenKind::COMMA, "expected ',' after the key type")) return false;
    if (!parse_container_type(&value_type)) return false;
    if (!tokens_.expect(TokenKind::BRACKET_CLOSE, "expected ']' after a type")) return false;
    if (!tokens_.expect(TokenKind::PARENTHESIS_OPEN, "expected '('")) return false;
    if (!tokens_.at(TokenKind::CURLY_OPEN)) return tokens_.fail("expected '{'");
    open(Level::Kind::DICTIONARY);
    levels_.back().typed = true;
    levels_.back().key_type = std::move(key_type);
    levels_.back().value_type = std::move(value_type);
    return true;
  }

  TokenCursor tokens_;
  ConstructorParser constructors_{&tokens_};
  std::vector<Level> levels_;  // the containers that are open, outermost first
  Variant value_;              // the one read last
  bool complete_ = false;      // value_ has been read, and nobody has taken it
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
