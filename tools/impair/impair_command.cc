#include "ringpeer/tools/impair/impair_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/number_option.h"
#include "ringpeer/tools/command/progress_line.h"
#include "ringpeer/tools/command/report_output.h"
#include "ringpeer/tools/command/status_signal.h"
#include "ringpeer/tools/command/stop_signal.h"
#include "ringpeer/tools/impair/impair_options.h"
#include "ringpeer/tools/impair/impair_report.h"
#include "ringpeer/tools/impair/relay.h"
#include "ringpeer/tools/impairment/impairment_flags.h"

namespace ringpeer::tools {
namespace {

int impair(ImpairOptions& options, ReportOutput& output) {
  const std::string complaint = check_impair_options(&options);
  if (!complaint.empty()) return usage_error(complaint);

  std::string error;
  if (!output.open(&error)) return run_error(error);
  const StopSignal stop;
  StatusSignal status;
  Relay relay(options);
  if (!relay.open(&error)) return run_error(error);
  if (const std::string less = relay.complaint_about_buffer(); !less.empty()) say(less);
  relay.tell_on(&status, [&](const ImpairReport& report) {
    output.tell(impair_report_to_json(options, report), impair_report_to_text(options, report));
  });
  // Programs that start this one wait for this line and read the port out of it.
  say(fmt::format("impair on port {}, to {}, seed {}", relay.port(), options.target_text,
                  relay.seed()));

  ImpairReport report;
  {
    ProgressLine progress(stderr);
    report = relay.run(stop, &progress);
  }
  return output.end(impair_report_to_json(options, report), impair_report_to_text(options, report),
                    judge_impair(report));
}

}  // namespace

void add_impair_command(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<ImpairOptions>();
  auto output = std::make_shared<ReportOutput>();
  CLI::App* command =
      app.add_subcommand("impair", "stand between clients and a UDP server as a bad network would");
  command->add_option("--target", options->target_text, "where the server is, as IP:PORT")
      ->required();
  add_number(*command, "--port", &options->port, "where clients send; 0 takes any free port")
      ->required();
  command->add_option("--address", options->address, "address to listen on; * for all of them")
      ->capture_default_str();
  add_impairment_options(*command, kImpairPrefix, &options->plan);
  add_number(*command, "--seed", &options->seed,
             "a whole number: the same one decides the same again; without, one is chosen");
  add_number(*command, "--clients", &options->clients, "how many there may be at a time")
      ->capture_default_str();
  command
      ->add_option("--idle", options->idle_seconds,
                   "seconds of silence on both sides after which a client is forgotten")
      ->capture_default_str();
  command->add_option("--duration", options->seconds, "seconds; 0 runs until a signal")
      ->capture_default_str();
  command
      ->add_option("--report", options->report_seconds,
                   "seconds between lines on standard error that say what became of datagrams")
      ->capture_default_str();
  output->add_options(*command);
  command->footer(
      "From --loss to --queue, one number is for both ways, and two are for each:\n"
      "--loss 5/0 loses on the way to the server alone, --loss /5 on the way to the clients.");
  command->callback([options, output, exit_status] { *exit_status = impair(*options, *output); });
}

}  // namespace ringpeer::tools
