#include "ringpeer/tools/doctor/doctor_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "ringpeer/tools/command/report_format.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kNote:
      return "note";
    case Verdict::kProblem:
      return "problem";
  }
  return "";
}

std::int64_t count_of(const Findings& findings, Verdict verdict) {
  return std::count_if(findings.begin(), findings.end(),
                       [=](const Finding& finding) { return finding.verdict == verdict; });
}

ordered_json to_json(const Finding& finding) {
  return {
      {"check", finding.check},
      {"verdict", word_of(finding.verdict)},
      {"found", finding.found},
      {"advice", finding.advice.empty() ? ordered_json(nullptr) : ordered_json(finding.advice)}};
}

}  // namespace

std::string judge_doctor(const DoctorReport& report) {
  std::string names;
  for (const Finding& finding : report.findings) {
    if (finding.verdict != Verdict::kProblem) continue;
    names += (names.empty() ? "" : ", ") + finding.check;
  }
  if (names.empty()) return "";
  return fmt::format(
      "this plan loses packets here, or does not start: {}. The lines above say what "
      "to do.",
      names);
}

ordered_json doctor_report_to_json(const DoctorPlan& plan, const DoctorReport& report) {
  ordered_json checks = ordered_json::array();
  for (const Finding& finding : report.findings) checks.push_back(to_json(finding));
  const std::optional<BufferRoom>& room = report.receive_buffer;
  return {{"schema", kReportSchema},
          {"command", "doctor"},
          {"rate_per_s", plan.rate},
          {"packet_bytes", plan.packet_size},
          {"pause_ms", plan.pause_ms},
          {"clients", plan.clients},
          {"receive_buffer",
           {{"bytes", or_null(report.receive_buffer_bytes)},
            {"packets", room ? ordered_json(room->packets) : ordered_json(nullptr)},
            {"ms", room ? ordered_json(room->ms) : ordered_json(nullptr)}}},
          {"checks", std::move(checks)},
          {"problems", count_of(report.findings, Verdict::kProblem)},
          {"notes", count_of(report.findings, Verdict::kNote)},
          {"ok", judge_doctor(report).empty()}};
}

std::string doctor_report_to_text(const DoctorPlan& plan, const DoctorReport& report) {
  const ordered_json json = doctor_report_to_json(plan, report);
  std::string text = fmt::format(
      "This machine for {} packets/s of {} bytes in one socket, {} ms in which nobody reads, and "
      "{} "
      "clients: {} problems, {} notes\n",
      count_text(static_cast<std::int64_t>(json["rate_per_s"].get<double>())),
      count_text(json["packet_bytes"]), json["pause_ms"].get<double>(), count_text(json["clients"]),
      count_text(json["problems"]), count_text(json["notes"]));
  std::size_t width = 0;
  for (const ordered_json& check : json["checks"]) {
    width = std::max(width, check["check"].get<std::string>().size());
  }
  for (const ordered_json& check : json["checks"]) {
    text +=
        fmt::format("  {:<7}  {:<{}}  {}", check["verdict"].get<std::string>(),
                    check["check"].get<std::string>(), width, check["found"].get<std::string>());
    if (!check["advice"].is_null())
      text += fmt::format(". Do: {}", check["advice"].get<std::string>());
    text += "\n";
  }
  return text;
}

}  // namespace ringpeer::tools
