#include "ringpeer/tools/load/load_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "ringpeer/tools/command/choice_option.h"
#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/number_option.h"
#include "ringpeer/tools/command/option_names.h"
#include "ringpeer/tools/load/load_generator.h"
#include "ringpeer/tools/load/target_address.h"

namespace ringpeer::tools {
namespace {

const std::map<std::string, ExpectedReply>& expectation_names() {
  static const auto& names = *new std::map<std::string, ExpectedReply>{
      {"reply", ExpectedReply::kAnything}, {"nothing", ExpectedReply::kNothing}};
  return names;
}

int load(LoadOptions& options) {
  const std::optional<net::Endpoint> target = parse_target_address(options.target_text);
  if (!target) {
    return usage_error(
        fmt::format("--target {}: write an address and a port, like 127.0.0.1:4000 or [::1]:4000. "
                    "Names are not resolved.",
                    options.target_text));
  }
  options.target = *target;
  const std::string complaint = check_load_options(options);
  if (!complaint.empty()) return usage_error(complaint);

  const StopSignal stop;
  LoadGenerator generator(options);
  std::string error;
  if (!generator.open(&error)) return run_error(error);
  LoadReport report;
  {
    ProgressLine progress(stderr);
    report = generator.run(stop, &progress);
  }
  return end_run(options.json ? load_report_to_json(options, report).dump(2) + "\n"
                              : load_report_to_text(options, report),
                 judge_load(options, report));
}

}  // namespace

void add_load_command(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<LoadOptions>();
  CLI::App* command =
      app.add_subcommand("load", "simulate clients of a UDP server and account for each packet");
  command->add_option("--target", options->target_text, "where the server is, as IP:PORT")
      ->required();
  add_number(*command, "--clients", &options->clients, "clients, each with a socket of its own")
      ->capture_default_str();
  command->add_option("--hz", options->rate, "packets a second that each client sends")
      ->capture_default_str();
  add_choice(*command, "--payload", payload_names(), &options->payload, "raw",
             "raw bytes, or var: the arena's inputs in Godot's wire format");
  add_number(*command, "--size", &options->size,
             "bytes a packet; var packets are padded to it, and 76 at least");
  command->add_option("--duration", options->seconds, "seconds to send for")->capture_default_str();
  add_choice(*command, "--expect", expectation_names(), &options->expect, "reply",
             "reply (an echo or the arena's snapshots), or nothing of a sink");
  command->add_flag("--json", options->json, "print the report as one JSON object");
  command->callback([options, exit_status] { *exit_status = load(*options); });
}

}  // namespace ringpeer::tools
