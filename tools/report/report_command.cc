#include "ringpeer/tools/report/report_command.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/exit_status.h"
#include "ringpeer/tools/report/comparison.h"
#include "ringpeer/tools/report/html_page.h"
#include "ringpeer/tools/report/named_report.h"

namespace ringpeer::tools {
namespace {

struct ReportOptions {
  std::vector<std::string> paths;
  std::string html;
  bool json = false;
};

int show(const ReportOptions& options) {
  if (options.paths.size() > kMaxRuns) {
    return usage_error(fmt::format("{} reports are too many to tell apart: name {} at most.",
                                   options.paths.size(), kMaxRuns));
  }
  if (const std::string wrong = complaint_about_paths(options.paths); !wrong.empty()) {
    return usage_error(wrong);
  }
  std::string error;
  const std::vector<NamedReport> runs = read_named_reports(options.paths, &error);
  if (runs.empty()) return run_error(error);
  if (!options.html.empty() && !write_html_report(runs, options.html, &error)) {
    return run_error(error);
  }
  if (options.json) return end_run(comparison_to_json(runs).dump(2) + "\n", "");
  return options.html.empty() ? end_run(comparison_to_text(runs), "") : kExitOk;
}

}  // namespace

void add_report_command(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command =
      app.add_subcommand("report", "show reports of load side by side, or as a page with charts");
  command
      ->add_option("report", options->paths,
                   "files that load --json has written, the first to compare with; - for one on "
                   "standard input")
      ->required();
  command->add_option("--html", options->html,
                      "write a page with charts to this file, which needs no network");
  command->add_flag("--json", options->json, "print the comparison as one JSON object");
  command->callback([options, exit_status] { *exit_status = show(*options); });
}

}  // namespace ringpeer::tools
