#include "ringpeer/tools/load/load_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "ringpeer/tools/command/choice_option.h"
#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/number_option.h"
#include "ringpeer/tools/command/report_format.h"
#include "ringpeer/tools/command/whole_file.h"
#include "ringpeer/tools/load/live_screen.h"
#include "ringpeer/tools/load/load_csv.h"
#include "ringpeer/tools/load/load_run.h"
#include "ringpeer/tools/load/merge_command.h"
#include "ringpeer/tools/load/payload_choice.h"
#include "ringpeer/tools/load/payload_options.h"
#include "ringpeer/tools/load/plan_options.h"
#include "ringpeer/tools/load/resolve_target.h"
#include "ringpeer/tools/report/html_page.h"

namespace ringpeer::tools {
namespace {

const std::map<std::string, ExpectedReply>& expectation_names() {
  static const auto& names = *new std::map<std::string, ExpectedReply>{
      {"reply", ExpectedReply::kAnything}, {"nothing", ExpectedReply::kNothing}};
  return names;
}

LoadReport watched_run(LoadRun* run, const LoadOptions& options, const StopSignal& stop) {
  LiveScreen screen(stderr, fmt::format("ringpeer load against {}", options.target_text),
                    options.threads);
  return run->run(stop, [&screen](const LiveFigures& figures) { screen.show(figures); });
}

// What was written, but for what needs no reading.
struct WrittenOptions {
  PlanOptions plan;
  PayloadOptions payload;
};

// An exit status when it cannot begin.
std::optional<int> prepare(const WrittenOptions& written, LoadOptions* options,
                           std::unique_ptr<LoadPayload>* payload) {
  const PlanOptions& plan = written.plan;
  if (std::string complaint = read_plan(plan, options); !complaint.empty()) {
    return usage_error(complaint);
  }
  if (std::string complaint = read_payload(written.payload, options); !complaint.empty()) {
    return usage_error(complaint);
  }
  if (std::string complaint = check_load_options(*options); !complaint.empty()) {
    return usage_error(complaint);
  }
  std::string error;
  *payload = make_load_payload(*options, &error);
  if (*payload == nullptr) return usage_error(error);
  ResolvedTargets targets = resolve_targets(options->target_text);
  if (targets.is_usage_error) return usage_error(targets.error);
  if (!targets.error.empty()) return run_error(targets.error);
  options->targets = std::move(targets.endpoints);
  if (plan.source.empty()) return std::nullopt;
  const ResolvedTargets source = resolve_host(plan.source);
  if (!source.error.empty()) return run_error("--source " + source.error);
  options->source = source.endpoints.front();
  return std::nullopt;
}

// What is asked for beside the report: opened before the run, so that none is made in vain, and
// written before the report, whatever has become of the run.
class OtherFiles {
 public:
  bool open(const LoadOptions& options, std::string* error) {
    return (options.csv.empty() || csv_.open(options.csv, error)) &&
           (options.html.empty() || html_.open(options.html, error));
  }
  bool write(const nlohmann::ordered_json& report, std::string* error) {
    if (csv_.is_open() && !csv_.finish(series_to_csv(report), error)) return false;
    return !html_.is_open() || html_.finish(html_page({{"", report}}), error);
  }

 private:
  WholeFile csv_;
  WholeFile html_;
};

int load(const WrittenOptions& written, LoadOptions& options) {
  std::unique_ptr<LoadPayload> payload;
  if (const auto status = prepare(written, &options, &payload)) return *status;
  std::string error;
  OtherFiles files;
  if (!files.open(options, &error)) return run_error(error);
  const StopSignal stop;
  LoadRun run(options, *payload);
  if (!run.open(&error)) return run_error(error);
  const LoadReport report = watched_run(&run, options, stop);
  nlohmann::ordered_json json = load_report_to_json(options, report);
  std::string judgement = judge_load(options, report);
  if (!files.write(json, &error) && judgement.empty()) judgement = error;
  json["ok"] = judgement.empty();
  return end_run(options.json ? json_text(json) + "\n" : load_json_to_text(json), judgement);
}

}  // namespace

void add_load_command(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<LoadOptions>();
  auto written = std::make_shared<WrittenOptions>();
  CLI::App* command =
      app.add_subcommand("load", "simulate clients of a UDP server and account for each packet");
  CLI::Option* const target =
      command
          ->add_option(
              "--target", options->target_text,
              "where the server is, as HOST:PORT; several between commas share the clients")
          ->required();
  CLI::Option* const clients =
      add_number(*command, "--clients", &options->clients, "clients, each with a socket of its own")
          ->capture_default_str();
  command->add_option("--hz", options->rate, "packets a second that each client sends")
      ->capture_default_str();
  add_payload_options(*command, &written->payload, options.get());
  CLI::Option* const duration =
      command->add_option("--duration", options->seconds, "seconds to send for")
          ->capture_default_str();
  add_choice(*command, "--expect", expectation_names(), &options->expect, "reply",
             "reply (an echo or the arena's snapshots), or nothing of a sink");
  add_plan_options(*command, &written->plan, options.get());
  command->add_flag("--allow-invalid", options->allow_invalid,
                    "a run that is not valid still says so, but exits with 0 if all else is well");
  command->add_option("--csv", options->csv, "a file for the time series, when the run is over");
  command->add_option("--html", options->html,
                      "a file for the report as one page with charts, when the run is over");
  command->add_flag("--json", options->json, "print the report as one JSON object");
  CLI::App* const merge = add_merge_command(*command, exit_status);
  // It sends nothing.
  merge->preparse_callback([target](std::size_t) { target->required(false); });
  command->callback([options, written, exit_status, clients, duration, merge] {
    if (merge->parsed()) return;
    written->plan.has_clients = clients->count() > 0;
    written->plan.has_duration = duration->count() > 0;
    *exit_status = load(*written, *options);
  });
}

}  // namespace ringpeer::tools
