#include "ringpeer/tools/demo/demo_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "ringpeer/tools/command/choice_option.h"
#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/number_option.h"
#include "ringpeer/tools/command/option_names.h"
#include "ringpeer/tools/command/progress_line.h"
#include "ringpeer/tools/command/report_output.h"
#include "ringpeer/tools/command/status_signal.h"
#include "ringpeer/tools/command/stop_signal.h"
#include "ringpeer/tools/demo/demo_report.h"
#include "ringpeer/tools/demo/server_process.h"
#include "ringpeer/tools/load/load_run.h"
#include "ringpeer/tools/load/payload_choice.h"
#include "ringpeer/tools/target/target_address.h"

namespace ringpeer::tools {
namespace {

struct DemoOptions {
  LoadOptions load;
  ServeOptions serve;
  ReportOutput output;
};

int demo(DemoOptions& options) {
  options.serve.mode = ServeMode::kArena;
  options.serve.address = "127.0.0.1";
  options.serve.cookie = options.load.cookie;
  options.load.payload = LoadPayloadKind::kVar;
  // It shares this machine with its server: its account is what counts.
  options.load.allow_invalid = true;
  const std::string complaint = check_load_options(options.load);
  if (!complaint.empty()) return usage_error(complaint);

  std::string error;
  if (!options.output.open(&error)) return run_error(error);
  StatusSignal status;  // before the server, which is forked: it must not end by one either
  ServerProcess server;
  if (!server.start(options.serve, &error)) return run_error(error);
  say(fmt::format("an arena on port {}, and {} players for {} s", server.port(),
                  options.load.clients, options.load.seconds));

  const StopSignal stop;
  options.load.target_text = fmt::format("127.0.0.1:{}", server.port());
  options.load.targets = {*parse_target_address(options.load.target_text)};
  const auto payload = make_load_payload(options.load, &error);
  if (payload == nullptr) return run_error(error);
  LoadRun run(options.load, *payload);
  if (!run.open(&error)) return run_error(error);
  LoadReport load;
  {
    ProgressLine progress(stderr);
    run.tell_on(&status, [&](const LoadReport& report) {
      progress.make_way();
      options.output.tell(load_report_to_json(options.load, report),
                          load_report_to_text(options.load, report));
    });
    load = run.run(stop, [&progress](const LiveFigures& figures) {
      const auto now = ProgressLine::Clock::now();
      if (progress.wants_update(now)) progress.update(now, progress_text(figures));
    });
  }
  const auto server_report = server.finish(&error);
  if (!server_report) return run_error(error);

  const DemoReport report(options.load, load, *server_report);
  return options.output.end(report.to_json(), report.to_text(), report.judge());
}

}  // namespace

void add_demo_command(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<DemoOptions>();
  constexpr std::uint32_t kPlayers = 200;
  options->load.clients = kPlayers;
  CLI::App* command =
      app.add_subcommand("demo", "a game server and its players, on this machine alone");
  add_number(*command, "--clients", &options->load.clients, "players")->capture_default_str();
  command->add_option("--hz", options->load.rate, "inputs a second of each player")
      ->capture_default_str();
  command->add_option("--duration", options->load.seconds, "seconds")->capture_default_str();
  add_choice(*command, "--backend", backend_names(), &options->serve.backend, "auto",
             "auto, io_uring or recvmmsg");
  command->add_flag("--cookie", options->load.cookie,
                    "the server asks its players for a cookie before it knows them");
  options->output.add_options(*command);
  command->callback([options, exit_status] { *exit_status = demo(*options); });
}

}  // namespace ringpeer::tools
