#ifndef RINGPEER_CODEC_TEXT_TEXT_H_
#define RINGPEER_CODEC_TEXT_TEXT_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/variant.h"

namespace ringpeer {

// Variants as text, in the syntax and number formatting of Godot 4.6's var_to_str and
// str_to_var. What Godot's text cannot express is lost here as well: the order of a
// Dictionary, the sign of zero, a Signal's name and object, digits of a float that is
// exactly a single-precision one.
//
// Threads: none shared. Lifetime: what is given is not kept. Failure: of var_to_str std::bad_alloc.

// Nesting below this is written as [], {} or null, as in Godot.
inline constexpr std::size_t kTextDepth = 100;

std::string var_to_str(const Variant& value);

// Where and why a text was refused.
struct TextError {
  std::size_t line = 0;  // from 1
  std::string message;
};

struct TextOptions {
  // var_to_str writes \a and \v for two control characters, as Godot does, and Godot reads
  // them back as the letters. False does the same here.
  bool read_control_escapes = true;
};

// Reads one value; what follows it is ignored, as in Godot. Object(...) becomes inert
// data of any class, Resource("path") only the path of a script. *value is Nil on an
// error, *text_error (which may be null) says what was wrong.
// Errors: ERR_PARSE_ERROR; ERR_OUT_OF_MEMORY when nested deeper than kMaximumDepth.
Error str_to_var(std::string_view text, Variant* value, TextError* text_error = nullptr,
                 const TextOptions& options = {});

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_TEXT_TEXT_H_
