#ifndef RINGPEER_TOOLS_COMMAND_ERROR_TEXT_H_
#define RINGPEER_TOOLS_COMMAND_ERROR_TEXT_H_

#include <string>

namespace ringpeer::tools {

// What programs call an errno, like "ENOBUFS"; "errno 4711" for one without a name.
// Threads: any. Failure: none.
std::string error_number_name(int number);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_ERROR_TEXT_H_
