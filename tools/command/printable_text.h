#ifndef RINGPEER_TOOLS_COMMAND_PRINTABLE_TEXT_H_
#define RINGPEER_TOOLS_COMMAND_PRINTABLE_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace ringpeer::tools {

// Text of others, like the name of a file, as a terminal may have it: what is no UTF-8 and what
// would control the terminal is '?'.
// Threads: any. Failure: none.
std::string printable_text(std::string_view text);

// The characters of a text in UTF-8, each of which is taken for one column.
std::size_t character_count(std::string_view text);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_PRINTABLE_TEXT_H_
