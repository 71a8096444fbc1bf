#include "ringpeer/tools/doctor/doctor_command.h"

#include <memory>
#include <string>

#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/number_option.h"
#include "ringpeer/tools/command/report_output.h"
#include "ringpeer/tools/doctor/checks.h"
#include "ringpeer/tools/doctor/doctor_plan.h"
#include "ringpeer/tools/doctor/doctor_report.h"
#include "ringpeer/tools/doctor/machine_files.h"
#include "ringpeer/tools/doctor/system_facts.h"

namespace ringpeer::tools {
namespace {

int examine(const DoctorPlan& plan, ReportOutput& output) {
  const std::string complaint = check_doctor_plan(plan);
  if (!complaint.empty()) return usage_error(complaint);
  std::string error;
  if (!output.open(&error)) return run_error(error);
  const MachineFacts facts = gather_facts(RealMachineFiles());
  DoctorReport report;
  report.findings = check_machine(facts, plan);
  report.receive_buffer = room_of_buffer(facts, plan);
  report.receive_buffer_bytes = facts.sockets.receive_granted;
  return output.end(doctor_report_to_json(plan, report), doctor_report_to_text(plan, report),
                    judge_doctor(report));
}

}  // namespace

void add_doctor_command(CLI::App& app, int* exit_status) {
  auto plan = std::make_shared<DoctorPlan>();
  auto output = std::make_shared<ReportOutput>();
  CLI::App* command =
      app.add_subcommand("doctor", "look at this machine for what loses or delays packets");
  command->add_option("--rate", plan->rate, "packets a second that one socket is to receive")
      ->capture_default_str();
  add_number(*command, "--size", &plan->packet_size, "bytes of payload a packet")
      ->capture_default_str();
  command
      ->add_option("--pause", plan->pause_ms,
                   "milliseconds in which nobody reads the socket, now and then: a frame, or "
                   "another program's turn")
      ->capture_default_str();
  add_number(*command, "--clients", &plan->clients, "sockets that one process is to open")
      ->capture_default_str();
  output->add_options(*command);
  command->callback([plan, output, exit_status] { *exit_status = examine(*plan, *output); });
}

}  // namespace ringpeer::tools
