#include "ringpeer/tools/command/report_output.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/report_format.h"

namespace ringpeer::tools {

void ReportOutput::add_options(CLI::App& command) {
  command.add_flag("--json", json_, "print the report as one JSON object");
  command.add_option("--json-file", path_,
                     "a file for the report as one JSON object, whatever is printed");
}

bool ReportOutput::open(std::string* error) { return path_.empty() || writer_.open(path_, error); }

int ReportOutput::end(nlohmann::ordered_json report, const std::string& text,
                      std::string judgement) {
  std::string error;
  report["ok"] = judgement.empty();
  if (writer_.is_open() && !writer_.finish(json_text(report) + "\n", &error)) {
    report["ok"] = false;
    // Both are to be known: what is wrong with the run is not less so.
    if (!judgement.empty()) say(error);
    if (judgement.empty()) judgement = error;
  }
  return end_run(json_ ? json_text(report) + "\n" : text, judgement);
}

void ReportOutput::tell(const nlohmann::ordered_json& report, const std::string& text) const {
  if (json_) {
    // Where it cannot be written there is nobody left to tell.
    (void)write_all(STDERR_FILENO, report.dump() + "\n");
    return;
  }
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    say(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

}  // namespace ringpeer::tools
