#ifndef RINGPEER_CODEC_VALUE_NAMED_COLOR_H_
#define RINGPEER_CODEC_VALUE_NAMED_COLOR_H_

#include <optional>
#include <string_view>

#include "ringpeer/codec/value/math_types.h"

namespace ringpeer {

// Godot's named colours: "red", "Alice Blue", "DARK_RED". Case, blanks and " -_'." between
// letters do not matter.
// Threads: any. Failure: nothing for another name.
std::optional<Color> color_named(std::string_view name);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_NAMED_COLOR_H_
