#ifndef RINGPEER_TOOLS_LOAD_IMPAIRMENT_REPORT_H_
#define RINGPEER_TOOLS_LOAD_IMPAIRMENT_REPORT_H_

#include <cstdint>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tools/command/text_table.h"
#include "ringpeer/tools/load/impairment_account.h"
#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/load/load_report.h"

namespace ringpeer::tools {

// The impairment of a load report, in JSON and for people. Threads: any.

// Null without one.
nlohmann::ordered_json impairment_to_json(const LoadOptions& options, const LoadReport& report);
// The account that a report has, but for its times; nlohmann's exceptions when it has none.
ImpairmentAccount impairment_from_json(const nlohmann::ordered_json& impairment);
// The sum of several, but for their times, in the first one's shape; null when that is.
nlohmann::ordered_json sum_of_impairments(const std::vector<nlohmann::ordered_json>& impairments);

void add_impairment_rows(const nlohmann::ordered_json& impairment, TextTable* table);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_IMPAIRMENT_REPORT_H_
