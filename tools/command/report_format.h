#ifndef RINGPEER_TOOLS_COMMAND_REPORT_FORMAT_H_
#define RINGPEER_TOOLS_COMMAND_REPORT_FORMAT_H_

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace ringpeer::tools {

// What all reports have in common. A report is one JSON object; the text for people is made
// of that object and of nothing else, so that both say the same.
// Threads: any. Failure: none.

// The "schema" of every report: docs/schema/reports.json is of the same number. It grows when a
// field goes, changes its meaning or its type; new fields leave it as it is.
inline constexpr int kReportSchema = 2;

// A report as it is printed: a field a line, but lists of numbers, and lists of those, in one.
std::string json_text(const nlohmann::ordered_json& report);

// What was not measured is null, not 0.
template <typename T>
nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

// Null when there is nothing to divide by.
nlohmann::ordered_json ratio(double part, double whole);
nlohmann::ordered_json per_second(std::uint64_t count, double seconds);

// "1,234"; of null "unknown".
std::string count_text(const nlohmann::ordered_json& count);
// "1,234  (617/s)".
std::string rate_text(const nlohmann::ordered_json& count, const nlohmann::ordered_json& rate);
// With that many digits behind the point; of null "unknown".
std::string number_text(const nlohmann::ordered_json& number, int digits);
// The drops that happened, by name; "none" is an answer too.
std::string drops_text(const nlohmann::ordered_json& drops);
// "0.4 %".
std::string percent_text(const nlohmann::ordered_json& percent);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_REPORT_FORMAT_H_
