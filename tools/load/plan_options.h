#ifndef RINGPEER_TOOLS_LOAD_PLAN_OPTIONS_H_
#define RINGPEER_TOOLS_LOAD_PLAN_OPTIONS_H_

#include <string>

#include <CLI/CLI.hpp>

#include "ringpeer/tools/load/load_options.h"

namespace ringpeer::tools {

// How clients come and go and how rates change, as it was written on the command line.
struct PlanOptions {
  std::string source;
  std::string wait;     // "2s"
  std::string session;  // "30s"
  std::string part;     // "1/2"
  std::string ramp;     // "100..10000"
  std::string loss;     // "0.1%"
  std::string p99;      // "5ms"
  std::string step;     // "2s"
  bool has_clients = false;
  bool has_duration = false;
  bool has_steps = false;
};

// Adds them to `command`. Threads: the one that parses. Lifetime: both must outlive the parsing.
void add_plan_options(CLI::App& command, PlanOptions* plan, LoadOptions* options);

// Writes what was written into *options. An empty text, or what is wrong with it.
std::string read_plan(const PlanOptions& plan, LoadOptions* options);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_PLAN_OPTIONS_H_
