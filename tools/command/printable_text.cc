#include "ringpeer/tools/command/printable_text.h"

#include <cstdint>

namespace ringpeer::tools {
namespace {

constexpr std::uint32_t kInvalid = UINT32_MAX;

struct Character {
  std::uint32_t code;
  std::size_t bytes;
};

// What `text`, which is not empty, begins with. What is no UTF-8 is one byte.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {kInvalid, 1};
  std::uint32_t code = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {kInvalid, 1};
    code = code << 6U | (byte(i) & 0x3fU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast[bytes] || is_surrogate || code > 0x10ffff) return {kInvalid, 1};
  return {code, bytes};
}

// Controls of both kinds, and what turns the direction of a line.
bool controls_terminal(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e ||
         code == 0x200f || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string printable_text(std::string_view text) {
  std::string printable;
  while (!text.empty()) {
    const Character character = first_character(text);
    const bool is_fit = character.code != kInvalid && !controls_terminal(character.code);
    printable += is_fit ? text.substr(0, character.bytes) : std::string_view("?");
    text.remove_prefix(character.bytes);
  }
  return printable;
}

std::size_t character_count(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(first_character(text).bytes);
  return count;
}

}  // namespace ringpeer::tools
