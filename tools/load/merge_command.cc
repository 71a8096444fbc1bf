#include "ringpeer/tools/load/merge_command.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/report_format.h"
#include "ringpeer/tools/load/load_merge.h"
#include "ringpeer/tools/load/load_report.h"

namespace ringpeer::tools {
namespace {

struct MergeOptions {
  std::vector<std::string> reports;
  bool json = false;
};

int merge(const MergeOptions& options) {
  std::vector<nlohmann::ordered_json> parts;
  for (const std::string& path : options.reports) {
    errno = 0;
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || !text) {
      return run_error(fmt::format("{} cannot be read: {}.", path,
                                   errno != 0 ? std::strerror(errno) : "it is empty"));
    }
    parts.push_back(nlohmann::ordered_json::parse(text.str(), nullptr, false));
    if (parts.back().is_discarded()) {
      return run_error(fmt::format("{} is no JSON: write it with load --json.", path));
    }
  }
  const MergedReport merged = merge_load_reports(parts);
  if (!merged.error.empty()) return run_error(merged.error);
  return end_run(options.json ? json_text(merged.report) + "\n" : load_json_to_text(merged.report),
                 judge_merged(merged.report));
}

}  // namespace

CLI::App* add_merge_command(CLI::App& load, int* exit_status) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* command =
      load.add_subcommand("merge", "put the reports of several processes of one plan together");
  command->add_option("reports", options->reports, "what load --json printed, one file a part")
      ->required();
  command->add_flag("--json", options->json, "print the report as one JSON object");
  command->callback([options, exit_status] { *exit_status = merge(*options); });
  return command;
}

}  // namespace ringpeer::tools
