#include <fmt/format.h>

#include <string>

#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/command/report_format.h"
#include "ringpeer/tools/command/text_table.h"
#include "ringpeer/tools/load/cookie_report.h"
#include "ringpeer/tools/load/impairment_report.h"
#include "ringpeer/tools/load/load_report.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

// Of a report that may have come from elsewhere.
std::string text_of(const ordered_json& value) {
  return printable_text(value.get_ref<const std::string&>());
}

void add_reply_rows(const ordered_json& report, TextTable* table) {
  if (report.contains("snapshots")) {
    const ordered_json& snapshots = report["snapshots"];
    table->add("inputs that reached the game", count_text(report["answered"]));
    table->add("snapshots received", rate_text(snapshots["received"], snapshots["received_per_s"]));
    table->add("snapshots that the server sent", count_text(snapshots["sent"]));
  } else if (report.contains("replies")) {
    const ordered_json& replies = report["replies"];
    table->add("answers", rate_text(replies["received"], replies["received_per_s"]));
    table->add(
        "of those that the recorded server gave",
        fmt::format("{} of {}", percent_text(replies["percent"]), count_text(replies["expected"])));
  } else {
    table->add("answered", rate_text(report["answered"], report["answered_per_s"]));
  }
}

void add_loss_rows(const ordered_json& report, TextTable* table) {
  const ordered_json& server = report["kernel_drops"]["server"];
  const bool is_interim = report.contains("interim");
  const bool is_part = report["part"]["of"] != 1;
  const auto in_the_end = [&](const char* field) {
    if (is_interim) return std::string("known in the end");
    if (!is_part || !report[field].is_null()) return count_text(report[field]);
    return std::string("unknown: whose the drops at the server are, load merge tells");
  };
  // Of answers that name no packet nobody knows which are missing.
  const bool is_accounted = !report.contains("replies");
  if (is_accounted) {
    if (report.contains("unanswered")) table->add("not answered", in_the_end("unanswered"));
    table->add("  lost where nobody sees it", in_the_end("lost"));
  }
  const std::string indent = is_accounted ? "  " : "";
  table->add(indent + "dropped by the kernel at the server",
             is_interim         ? "known in the end"
             : server.is_null() ? "unknown: its socket is not on this machine"
                                : count_text(server));
  table->add(indent + "dropped by the kernel at the clients",
             is_interim ? "known in the end" : count_text(report["kernel_drops"]["clients"]));
  table->add(indent + "refused by the target", count_text(report["connection_refused"]));
  if (!is_accounted) return;
  table->add(
      "late, repeated, corrupted, foreign",
      fmt::format("{}, {}, {}, {}", count_text(report["late"]), count_text(report["repeated"]),
                  count_text(report["corrupted"]), count_text(report["foreign"])));
  table->add("unaccounted for", in_the_end("unaccounted"));
}

void add_latency_row(const char* name, const ordered_json& latency, TextTable* table) {
  const std::string whole_name = fmt::format("{} p50, p99, p99.9, p99.99, max", name);
  if (latency["count"] == 0) {
    table->add(whole_name, "unknown: nothing was answered");
    return;
  }
  table->add(whole_name,
             fmt::format("{}, {}, {}, {}, {} us", number_text(latency["p50"], 0),
                         number_text(latency["p99"], 0), number_text(latency["p999"], 0),
                         number_text(latency["p9999"], 0), number_text(latency["max"], 0)));
}

void add_latency_rows(const ordered_json& report, TextTable* table) {
  if (report.contains("replies")) {
    table->add("round trip", "unknown: the answers do not say which packet they answer");
    return;
  }
  add_latency_row("round trip", report["rtt_us"], table);
  add_latency_row("the same uncorrected", report["rtt_uncorrected_us"], table);
}

void add_step_rows(const ordered_json& report, TextTable* table) {
  if (!report.contains("steps")) return;
  for (const ordered_json& step : report["steps"]) {
    std::string verdict = step["holds"].is_null()     ? ""
                          : step["holds"].get<bool>() ? ", holds"
                                                      : ", fails";
    if (!step["valid"].get<bool>()) {
      verdict += ", not valid: " + text_of(step["why"]);
    } else if (step["holds"].is_null() && !text_of(step["why"]).empty()) {
      verdict += ", not judged: " + text_of(step["why"]);
    }
    table->add(
        fmt::format("offered {}/s",
                    count_text(static_cast<std::int64_t>(step["offered_per_s"].get<double>()))),
        fmt::format("{} % lost, p99 {} us{}", number_text(step["lost_percent"], 2),
                    number_text(step["p99_us"], 0), verdict));
  }
}

std::string verified_text(const ordered_json& verified) {
  std::string text;
  for (const ordered_json& each : verified) {
    text +=
        fmt::format("{}{} of it held {} times of {}", text.empty() ? "" : ", ",
                    number_text(each["factor"], 2), each["held"].get<int>(), each["of"].get<int>());
  }
  return text.empty() ? "not verified" : text;
}

