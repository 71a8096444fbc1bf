#include "ringpeer/tools/load/load_command.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/tools/command/choice_option.h"
#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/number_option.h"
#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/command/report_output.h"
#include "ringpeer/tools/command/status_signal.h"
#include "ringpeer/tools/command/stop_signal.h"
#include "ringpeer/tools/command/whole_file.h"
#include "ringpeer/tools/impairment/impairment_flags.h"
#include "ringpeer/tools/load/client_result.h"
#include "ringpeer/tools/load/live_screen.h"
#include "ringpeer/tools/load/load_csv.h"
#include "ringpeer/tools/load/load_run.h"
#include "ringpeer/tools/load/merge_command.h"
#include "ringpeer/tools/load/payload_choice.h"
#include "ringpeer/tools/load/payload_options.h"
#include "ringpeer/tools/load/plan_options.h"
#include "ringpeer/tools/load/session_replay.h"
#include "ringpeer/tools/report/html_page.h"
#include "ringpeer/tools/target/resolve_target.h"

namespace ringpeer::tools {
namespace {

const std::map<std::string, ExpectedReply>& expectation_names() {
  static const auto& names =
      *new std::map<std::string, ExpectedReply>{{"reply", ExpectedReply::kAnything},
                                                {"echo", ExpectedReply::kEcho},
                                                {"nothing", ExpectedReply::kNothing}};
  return names;
}

LoadReport watched_run(LoadRun* run, const LoadOptions& options, const ReportOutput& output,
                       const StopSignal& stop, StatusSignal* status) {
  LiveScreen screen(stderr, fmt::format("ringpeer load against {}", options.target_text),
                    options.threads);
  run->tell_on(status, [&](const LoadReport& report) {
    screen.make_way();
    const nlohmann::ordered_json json = load_report_to_json(options, report);
    output.tell(json, load_json_to_text(json));
  });
  return run->run(stop, [&screen](const LiveFigures& figures) { screen.show(figures); });
}

// What was written, but for what needs no reading.
struct WrittenOptions {
  std::vector<std::string> targets;
  PlanOptions plan;
  PayloadOptions payload;
};

// What a recorded session decides, and what is to be told of it.
void take_session(const SessionReplay& replay, LoadOptions* options) {
  options->rate = replay.packets_per_second() / options->clients;
  const SessionRecording& recording = replay.recording();
  const std::string file = printable_text(options->payload_file);
  say(fmt::format(
      "{}: {} sent {} packets to {} in {:.1f} s and got {} answers", file,
      recording.client().to_string(), recording.sent().size(), recording.server().to_string(),
      std::chrono::duration<double>(recording.duration()).count(), recording.answers().size()));
  for (const std::string& remark : recording.remarks()) {
    say(fmt::format("{}: {}", file, remark));
  }
}

// An exit status when it cannot begin.
std::optional<int> prepare(const WrittenOptions& written, LoadOptions* options,
                           std::unique_ptr<LoadPayload>* payload) {
  const PlanOptions& plan = written.plan;
  options->target_text = fmt::format("{}", fmt::join(written.targets, ","));
  if (std::string complaint = read_plan(plan, options); !complaint.empty()) {
    return usage_error(printable_text(complaint));
  }
  if (std::string complaint = check_impairment_plan(kLoadImpairPrefix, &options->impairment);
      !complaint.empty()) {
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
  options->payload_digest = (*payload)->digest();
  if ((*payload)->replay() != nullptr) {
    take_session(*(*payload)->replay(), options);
    // Its rate is known now.
    const std::string complaint = check_load_options(*options);
    if (!complaint.empty()) return usage_error(complaint);
  }
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
    return open(&csv_, options.csv, error) && open(&clients_, options.csv_clients, error) &&
           open(&html_, options.html, error);
  }
  bool write(const LoadOptions& options, const LoadRun& run, const nlohmann::ordered_json& report,
             std::string* error) {
    if (csv_.is_open() && !csv_.finish(series_to_csv(report), error)) return false;
    if (clients_.is_open() &&
        !clients_.finish(clients_to_csv(options, run.client_results()), error)) {
      return false;
    }
    return !html_.is_open() || html_.finish(html_page({{"", report}}), error);
  }

 private:
  static bool open(WholeFile* file, const std::string& name, std::string* error) {
    return name.empty() || file->open(name, error);
  }

  WholeFile csv_;
  WholeFile clients_;
  WholeFile html_;
};

int load(const WrittenOptions& written, LoadOptions& options, ReportOutput& output) {
  StatusSignal status_signal;  // names may take their time to resolve
  std::unique_ptr<LoadPayload> payload;
  if (const auto status = prepare(written, &options, &payload)) return *status;
  std::string error;
  error = complaint_about_places({options.csv, options.csv_clients, options.html, output.file()});
  if (!error.empty()) return usage_error(error);
  const StopSignal stop;
  OtherFiles files;
  if (!files.open(options, &error) || !output.open(&error)) return run_error(error);
  LoadRun run(options, *payload);
  if (const std::string many = run.complaint_about_results(); !many.empty()) {
    return usage_error(many);
  }
  if (!run.open(&error)) return run_error(error);
  if (const std::string less = run.complaint_about_buffer(); !less.empty()) say(less);
  const LoadReport report = watched_run(&run, options, output, stop, &status_signal);
  nlohmann::ordered_json json = load_report_to_json(options, report);
  std::string judgement = judge_load(options, report);
  if (!files.write(options, run, json, &error)) {
    if (judgement.empty()) {
      judgement = error;
    } else {
      say(error);
    }
  }
  const std::string text = load_json_to_text(json);
  return output.end(std::move(json), text, std::move(judgement));
}

}  // namespace

void add_load_command(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<LoadOptions>();
  auto written = std::make_shared<WrittenOptions>();
  auto output = std::make_shared<ReportOutput>();
  CLI::App* command =
      app.add_subcommand("load", "simulate clients of a UDP server and account for each packet");
  CLI::Option* const target =
      command
          ->add_option("--target", written->targets,
                       "where the server is, as HOST:PORT; several, between commas or one after "
                       "another, share the clients")
          ->allow_extra_args(false)
          ->required();
  CLI::Option* const clients =
      add_number(*command, "--clients", &options->clients, "clients, each with a socket of its own")
          ->capture_default_str();
  command->add_option("--hz", options->rate, "packets a second that each client sends")
      ->capture_default_str()
      ->each([written](const std::string&) { written->payload.has_rate = true; });
  add_payload_options(*command, &written->payload, options.get());
  CLI::Option* const duration =
      command->add_option("--duration", options->seconds, "seconds to send for")
          ->capture_default_str();
  add_choice(
      *command, "--expect", expectation_names(), &options->expect, "reply",
      "reply (an echo or the arena's snapshots; with --like as many as were recorded), echo, "
      "or nothing of a sink");
  add_plan_options(*command, &written->plan, options.get());
  add_impairment_options(*command, kLoadImpairPrefix, &options->impairment);
  command->add_flag("--allow-invalid", options->allow_invalid,
                    "a run that is not valid still says so, but exits with 0 if all else is well");
  command->add_option("--csv", options->csv, "a file for the time series, when the run is over");
  command->add_option("--csv-clients", options->csv_clients,
                      "a file for a line a client, when the run is over");
  command->add_option("--html", options->html,
                      "a file for the report as one page with charts, when the run is over");
  output->add_options(*command);
  CLI::App* const merge = add_merge_command(*command, exit_status);
  // It sends nothing.
  merge->preparse_callback([target](std::size_t) { target->required(false); });
  command->callback([options, written, output, exit_status, clients, duration, merge] {
    if (merge->parsed()) return;
    written->plan.has_clients = clients->count() > 0;
    written->plan.has_duration = duration->count() > 0;
    *exit_status = load(*written, *options, *output);
  });
}

}  // namespace ringpeer::tools
