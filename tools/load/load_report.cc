#include "ringpeer/tools/load/load_report.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "ringpeer/tools/command/report_format.h"
#include "ringpeer/tools/command/text_table.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

double to_microseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e3;
}

// In microseconds; of nothing recorded null.
ordered_json microseconds_of(const LatencyHistogram& latency, std::chrono::nanoseconds duration) {
  return latency.count() > 0 ? ordered_json(to_microseconds(duration)) : ordered_json(nullptr);
}

const char* server_kind(const LoadOptions& options, const LoadReport& report) {
  if (options.expect == ExpectedReply::kNothing) return "silent";
  if (report.is_arena()) return "arena";
  return report.received > 0 ? "echo" : nullptr;
}

void add_reply_rows(const ordered_json& report, TextTable* table) {
  if (report.contains("snapshots")) {
    const ordered_json& snapshots = report["snapshots"];
    table->add("inputs that reached the game", count_text(report["answered"]));
    table->add("snapshots received", rate_text(snapshots["received"], snapshots["received_per_s"]));
    table->add("snapshots that the server sent", count_text(snapshots["sent"]));
  } else {
    table->add("answered", rate_text(report["answered"], report["answered_per_s"]));
  }
}

void add_loss_rows(const ordered_json& report, TextTable* table) {
  const ordered_json& server = report["kernel_drops"]["server"];
  table->add("dropped by the kernel at the server",
             server.is_null() ? "unknown: its socket is not on this machine" : count_text(server));
  table->add("dropped by the kernel at the clients", count_text(report["kernel_drops"]["clients"]));
  table->add("refused by the target", count_text(report["connection_refused"]));
  table->add("late, repeated, foreign",
             fmt::format("{}, {}, {}", count_text(report["late"]), count_text(report["repeated"]),
                         count_text(report["foreign"])));
  table->add("unaccounted for", count_text(report["unaccounted"]));
}

void add_round_trip_row(const ordered_json& latency, TextTable* table) {
  const char* name = "round trip p50, p99, p99.9, max";
  if (latency["count"] == 0) {
    table->add(name, "unknown: nothing was answered");
    return;
  }
  table->add(name, fmt::format("{}, {}, {}, {} us", number_text(latency["p50"], 0),
                               number_text(latency["p99"], 0), number_text(latency["p999"], 0),
                               number_text(latency["max"], 0)));
}

}  // namespace

std::int64_t LoadReport::unaccounted_requests() const {
  const std::uint64_t server_drops = server_kernel_drops.value_or(0);
  // Without an arena's own count, a packet that came back is one that arrived.
  const std::uint64_t arrived =
      is_arena() ? inputs_received : echoes + client_kernel_drops.value_or(0);
  return static_cast<std::int64_t>(sent - arrived - server_drops - connection_refused);
}

std::int64_t LoadReport::unaccounted_replies() const {
  if (!is_arena()) return 0;  // echoes: in the requests
  return static_cast<std::int64_t>(snapshots_announced - snapshots -
                                   client_kernel_drops.value_or(0));
}

std::string broken_run(const LoadReport& report) {
  if (report.wait_error != 0) {
    return fmt::format("the kernel does not let this program wait for replies: {}.",
                       std::strerror(report.wait_error));
  }
  if (report.sent > 0) return "";
  if (report.send_refused == 0) return "nothing was sent: the run ended before the first packet.";
  return fmt::format("nothing was sent: the kernel refused every packet, at last with: {}.",
                     std::strerror(report.send_error));
}

std::string judge_load(const LoadOptions& options, const LoadReport& report) {
  if (std::string broken = broken_run(report); !broken.empty()) return broken;
  if (options.expect == ExpectedReply::kNothing) return "";
  if (report.received == 0 && report.connection_refused > 0) {
    return fmt::format("nobody listens at {}: start a server there first, ringpeer serve for one.",
                       options.target_text);
  }
  if (report.received == 0) {
    return fmt::format(
        "no reply from {}. Is a server running there? For one that never answers "
        "(ringpeer serve --mode sink), add --expect nothing.",
        options.target_text);
  }
  const std::int64_t requests = report.unaccounted_requests();
  const std::int64_t replies = report.unaccounted_replies();
  if (requests == 0 && replies == 0) return "";
  return fmt::format(
      "{} requests and {} replies are unaccounted for: neither answered nor dropped by a kernel "
      "buffer that can be seen from here. {}",
      requests, replies,
      report.server_kernel_drops
          ? "The server's own report says what it dropped itself."
          : "The target is not on this machine: the network may have lost them.");
}

