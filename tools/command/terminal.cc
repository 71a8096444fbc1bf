#include "ringpeer/tools/command/terminal.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <cstdint>

namespace ringpeer::tools {
namespace {

// Of UTF-8: it goes on with a character.
bool goes_on(char byte) { return (static_cast<std::uint8_t>(byte) & 0xC0U) == 0x80; }

}  // namespace

TerminalSize terminal_size(std::FILE* file) {
  winsize size = {};
  if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0) return {};
  return {size.ws_col, size.ws_row};
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !goes_on(byte); }));
}

std::string_view fitting(std::string_view text, const TerminalSize& size) {
  if (size.columns == 0) return text;
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!goes_on(text[i]) && ++columns == size.columns) return text.substr(0, i);
  }
  return text;
}

std::size_t lines_taken(std::size_t columns, const TerminalSize& size) {
  if (size.columns == 0 || columns == 0) return 1;
  return (columns + size.columns - 1) / size.columns;
}

}  // namespace ringpeer::tools
