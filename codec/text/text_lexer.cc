#include "ringpeer/codec/text/text_lexer.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "ringpeer/codec/base/utf8.h"
#include "ringpeer/codec/value/html_color.h"

namespace ringpeer {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

bool is_lead_surrogate(char32_t unit) { return (unit & 0xfffffc00) == 0xd800; }
bool is_trail_surrogate(char32_t unit) { return (unit & 0xfffffc00) == 0xdc00; }

// What a number beyond int64 becomes: the nearest one.
std::int64_t integer_from(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::result_out_of_range) return value;
  return text.front() == '-' ? std::numeric_limits<std::int64_t>::min()
                             : std::numeric_limits<std::int64_t>::max();
}

// Whether a number that is not 0, in digits with a point and an exponent, is at least 1.
bool is_at_least_one(std::string_view digits) {
  const std::size_t mantissa_size = std::min(digits.find_first_of("eE"), digits.size());
  const std::string_view mantissa = digits.substr(0, mantissa_size);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::size_t first = mantissa.find_first_not_of("0.");
  // Digits before the point from the first that counts, or zeros behind it up to that one.
  const auto scale = first < point ? static_cast<std::int64_t>(point - first)
                                   : -static_cast<std::int64_t>(first - point - 1);
  std::string_view exponent = digits.substr(std::min(mantissa_size + 1, digits.size()));
  if (exponent.starts_with('+')) exponent.remove_prefix(1);
  return integer_from(exponent.empty() ? "0" : exponent) > -scale;
}

double float_from(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::result_out_of_range) return value;
  const bool negative = text.front() == '-';
  const bool large = is_at_least_one(text.substr(negative ? 1 : 0));
  const double magnitude = large ? std::numeric_limits<double>::infinity() : 0.0;
  return negative ? -magnitude : magnitude;
}

}  // namespace

void TextLexer::skip_blanks() {
  while (!at_end()) {
    if (peek() == ';') {  // a comment, to the end of the line
      while (!at_end() && peek() != '\n') ++position_;
      continue;
    }
    if (!is_blank(peek()) || peek() == '\0') return;
    if (peek() == '\n') ++line_;
    ++position_;
  }
}

Token TextLexer::next() {
  skip_blanks();
  if (peek() == '\0') return {};
  const std::size_t start = position_;
  const char c = text_[position_++];
  switch (c) {
    case '{':
      return {TokenKind::CURLY_OPEN, {}, {}};
    case '}':
      return {TokenKind::CURLY_CLOSE, {}, {}};
    case '[':
      return {TokenKind::BRACKET_OPEN, {}, {}};
    case ']':
      return {TokenKind::BRACKET_CLOSE, {}, {}};
    case '(':
      return {TokenKind::PARENTHESIS_OPEN, {}, {}};
    case ')':
      return {TokenKind::PARENTHESIS_CLOSE, {}, {}};
    case ':':
      return {TokenKind::COLON, {}, {}};
    case ',':
      return {TokenKind::COMMA, {}, {}};
    case '"':
      return read_string(TokenKind::STRING);
    case '@':  // Godot 3's StringName
    case '&':
      if (peek() != '"') return bad("expected '\"' after '&'");
      ++position_;
      return read_string(TokenKind::STRING_NAME);
    case '#':
      return read_color();
    default:
      break;
  }
  if (c == '-' && is_name_start(peek())) return read_identifier(start);
  if (is_name_start(c)) return read_identifier(start);
  if (is_digit(c) || (c == '-' && is_digit(peek()))) return read_number(start);
  return bad("unexpected character");
}

Token TextLexer::read_identifier(std::size_t start) {
  while (is_name_start(peek()) || is_digit(peek())) ++position_;
  return {TokenKind::IDENTIFIER, std::string(text_.substr(start, position_ - start)), {}};
}

Token TextLexer::read_number(std::size_t start) {
  bool is_float = false;
  while (is_digit(peek())) ++position_;
  if (peek() == '.') {
    is_float = true;
    ++position_;
    while (is_digit(peek())) ++position_;
  }
  if (peek() == 'e' || peek() == 'E') {
    is_float = true;
    ++position_;
    if (peek() == '-' || peek() == '+') ++position_;
    while (is_digit(peek())) ++position_;
  }
  const std::string_view number = text_.substr(start, position_ - start);
  Token token{TokenKind::NUMBER, {}, {}};
  if (is_float) {
    token.value = float_from(number);
  } else {
    token.value = integer_from(number);
  }
  return token;
}

Token TextLexer::read_color() {
  const std::size_t start = position_;
  while (is_hex_digit(peek())) ++position_;
  const auto color = color_from_html(text_.substr(start, position_ - start));
  if (!color) return bad("malformed color");
  return {TokenKind::COLOR, {}, *color};
}

Token TextLexer::read_string(TokenKind kind) {
  Token token{kind, {}, {}};
  while (true) {
    const char c = peek();
    if (c == '\0') return bad("unterminated string");
    ++position_;
    if (c == '"') return token;
    if (c == '\\') {
      if (!read_escape(&token)) return token;
      continue;
    }
    if (c == '\n') ++line_;
    token.text.push_back(c);
  }
}

bool TextLexer::read_escape(Token* token) {
  // The last two are those that Godot writes but does not read.
  constexpr std::string_view kAllNames = "btnfrav";
  constexpr std::string_view kMeanings = "\b\t\n\f\r\a\v";
  const std::string_view names = kAllNames.substr(0, control_escapes_ ? kAllNames.size() : 5);
  const char c = peek();
  if (c == '\0') {
    *token = bad("unterminated string");
    return false;
  }
  ++position_;
  if (c != 'u' && c != 'U') {
    const std::size_t name = names.find(c);
    token->text.push_back(name == std::string_view::npos ? c : kMeanings[name]);
    return true;
  }
  char32_t unit = 0;
  bool good = read_code_unit(c == 'U' ? 6 : 4, &unit);
  if (good && is_lead_surrogate(unit)) {
    char32_t trail = 0;
    good = text_.substr(position_).starts_with("\\u");
    if (good) position_ += 2;
    good = good && read_code_unit(4, &trail) && is_trail_surrogate(trail);
    unit = 0x10000 + ((unit & 0x3ff) << 10) + (trail & 0x3ff);
  } else {
    good = good && !is_trail_surrogate(unit);
  }
  if (!good) {
    *token = bad("malformed escape in string");
    return false;
  }
  // A string holds no NUL.
  utf8_append(&token->text, unit == 0 ? U'\ufffd' : unit);
  return true;
}

bool TextLexer::read_code_unit(std::size_t digits, char32_t* unit) {
  if (text_.size() - position_ < digits) return false;
  std::uint32_t value = 0;
  const char* begin = text_.data() + position_;
  const auto [end, error] = std::from_chars(begin, begin + digits, value, 16);
  if (error != std::errc() || end != begin + digits) return false;
  position_ += digits;
  *unit = value;
  return true;
}

}  // namespace ringpeer
