#ifndef RINGPEER_CODEC_VALUE_HTML_COLOR_H_
#define RINGPEER_CODEC_VALUE_HTML_COLOR_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "ringpeer/codec/value/math_types.h"

namespace ringpeer {

// 0xRRGGBBAA.
// Threads: any.
Color color_from_hex(std::uint32_t rgba);

// "#rgb", "#rgba", "#rrggbb", "#rrggbbaa", with or without the '#'.
std::optional<Color> color_from_html(std::string_view text);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_HTML_COLOR_H_
