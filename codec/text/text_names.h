#ifndef RINGPEER_CODEC_TEXT_TEXT_NAMES_H_
#define RINGPEER_CODEC_TEXT_TEXT_NAMES_H_

#include <optional>
#include <string_view>

#include "ringpeer/codec/base/wire_format.h"

namespace ringpeer {

// The names that have a meaning in Godot's text form.
// Threads: any.

// "inf", "nan" and the like; nothing for any other name.
std::optional<double> named_number(std::string_view name);

// The type that a name stands for, by its present name or by one that Godot 4 still reads. NIL for
// what is no type's name.
VariantType type_named(std::string_view name);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_TEXT_TEXT_NAMES_H_
