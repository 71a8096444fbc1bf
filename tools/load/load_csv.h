#ifndef RINGPEER_TOOLS_LOAD_LOAD_CSV_H_
#define RINGPEER_TOOLS_LOAD_LOAD_CSV_H_

#include <string>

#include <nlohmann/json.hpp>

namespace ringpeer::tools {

// The series of a report as comma-separated values: a line of names, then a line for each interval,
// an empty field for what is null. Threads: any. `report` is what load_report_to_json() gave.
std::string series_to_csv(const nlohmann::ordered_json& report);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_CSV_H_