ordered_json latency_to_json(const LatencyHistogram& latency) {
  return {{"count", latency.count()},
          {"min", microseconds_of(latency, latency.min())},
          {"mean", microseconds_of(latency, latency.mean())},
          {"p50", microseconds_of(latency, latency.percentile(0.5))},
          {"p90", microseconds_of(latency, latency.percentile(0.9))},
          {"p99", microseconds_of(latency, latency.percentile(0.99))},
          {"p999", microseconds_of(latency, latency.percentile(0.999))},
          {"max", microseconds_of(latency, latency.max())}};
}

ordered_json load_report_to_json(const LoadOptions& options, const LoadReport& report) {
  const bool expects_reply = options.expect != ExpectedReply::kNothing;
  const std::uint64_t answered = report.is_arena() ? report.inputs_received : report.echoes;
  const char* const server = server_kind(options, report);
  ordered_json json = {
      {"schema", kReportSchema},
      {"command", "load"},
      {"target", options.target_text},
      {"clients", options.clients},
      {"hz", options.rate},
      {"payload", options.payload == PayloadKind::kVar ? "var" : "raw"},
      {"packet_bytes", report.sent > 0 ? ordered_json(report.packet_bytes) : ordered_json(nullptr)},
      {"duration_s", report.seconds},
      {"server", server != nullptr ? ordered_json(server) : ordered_json(nullptr)},
      {"sent", report.sent},
      {"sent_per_s", per_second(report.sent, report.seconds)},
      {"send_refused", report.send_refused},
      {"send_missed", report.send_missed},
      {"received", report.received},
      {"answered", answered},
      {"answered_per_s", per_second(answered, report.seconds)},
      {"late", report.late},
      {"repeated", report.repeated},
      {"foreign", report.foreign},
      {"connection_refused", report.connection_refused},
      {"kernel_drops",
       {{"server", or_null(report.server_kernel_drops)},
        {"clients", or_null(report.client_kernel_drops)}}},
      {"unaccounted", expects_reply ? ordered_json(std::abs(report.unaccounted_requests()) +
                                                   std::abs(report.unaccounted_replies()))
                                    : ordered_json(nullptr)},
      {"rtt_us", latency_to_json(report.round_trip)},
      {"steal_percent", or_null(report.steal_percent)},
      {"cpu_s", static_cast<double>(report.cpu.count()) / 1e9},
      {"stopped_by_signal", report.stopped_by_signal},
  };
  if (report.is_arena()) {
    json["snapshots"] = {{"received", report.snapshots},
                         {"received_per_s", per_second(report.snapshots, report.seconds)},
                         {"sent", report.snapshots_announced}};
  }
  json["ok"] = judge_load(options, report).empty();
  return json;
}

std::string load_report_to_text(const LoadOptions& options, const LoadReport& report) {
  const ordered_json json = load_report_to_json(options, report);
  const std::string size =
      json["packet_bytes"].is_null() ? "" : fmt::format(", {} bytes a packet", report.packet_bytes);
  TextTable table(fmt::format("{} clients at {} Hz against {} for {} s{}",
                              json["clients"].get<std::uint32_t>(), json["hz"].get<double>(),
                              json["target"].get<std::string>(), number_text(json["duration_s"], 1),
                              size));
  table.add("sent", rate_text(json["sent"], json["sent_per_s"]));
  table.add("not sent: refused, missed", fmt::format("{}, {}", count_text(json["send_refused"]),
                                                     count_text(json["send_missed"])));
  if (json["server"] != "silent") {
    add_reply_rows(json, &table);
    add_loss_rows(json, &table);
    add_round_trip_row(json["rtt_us"], &table);
  }
  table.add("processor time stolen by the host", percent_text(json["steal_percent"]));
  return table.to_string();
}

}  // namespace ringpeer::tools
