#ifndef RINGPEER_CODEC_TEXT_TOKEN_CURSOR_H_
#define RINGPEER_CODEC_TEXT_TOKEN_CURSOR_H_

#include <string>
#include <string_view>
#include <utility>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/text/text_lexer.h"

namespace ringpeer {

// The current token of a text, and the first thing that was wrong with it. What expects something
// else says so by fail(), and returns its false.
//
// Threads: one. Lifetime: the text must outlive it.
class TokenCursor {
 public:
  // At the first token.
  TokenCursor(std::string_view text, const TextOptions& options)
      : lexer_(text, options.read_control_escapes), token_(lexer_.next()) {}

  Token& token() { return token_; }
  bool at(TokenKind kind) const { return token_.kind == kind; }
  void advance() { token_ = lexer_.next(); }
  bool accept(TokenKind kind) {
    if (!at(kind)) return false;
    advance();
    return true;
  }
  bool expect(TokenKind kind, std::string_view message) { return accept(kind) || fail(message); }

  // Always false. A token that is none has a message of its own, which is kept instead.
  bool fail(std::string_view message) {
    return fail(Error::ERR_PARSE_ERROR, at(TokenKind::BAD) ? token_.text : message);
  }
  bool fail(Error error, std::string_view message) {
    if (error_ == Error::OK) {
      error_ = error;
      message_ = message;
    }
    return false;
  }

  Error error() const { return error_; }
  TextError text_error() const { return {lexer_.line(), message_}; }

 private:
  TextLexer lexer_;
  Token token_;
  Error error_ = Error::OK;
  std::string message_;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_TEXT_TOKEN_CURSOR_H_
