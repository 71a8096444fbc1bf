#ifndef RINGPEER_TOOLS_VARIANT_VARIANT_SUBCOMMAND_H_
#define RINGPEER_TOOLS_VARIANT_VARIANT_SUBCOMMAND_H_

#include <CLI/CLI.hpp>

namespace ringpeer::tools {

// Adds `ringpeer variant decode` and `ringpeer variant encode` to `app`; see
// variant_command.h for what they do. When the command line named one, *exit_status is
// what the program exits with after app.parse().
// Threads: the main one. Lifetime: `app` and *exit_status, until that is done.
void add_variant_command(CLI::App& app, int* exit_status);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_VARIANT_VARIANT_SUBCOMMAND_H_
