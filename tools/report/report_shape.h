#ifndef RINGPEER_TOOLS_REPORT_REPORT_SHAPE_H_
#define RINGPEER_TOOLS_REPORT_REPORT_SHAPE_H_

#include <string>

#include <nlohmann/json.hpp>

namespace ringpeer::tools {

// What this room reads: reports of `ringpeer load` of this schema (docs/schema/reports.json).
inline constexpr int kReadableSchema = 2;

// An empty text when `report` is a report of load in which every field that the room uses is there
// and is what the schema says: its type, no count below 0, histograms and times that ascend.
// Otherwise what is wrong and what to do about it, in one line that may follow a file's name.
// Fields that the schema does not know are left alone: a later version may have added them.
// Threads: any. Failure: none.
std::string complaint_about_report(const nlohmann::ordered_json& report);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_REPORT_REPORT_SHAPE_H_
