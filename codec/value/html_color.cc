#include "ringpeer/codec/value/html_color.h"

#include <charconv>

namespace ringpeer {

Color color_from_hex(std::uint32_t rgba) {
  constexpr float kMax = 255.0F;
  const auto channel = [rgba](int shift) {
    return static_cast<float>(rgba >> shift & 0xff) / kMax;
  };
  return {channel(24), channel(16), channel(8), channel(0)};
}

std::optional<Color> color_from_html(std::string_view text) {
  if (text.starts_with('#')) text.remove_prefix(1);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() == 8) return color_from_hex(value);
  if (text.size() == 6) return color_from_hex(value << 8 | 0xff);
  if (text.size() == 3) value = value << 4 | 0xf;
  if (text.size() != 3 && text.size() != 4) return std::nullopt;
  std::uint32_t wide = 0;
  for (int shift = 12; shift >= 0; shift -= 4) wide = wide << 8 | (value >> shift & 0xf) * 0x11;
  return color_from_hex(wide);
}

}  // namespace ringpeer
