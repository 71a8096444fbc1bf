#ifndef RINGPEER_CODEC_TEXT_TEXT_LEXER_H_
#define RINGPEER_CODEC_TEXT_TEXT_LEXER_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "ringpeer/codec/value/variant.h"

namespace ringpeer {

enum class TokenKind {
  CURLY_OPEN,
  CURLY_CLOSE,
  BRACKET_OPEN,
  BRACKET_CLOSE,
  PARENTHESIS_OPEN,
  PARENTHESIS_CLOSE,
  COLON,
  COMMA,
  IDENTIFIER,   // text; "-inf" is one as well
  STRING,       // text
  STRING_NAME,  // text
  NUMBER,       // value: an int or a float
  COLOR,        // value
  END,
  BAD,  // text says why
};

struct Token {
  TokenKind kind = TokenKind::END;
  std::string text;
  Variant value;
};

// Splits Godot's text form into tokens.
// Threads: one. Lifetime: the text must outlive it. Failure: a BAD token, whose text says why.
class TextLexer {
 public:
  // Without `control_escapes`, \a and \v in a string are the letters.
  TextLexer(std::string_view text, bool control_escapes)
      : text_(text), control_escapes_(control_escapes) {}

  Token next();
  std::size_t line() const { return line_; }

 private:
  void skip_blanks();
  Token read_string(TokenKind kind);
  // Behind a backslash; false with *token bad.
  bool read_escape(Token* token);
  bool read_code_unit(std::size_t digits, char32_t* unit);
  Token read_number(std::size_t start);
  Token read_identifier(std::size_t start);
  Token read_color();
  static Token bad(std::string_view why) { return {TokenKind::BAD, std::string(why), {}}; }

  bool at_end() const { return position_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[position_]; }

  std::string_view text_;
  bool control_escapes_;
  std::size_t position_ = 0;
  std::size_t line_ = 1;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_TEXT_TEXT_LEXER_H_
