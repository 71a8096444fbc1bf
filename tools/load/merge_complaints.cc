#include "ringpeer/tools/load/merge_complaints.h"

#include <fmt/format.h>

#include <cstdint>
#include <set>
#include <utility>

#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/command/report_format.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;
using Parts = std::vector<ordered_json>;
using Pointer = ordered_json::json_pointer;

// What a report of ours always has, and another program's may not.
std::string complaint_about_nulls(const ordered_json& part) {
  for (const char* field : {"/version",
                            "/machine/kernel",
                            "/machine/processors",
                            "/machine/processor",
                            "/target",
                            "/hz",
                            "/payload",
                            "/clients",
                            "/sent",
                            "/send_refused",
                            "/send_missed",
                            "/received",
                            "/answered",
                            "/late",
                            "/repeated",
                            "/corrupted",
                            "/damaged",
                            "/foreign",
                            "/connection_refused",
                            "/parts",
                            "/stopped_by_signal",
                            "/generator/threads",
                            "/joins/count",
                            "/joins/answered",
                            "/joins/failed"}) {
    if (part.at(Pointer(field)).is_null()) {
      return fmt::format("its {} is null, and without it nothing can be merged", field + 1);
    }
  }
  return "";
}

std::string complaint_of(const ordered_json& part) {
  if (!part.is_object() || part.value("command", "") != "load") {
    return "it is no report of ringpeer load";
  }
  if (part.value("schema", 0) != kReportSchema) {
    return fmt::format("its schema is not {}: both programs must be of one version", kReportSchema);
  }
  if (part.contains("steps")) return "reports of --ramp and --find-max cannot be merged";
  return complaint_about_nulls(part);
}

// What an impairment was asked to do; null without one.
ordered_json asked_of(const ordered_json& part) {
  const ordered_json& impairment = part.at("impairment");
  if (impairment.is_null()) return nullptr;
  return {impairment.at("seed"), impairment.at("to_server").at("asked"),
          impairment.at("to_client").at("asked")};
}

// What was asked for and is not the same everywhere, by the option's name; each process has its
// part of one plan. Reports of older programs have none.
std::string complaint_about_plans(const Parts& parts) {
  constexpr std::pair<const char*, const char*> kAsked[] = {
      {"clients", "--clients"},
      {"size", "--size"},
      {"burst", "--burst"},
      {"duration_s", "--duration"},
      {"expect", "what is expected (--expect)"},
      {"vary", "--vary"},
      {"payload_digest", "what the file of packets has (--template, --packets, --like)"},
      {"join_rate_per_s", "--join-rate"},
      {"session_s", "--session"},
      {"seed", "--seed"},
      {"cookie", "--cookie"}};
  const ordered_json& first = parts.front();
  for (const ordered_json& part : parts) {
    if (part.contains("plan") != first.contains("plan")) {
      return "one of the reports has no plan: the programs must be of one version.";
    }
    if (!part.contains("plan")) continue;
    for (const auto& [field, option] : kAsked) {
      const ordered_json asked = first.at("plan").value(field, ordered_json());
      const ordered_json other = part.at("plan").value(field, ordered_json());
      if (asked == other) continue;
      return printable_text(fmt::format(
          "the reports differ in {}, {} and {}: they are not of one plan.", option,
          asked.is_null() ? "none" : asked.dump(), other.is_null() ? "none" : other.dump()));
    }
  }
  return "";
}

// Of all parts: the clients are divided among the threads of all.
std::string complaint_about_clients(const Parts& parts) {
  if (!parts.front().contains("plan")) return "";
  std::uint64_t clients = 0;
  for (const ordered_json& part : parts) clients += part.at("clients").get<std::uint64_t>();
  const auto planned = parts.front().at("plan").at("clients").get<std::uint64_t>();
  if (clients == planned) return "";
  return fmt::format(
      "the parts have {} clients together, and the plan {}: give each the same --threads.", clients,
      planned);
}

}  // namespace

std::string complaint_about_parts(const Parts& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string complaint = complaint_of(parts[i]);
    if (!complaint.empty()) return fmt::format("report {}: {}.", i + 1, complaint);
  }
  if (std::string complaint = complaint_about_plans(parts); !complaint.empty()) return complaint;
  std::set<std::uint32_t> numbers;
  for (const ordered_json& part : parts) {
    for (const char* field : {"/target", "/hz", "/payload", "/part/of", "/series/interval_s"}) {
      if (part.at(Pointer(field)) != parts.front().at(Pointer(field))) {
        return fmt::format("the reports differ in {}: they are not of one plan.", field + 1);
      }
    }
    if (part.contains("replies") != parts.front().contains("replies")) {
      return "the reports differ in what is expected (--expect): they are not of one plan.";
    }
    if (asked_of(part) != asked_of(parts.front())) {
      return "the reports differ in the impairment: they are not of one plan.";
    }
    numbers.insert(part.at("part").at("number").get<std::uint32_t>());
  }
  const auto of = parts.front().at("part").at("of").get<std::uint32_t>();
  if (of == 1) return "the reports are no parts: run each with --part K/N.";
  if (numbers.size() != of || parts.size() != of) {
    return fmt::format(
        "the plan has {} parts, and there are {} of them among {} reports: each is "
        "needed once.",
        of, numbers.size(), parts.size());
  }
  return complaint_about_clients(parts);
}

}  // namespace ringpeer::tools
