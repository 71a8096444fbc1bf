#ifndef RINGPEER_TOOLS_LOAD_LOAD_MERGE_H_
#define RINGPEER_TOOLS_LOAD_LOAD_MERGE_H_

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace ringpeer::tools {

// Threads: any.

// NOLINTNEXTLINE(bugprone-exception-escape): the assertions of the JSON library
struct MergedReport {
  nlohmann::ordered_json report;
  std::string error;  // what is wrong with the reports, and what to do; then there is no report
};

// Puts the reports of all parts of one plan (--part) together into one of the same shape: counts
// are summed, percentiles are those of the histograms put together.
MergedReport merge_load_reports(const std::vector<nlohmann::ordered_json>& parts);

// An empty text when a merged report is good; otherwise what is wrong.
std::string judge_merged(const nlohmann::ordered_json& report);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_MERGE_H_
