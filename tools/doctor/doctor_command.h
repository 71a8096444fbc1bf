#ifndef RINGPEER_TOOLS_DOCTOR_DOCTOR_COMMAND_H_
#define RINGPEER_TOOLS_DOCTOR_DOCTOR_COMMAND_H_

#include <CLI/CLI.hpp>

namespace ringpeer::tools {

// Adds `ringpeer doctor`, which stores its exit status in *exit_status when it runs.
// Threads: the one that parses. Lifetime: *exit_status must outlive the parsing.
void add_doctor_command(CLI::App& app, int* exit_status);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_DOCTOR_COMMAND_H_
