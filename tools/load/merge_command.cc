#include "ringpeer/tools/load/merge_command.h"

#include <memory>
#include <string>
#include <vector>

#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/report_output.h"
#include "ringpeer/tools/load/load_merge.h"
#include "ringpeer/tools/load/load_report.h"
#include "ringpeer/tools/report/named_report.h"

namespace ringpeer::tools {
namespace {

struct MergeOptions {
  std::vector<std::string> reports;
  ReportOutput output;
};

int merge(MergeOptions& options) {
  if (const std::string wrong = complaint_about_paths(options.reports); !wrong.empty()) {
    return usage_error(wrong);
  }
  std::string error;
  if (!options.output.open(&error)) return run_error(error);
  const std::vector<NamedReport> reports = read_named_reports(options.reports, &error);
  if (!error.empty()) return run_error(error);
  std::vector<nlohmann::ordered_json> parts;
  parts.reserve(reports.size());
  for (const NamedReport& part : reports) parts.push_back(part.report);
  const MergedReport merged = merge_load_reports(parts);
  if (!merged.error.empty()) return run_error(merged.error);
  return options.output.end(merged.report, load_json_to_text(merged.report),
                            judge_merged(merged.report));
}

}  // namespace

CLI::App* add_merge_command(CLI::App& load, int* exit_status) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* command =
      load.add_subcommand("merge", "put the reports of several processes of one plan together");
  command->add_option("reports", options->reports, "what load --json printed, one file a part")
      ->required();
  options->output.add_options(*command);
  command->callback([options, exit_status] { *exit_status = merge(*options); });
  return command;
}

}  // namespace ringpeer::tools
