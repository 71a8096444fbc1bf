#ifndef RINGPEER_TOOLS_IMPAIRMENT_IMPAIRMENT_FLAGS_H_
#define RINGPEER_TOOLS_IMPAIRMENT_IMPAIRMENT_FLAGS_H_

#include <string>

#include <CLI/CLI.hpp>

#include "ringpeer/tools/impairment/impairment_options.h"

namespace ringpeer::tools {

// Adds all options of an impairment to `command`, in the order of the page. Threads: the one that
// parses. Lifetime: *plan must outlive the parsing.
void add_impairment_options(CLI::App& command, const std::string& prefix, ImpairmentPlan* plan);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIRMENT_IMPAIRMENT_FLAGS_H_
