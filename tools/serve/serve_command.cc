#include "ringpeer/tools/serve/serve_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "ringpeer/tools/command/choice_option.h"
#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/exit_status.h"
#include "ringpeer/tools/command/hangup_signal.h"
#include "ringpeer/tools/command/number_option.h"
#include "ringpeer/tools/command/option_names.h"
#include "ringpeer/tools/command/report_output.h"
#include "ringpeer/tools/serve/server.h"
#include "ringpeer/tools/serve/source_list_files.h"

namespace ringpeer::tools {
namespace {

const std::map<std::string, ServeMode>& mode_names() {
  static const auto& names = *new std::map<std::string, ServeMode>{
      {"echo", ServeMode::kEcho}, {"sink", ServeMode::kSink}, {"arena", ServeMode::kArena}};
  return names;
}

void add_socket_options(CLI::App& command, ServeOptions* options) {
  add_number(command, "--receive-buffer", &options->receive_buffer,
             "bytes of socket buffer to ask for; 0 is the engine's 8 MiB")
      ->capture_default_str();
  add_number(command, "--send-buffer", &options->send_buffer,
             "bytes of socket buffer to ask for; 0 is the system's")
      ->capture_default_str();
  add_number(command, "--dscp", &options->dscp, "0 to 63, in what is sent; 46 is what voice uses");
  command.add_flag("--gro", options->gro, "let the kernel hand over trains of equal datagrams");
  command.add_flag("--share-port", options->share_port,
                   "let other sockets that ask for it have the same port");
  command.add_flag("--reply-from-received-address", options->reply_from_received_address,
                   "answer from the address that a client wrote to");
  command.add_flag("--detect-unreachable", options->detect_unreachable,
                   "read ICMP errors: a player whose machine refuses is gone");
  command.add_flag("--cookie", options->cookie,
                   "let in only who shows that it receives where it sends from");
  command.add_flag("--limit-replies", options->limit_replies,
                   "answer at most 3 times as many bytes as came until a client is heard again");
  command.add_flag("--limit-rates", options->limit_rates,
                   "drop what strangers, players and newcomers send beyond the limits");
  add_number(command, "--pin", &options->worker_cpus, "CPUs to pin the workers to, one for each")
      ->delimiter(',');
}

void add_admission_options(CLI::App& command, ServeOptions* options) {
  command
      .add_option("--deny", options->deny,
                  "a file with a prefix a line, as 192.0.2.0/24, whose packets are dropped; SIGHUP "
                  "has it read again; may be repeated")
      ->allow_extra_args(false);
  command
      .add_option("--allow", options->allow,
                  "such a file with those who alone may send; the longest prefix decides; may be "
                  "repeated")
      ->allow_extra_args(false);
}

// The list of the options that name one. False with the exit status where there should be one.
bool read_source_list(const ServeOptions& options, std::optional<SourceListFiles>* files,
                      int* exit_status) {
  if (options.deny.empty() && options.allow.empty()) return true;
  files->emplace(options.deny, options.allow);
  std::string error;
  switch ((*files)->load(&error)) {
    case SourceListFiles::Fault::kNone:
      return true;
    case SourceListFiles::Fault::kUnreadable:
      *exit_status = run_error(error);
      return false;
    case SourceListFiles::Fault::kWrong:
      *exit_status = usage_error(error);
      return false;
  }
  return false;
}

int serve(const ServeOptions& options, ReportOutput& output) {
  const std::string complaint = check_serve_options(options);
  if (!complaint.empty()) return usage_error(complaint);

  // Before the engine, whose threads must not be the ones that signals interrupt, and before the
  // list is read, which may take a while: a SIGHUP then asks for another reading.
  const StopSignal stop;
  StatusSignal status;
  std::optional<HangupSignal> hangup;  // takes SIGHUP from the first
  if (!options.deny.empty() || !options.allow.empty()) hangup.emplace();
  std::optional<SourceListFiles> source_list;
  int exit_status = kExitFailed;
  if (!read_source_list(options, &source_list, &exit_status)) return exit_status;
  std::string error;
  if (!output.open(&error)) return run_error(error);
  Server server(options);
  if (source_list) server.admit_by(&*source_list, &*hangup);
  server.tell_on(&status, [&](const ServeReport& report) {
    output.tell(serve_report_to_json(options, report), serve_report_to_text(options, report));
  });
  if (!server.open(&error)) return run_error(error);
  if (const std::string less = server.complaint_about_buffer(); !less.empty()) say(less);
  // Programs that start this one wait for this line and read the port out of it.
  say(fmt::format("{} on port {}, backend {}", serve_mode_name(options.mode), server.port(),
                  server.engine().backend_name()));

  ServeReport report;
  {
    ProgressLine progress(stderr);
    report = server.run(stop, &progress);
  }
  return output.end(serve_report_to_json(options, report), serve_report_to_text(options, report),
                    judge_serve(report));
}

}  // namespace

void add_serve_command(CLI::App& app, int* exit_status) {
  auto options = std::make_shared<ServeOptions>();
  auto output = std::make_shared<ReportOutput>();
  CLI::App* command = app.add_subcommand("serve", "run a UDP server and account for its packets");
  add_choice(*command, "--mode", mode_names(), &options->mode, "",
             "echo, sink, or arena: a small game")
      ->required();
  CLI::Option* const port =
      add_number(*command, "--port", &options->port, "where to listen; 0 takes any free port");
  command->add_option("--address", options->address, "address to listen on; * for all of them")
      ->capture_default_str();
  command->add_option("--inherited", options->inherited,
                      "serve a socket that a service manager has opened: its name, or * for the "
                      "only one; instead of --port");
  add_choice(*command, "--backend", backend_names(), &options->backend, "auto",
             "auto, io_uring or recvmmsg");
  add_number(*command, "--workers", &options->workers,
             "receive threads, each with a socket of its own on the port; 0 runs without one")
      ->capture_default_str();
  command->add_option("--duration", options->seconds, "seconds; 0 runs until a signal")
      ->capture_default_str();
  add_choice(*command, "--payload", payload_names(), &options->payload, "raw",
             "how echo and sink read packets: raw bytes, or var (decoded, and encoded again)");
  add_number(*command, "--latency-budget", &options->latency_budget_microseconds,
             "microseconds that a packet may wait for others, up to 100000; 0 wakes at once")
      ->capture_default_str();
  add_number(*command, "--work", &options->work_microseconds,
             "microseconds that a processor is busy with each packet, up to 1000000: the game that "
             "an echo lacks")
      ->capture_default_str();
  add_socket_options(*command, options.get());
  add_admission_options(*command, options.get());
  command
      ->add_option("--without", options->without,
                   "kernel features to leave unused: min-wait, incremental-buffers, gso")
      ->check(CLI::IsMember({"min-wait", "incremental-buffers", "gso"}));
  output->add_options(*command);
  command->callback([options, output, port, exit_status] {
    const bool has_port = port->count() > 0;
    if (has_port != options->inherited.empty()) {
      *exit_status = usage_error(has_port ? "--port: an inherited socket has its port already. "
                                            "Leave --port or --inherited out."
                                          : "--port is required: where to listen; 0 takes any "
                                            "free port. Try: ringpeer serve --help");
      return;
    }
    *exit_status = serve(*options, *output);
  });
}

}  // namespace ringpeer::tools
