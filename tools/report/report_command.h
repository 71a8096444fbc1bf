#ifndef RINGPEER_TOOLS_REPORT_REPORT_COMMAND_H_
#define RINGPEER_TOOLS_REPORT_REPORT_COMMAND_H_

#include <CLI/CLI.hpp>

namespace ringpeer::tools {

// Adds `ringpeer report`, which shows and compares reports of load, to `app`. When the command line
// named it, *exit_status is what the program exits with after app.parse().
// Threads: the main one. Lifetime: `app` and *exit_status, until that is done.
void add_report_command(CLI::App& app, int* exit_status);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_REPORT_REPORT_COMMAND_H_
