#include "ringpeer/codec/text/constructor_parser.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "ringpeer/codec/base/narrow_float.h"
#include "ringpeer/codec/text/base64.h"
#include "ringpeer/codec/text/text_names.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer {
namespace {

template <typename T>
inline constexpr bool kIsPacked = false;
template <typename T>
inline constexpr bool kIsPacked<CompactVector<T>> = true;

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

template <typename T>
void fill_components(const Variant* numbers, T* value) {
  using Component = std::conditional_t<kIsIntegerMath<T>, std::int32_t, float>;
  std::array<Component, kComponentCount<T>> components;
  for (Component& component : components) component = number_as<Component>(*numbers++);
  *value = std::bit_cast<T>(components);
}

}  // namespace

bool ConstructorParser::parse_end() {
  return tokens_->at(TokenKind::PARENTHESIS_CLOSE) || tokens_->fail("expected ')' in constructor");
}

bool ConstructorParser::parse_number(Variant* number) {
  if (tokens_->at(TokenKind::NUMBER)) {
    *number = std::move(tokens_->token().value);
  } else if (const auto named = named_number(tokens_->token().text);
             tokens_->at(TokenKind::IDENTIFIER) && named) {
    *number = *named;
  } else {
    return tokens_->fail("expected a number in constructor");
  }
  tokens_->advance();
  return true;
}

bool ConstructorParser::parse_numbers(std::vector<Variant>* numbers) {
  if (tokens_->at(TokenKind::PARENTHESIS_CLOSE)) return true;
  do {
    if (!parse_number(&numbers->emplace_back())) return false;
  } while (tokens_->accept(TokenKind::COMMA));
  return parse_end();
}

template <typename T>
bool ConstructorParser::parse_math(T* value) {
  std::vector<Variant> numbers;
  if (!parse_numbers(&numbers)) return false;
  if (numbers.size() != kComponentCount<T>) return tokens_->fail("wrong number of arguments");
  fill_components(numbers.data(), value);
  return true;
}

template <typename T>
bool ConstructorParser::parse_packed(CompactVector<T>* values) {
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

bool ConstructorParser::parse_bytes(PackedByteArray* values) {
  if (!tokens_->at(TokenKind::STRING)) return parse_packed(values);
  const auto bytes = base64_decode(tokens_->token().text);
  if (!bytes) return tokens_->fail("malformed base64");
  *values = PackedByteArray(std::span<const std::uint8_t>(*bytes));
  tokens_->advance();
  return parse_end();
}

bool ConstructorParser::parse_strings(PackedStringArray* values) {
  while (tokens_->at(TokenKind::STRING)) {
    values->push_back(String(tokens_->token().text));
    tokens_->advance();
    if (!tokens_->accept(TokenKind::COMMA)) break;
  }
  return parse_end();
}

bool ConstructorParser::parse_node_path(Variant* value) {
  if (!tokens_->at(TokenKind::STRING)) return tokens_->fail("expected a string in NodePath()");
  *value = NodePath(tokens_->token().text);
  tokens_->advance();
  return parse_end();
}

bool ConstructorParser::parse_rid(RID* rid) {
  if (tokens_->at(TokenKind::NUMBER)) {
    rid->id = number_as<std::uint64_t>(tokens_->token().value);
    tokens_->advance();
  }
  return parse_end();
}

bool ConstructorParser::parse_resource(String* path) {
  tokens_->advance();
  if (!tokens_->expect(TokenKind::PARENTHESIS_OPEN, "expected '(' after Resource")) return false;
  if (!tokens_->at(TokenKind::STRING)) return tokens_->fail("expected a path in Resource()");
  *path = String(tokens_->token().text);
  tokens_->advance();
  return parse_end();
}

bool ConstructorParser::parse(VariantType type, Variant* value) {
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
      return parse_end();
    } else {
      return tokens_->fail("this type has no constructor in text");
    }
  });
}

}  // namespace ringpeer
