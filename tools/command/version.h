#ifndef RINGPEER_TOOLS_COMMAND_VERSION_H_
#define RINGPEER_TOOLS_COMMAND_VERSION_H_

namespace ringpeer::tools {

// Threads: any; a constant.

// Of this program, as in MODULE.bazel.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_VERSION_H_
