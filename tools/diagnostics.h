#ifndef RINGPEER_TOOLS_DIAGNOSTICS_H_
#define RINGPEER_TOOLS_DIAGNOSTICS_H_

#include <string_view>

namespace ringpeer::tools {

// One line on stderr, which is where everything goes that is not the result.
void say(std::string_view text);

// The same for an error; give the exit status of a command that ends with it.
int usage_error(std::string_view text);  // the command line is wrong
int run_error(std::string_view text);    // the command line was right

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DIAGNOSTICS_H_
