#ifndef RINGPEER_TOOLS_REPORT_COMPARISON_H_
#define RINGPEER_TOOLS_REPORT_COMPARISON_H_

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tools/report/named_report.h"

namespace ringpeer::tools {

// Runs side by side, each with its ratios to the first. `runs` is not empty.
// Threads: any. Failure: none.
nlohmann::ordered_json comparison_to_json(const std::vector<NamedReport>& runs);

// The same for people: a row for each measure, a column for each run.
std::string comparison_to_text(const std::vector<NamedReport>& runs);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_REPORT_COMPARISON_H_
