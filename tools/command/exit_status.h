#ifndef RINGPEER_TOOLS_COMMAND_EXIT_STATUS_H_
#define RINGPEER_TOOLS_COMMAND_EXIT_STATUS_H_

namespace ringpeer::tools {

// Threads: any; constants.

// What every command of `ringpeer` exits with.
inline constexpr int kExitOk = 0;
// The command ran and something was wrong: a port in use, packets unaccounted for.
inline constexpr int kExitFailed = 1;
// The command line itself was wrong; nothing was done.
inline constexpr int kExitUsage = 2;

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_EXIT_STATUS_H_