void add_find_max_rows(const ordered_json& report, TextTable* table) {
  if (!report.contains("find_max")) return;
  const ordered_json& found = report["find_max"];
  table->add("goal", fmt::format("{} % lost at most, p99 {} us at most",
                                 number_text(found["goal"]["loss_percent"], 2),
                                 number_text(found["goal"]["p99_us"], 0)));
  const ordered_json& knee = found["knee_per_s"];
  const std::string limit = found["limited_by"];
  table->add("highest rate that keeps it",
             (knee.is_null() ? "unknown"
                             : count_text(static_cast<std::int64_t>(knee.get<double>())) + "/s") +
                 (limit == "target"    ? ", beyond which the target misses it"
                  : limit == "stopped" ? ": the search was stopped before it was found"
                  : limit == "generator" && knee.is_null() ? ": this program is the limit"
                  : limit == "generator" ? ", beyond which this program is the limit"
                  : knee.is_null()       ? ": the lowest rate misses it already"
                                         : ", the highest that was allowed"));
  if (!knee.is_null()) table->add("verified", verified_text(found["verified"]));
}

// How far the rest can be trusted.
void add_trust_rows(const ordered_json& report, TextTable* table) {
  const ordered_json& generator = report["generator"];
  table->add("sends late by more than a millisecond", percent_text(generator["late_percent"]));
  table->add("lateness of sends p50, p99, max",
             fmt::format("{}, {}, {} us", number_text(generator["late_us"]["p50"], 0),
                         number_text(generator["late_us"]["p99"], 0),
                         number_text(generator["late_us"]["max"], 0)));
  const ordered_json& buffer = generator["socket_buffer_bytes"];
  table->add("receive buffer of each socket",
             buffer.is_null() ? "unknown" : count_text(buffer) + " bytes");
  table->add("busiest thread, of its core", percent_text(generator["cpu_percent"]));
  table->add("processor time stolen by the host", percent_text(report["steal_percent"]));
  std::string trust;
  for (const ordered_json& reason : report["invalid_because"]) {
    trust += (trust.empty() ? "not valid: " : "; ") + text_of(reason);
  }
  if (trust.empty()) {
    trust = fmt::format(
        "valid; of the round trips, {} us are this program's lateness in all but "
        "one send of a hundred",
        number_text(generator["late_us"]["p99"], 0));
  }
  table->add("how far to trust it", trust);
}

std::string refused_text(const ordered_json& report) {
  std::string text = count_text(report["send_refused"]);
  if (!report.contains("send_errors")) return text;
  for (const ordered_json& each : report["send_errors"]) {
    text += fmt::format(" ({} {})", count_text(each["count"]), text_of(each["error"]));
  }
  return text;
}

std::string title_of(const ordered_json& report) {
  const ordered_json& bytes = report["packet_bytes"];
  const std::string size =
      bytes.is_null() ? "" : fmt::format(", {} bytes a packet", bytes.get<std::uint64_t>());
  const ordered_json& hz = report["hz"];
  const bool has_rate = !report.contains("steps") && hz.is_number();
  const std::string rate = has_rate ? fmt::format(" at {:.6g} Hz", hz.get<double>()) : "";
  const ordered_json plan = report.value("plan", ordered_json());
  const ordered_json burst = plan.is_object() ? plan.value("burst", ordered_json()) : plan;
  const std::string bursts = burst.is_number_unsigned() && burst > 1
                                 ? fmt::format(", {} packets at once", count_text(burst))
                                 : "";
  return fmt::format("{}{} clients{}{} against {} for {} s{}",
                     report.contains("interim") ? "so far: " : "",
                     report["clients"].get<std::uint32_t>(), rate, bursts,
                     text_of(report["target"]), number_text(report["duration_s"], 1), size);
}

}  // namespace

std::string load_json_to_text(const ordered_json& report) {
  TextTable table(title_of(report));
  if (report["stopped_by_signal"] != 0) {
    table.add("ended early", "by signal " + count_text(report["stopped_by_signal"]));
  }
  table.add("sent", rate_text(report["sent"], report["sent_per_s"]));
  table.add("not sent: refused, missed",
            fmt::format("{}, {}", refused_text(report), count_text(report["send_missed"])));
  if (report["joins"]["count"] != report["clients"] || report["joins"]["failed"] != 0) {
    table.add("joined, of these answered, failed",
              fmt::format("{}, {}, {}", count_text(report["joins"]["count"]),
                          count_text(report["joins"]["answered"]),
                          count_text(report["joins"]["failed"])));
  }
  add_cookie_rows(report, &table);
  if (report["server"] != "silent") {
    add_reply_rows(report, &table);
    add_loss_rows(report, &table);
    add_latency_rows(report, &table);
  }
  add_impairment_rows(report["impairment"], &table);
  add_step_rows(report, &table);
  add_find_max_rows(report, &table);
  add_trust_rows(report, &table);
  return table.to_string();
}

std::string load_report_to_text(const LoadOptions& options, const LoadReport& report) {
  return load_json_to_text(load_report_to_json(options, report));
}

}  // namespace ringpeer::tools
