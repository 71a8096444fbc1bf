#ifndef RINGPEER_TOOLS_REPORT_NAMED_REPORT_H_
#define RINGPEER_TOOLS_REPORT_NAMED_REPORT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace ringpeer::tools {

// A run of `ringpeer load`: its report, without a complaint of complaint_about_report(), and the
// name that it goes by beside others. Without a name it goes by its target.
// Threads: a plain value.
struct NamedReport {
  std::string name;
  nlohmann::ordered_json report;
};

// A page has eight colours that can be told from each other.
inline constexpr std::size_t kMaxRuns = 8;
// Of one report: a day of seconds takes 15 MB.
inline constexpr std::size_t kMaxReportBytes = std::size_t{64} << 20U;
// Objects and arrays within each other. A report has 4.
inline constexpr int kMaxNesting = 32;

// The report in `text`, which was read from what `name` says. Empty with one line in *error that
// begins with the name and says what to do: when it is not JSON, nested beyond kMaxNesting, or not
// what this program reads.
// Threads: any.
std::optional<nlohmann::ordered_json> parse_load_report(std::string_view text,
                                                        const std::string& name,
                                                        std::string* error);

// What no file can mend, so that the command line is wrong: standard input is named twice. Empty
// when there is nothing of the kind.
// Threads: any.
std::string complaint_about_paths(const std::vector<std::string>& paths);

// The runs whose reports are in these files; "-" is standard input. Each goes by
// its file's name without the folder, or by its path where names are the same. Empty with one line
// in *error when one of them cannot be read.
// Threads: any.
std::vector<NamedReport> read_named_reports(const std::vector<std::string>& paths,
                                            std::string* error);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_REPORT_NAMED_REPORT_H_
