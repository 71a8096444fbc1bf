#ifndef RINGPEER_TOOLS_LOAD_COOKIE_REPORT_H_
#define RINGPEER_TOOLS_LOAD_COOKIE_REPORT_H_

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tools/command/text_table.h"
#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/load/load_report.h"

namespace ringpeer::tools {

// The cookies of a load report, in JSON and for people. Threads: any.

// Null without --cookie.
nlohmann::ordered_json cookie_to_json(const LoadOptions& options, const LoadReport& report);
// The sum of several; null when one has none, as in reports of programs that know no cookies.
nlohmann::ordered_json sum_of_cookies(const std::vector<nlohmann::ordered_json>& reports);

void add_cookie_rows(const nlohmann::ordered_json& report, TextTable* table);

// Why nobody was let in there, and what to do about it.
std::string no_challenge_text(const std::string& target, bool is_refused);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_COOKIE_REPORT_H_
