#ifndef RINGPEER_TOOLS_LOAD_LOAD_COMMAND_H_
#define RINGPEER_TOOLS_LOAD_LOAD_COMMAND_H_

#include <CLI/CLI.hpp>

namespace ringpeer::tools {

// Adds `ringpeer load` to `app`. When the command line named it, *exit_status is what the
// program exits with after app.parse().
// Threads: the main one. Lifetime: `app` and *exit_status, until that is done.
void add_load_command(CLI::App& app, int* exit_status);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_COMMAND_H_
