#ifndef RINGPEER_TOOLS_DOCTOR_DOCTOR_REPORT_H_
#define RINGPEER_TOOLS_DOCTOR_DOCTOR_REPORT_H_

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "ringpeer/tools/doctor/checks.h"
#include "ringpeer/tools/doctor/doctor_plan.h"
#include "ringpeer/tools/doctor/finding.h"

namespace ringpeer::tools {

// The report of `ringpeer doctor`. Threads: any; a value.
struct DoctorReport {
  Findings findings;
  std::optional<BufferRoom> receive_buffer;
  std::optional<std::int64_t> receive_buffer_bytes;
};

// Empty when nothing loses packets; otherwise what does.
std::string judge_doctor(const DoctorReport& report);

// docs/schema/reports.json has its fields.
nlohmann::ordered_json doctor_report_to_json(const DoctorPlan& plan, const DoctorReport& report);
// A line for each finding: verdict, check, what was found and what to do.
std::string doctor_report_to_text(const DoctorPlan& plan, const DoctorReport& report);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_DOCTOR_REPORT_H_
