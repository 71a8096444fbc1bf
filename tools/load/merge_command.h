#ifndef RINGPEER_TOOLS_LOAD_MERGE_COMMAND_H_
#define RINGPEER_TOOLS_LOAD_MERGE_COMMAND_H_

#include <CLI/CLI.hpp>

namespace ringpeer::tools {

// Adds `ringpeer load merge` to `load` and gives it. When the command line named it, *exit_status
// is what the program exits with after the parsing.
// Threads: the main one. Lifetime: `load` and *exit_status, until that is done.
CLI::App* add_merge_command(CLI::App& load, int* exit_status);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_MERGE_COMMAND_H_
