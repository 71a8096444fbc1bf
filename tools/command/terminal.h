#ifndef RINGPEER_TOOLS_COMMAND_TERMINAL_H_
#define RINGPEER_TOOLS_COMMAND_TERMINAL_H_

#include <cstddef>
#include <cstdio>
#include <string_view>

namespace ringpeer::tools {

// What a text takes of a terminal. A character is taken for one column, whatever its bytes (UTF-8).
// Threads: any; functions without state.

// 0 and 0 when `file` is no terminal, or one that does not say.
struct TerminalSize {
  std::size_t columns = 0;
  std::size_t lines = 0;

  bool operator==(const TerminalSize&) const = default;
};
TerminalSize terminal_size(std::FILE* file);

std::size_t columns_of(std::string_view text);
// The beginning of a line, as much as stays on it: the last column is free, for some terminals go
// on with the next line when it is filled. All of it on one without a size.
std::string_view fitting(std::string_view text, const TerminalSize& size);
// How many lines a text takes once the terminal has become that wide: what does not fit any more
// goes on below.
std::size_t lines_taken(std::size_t columns, const TerminalSize& size);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_TERMINAL_H_
