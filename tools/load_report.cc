#include "ringpeer/tools/load_report.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "ringpeer/tools/text_table.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

double to_microseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e3;
}

std::string count_text(std::uint64_t number) {
  return with_thousands(static_cast<std::int64_t>(number));
}

std::string rate_text(std::uint64_t packets, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(packets) / seconds : 0;
  return fmt::format("{}  ({}/s)", count_text(packets),
                     with_thousands(static_cast<std::int64_t>(rate)));
}

template <typename T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

void add_arena_rows(const LoadReport& report, TextTable* table) {
  table->add("inputs that reached the game", count_text(report.inputs_received));
  table->add("snapshots received", rate_text(report.snapshots, report.seconds));
  table->add("snapshots that the server sent", count_text(report.snapshots_announced));
}

void add_loss_rows(const LoadReport& report, TextTable* table) {
  table->add("dropped by the kernel at the server",
             report.server_kernel_drops ? count_text(*report.server_kernel_drops)
                                        : "unknown: its socket is not on this machine");
  table->add("dropped by the kernel at the clients", count_text(report.client_kernel_drops));
  table->add("late, repeated, foreign",
             fmt::format("{}, {}, {}", report.late, report.repeated, report.foreign));
}

}  // namespace

std::int64_t LoadReport::unaccounted_requests() const {
  const std::uint64_t server_drops = server_kernel_drops.value_or(0);
  // Without an arena's own count, a packet that came back is one that arrived.
  const std::uint64_t arrived = is_arena() ? inputs_received : echoes + client_kernel_drops;
  return static_cast<std::int64_t>(sent - arrived - server_drops);
}

std::int64_t LoadReport::unaccounted_replies() const {
  if (!is_arena()) return 0;  // echoes: in the requests
  return static_cast<std::int64_t>(snapshots_announced - snapshots - client_kernel_drops);
}

std::string broken_run(const LoadReport& report) {
  if (report.wait_error != 0) {
    return fmt::format("the kernel does not let this program wait for replies: {}.",
                       std::strerror(report.wait_error));
  }
  if (report.sent > 0) return "";
  return report.send_refused > 0 ? "nothing was sent: the kernel refused every packet."
                                 : "nothing was sent: the run ended before the first packet.";
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
          {"min", to_microseconds(latency.min())},
          {"mean", to_microseconds(latency.mean())},
          {"p50", to_microseconds(latency.percentile(0.5))},
          {"p90", to_microseconds(latency.percentile(0.9))},
          {"p99", to_microseconds(latency.percentile(0.99))},
          {"p999", to_microseconds(latency.percentile(0.999))},
          {"max", to_microseconds(latency.max())}};
}

ordered_json load_report_to_json(const LoadOptions& options, const LoadReport& report) {
  const bool expects_reply = options.expect != ExpectedReply::kNothing;
  ordered_json json = {
      {"command", "load"},
      {"target", options.target_text},
      {"clients", options.clients},
      {"hz", options.rate},
      {"payload", options.payload == PayloadKind::kVar ? "var" : "raw"},
      {"packet_bytes", report.packet_bytes},
      {"duration_s", report.seconds},
      {"server", !expects_reply      ? "silent"
                 : report.is_arena() ? "arena"
                                     : "echo"},
      {"sent", report.sent},
      {"sent_per_s", report.seconds > 0 ? static_cast<double>(report.sent) / report.seconds : 0.0},
      {"send_refused", report.send_refused},
      {"send_missed", report.send_missed},
      {"received", report.received},
      {"answered", report.is_arena() ? report.inputs_received : report.echoes},
      {"late", report.late},
      {"repeated", report.repeated},
      {"foreign", report.foreign},
      {"connection_refused", report.connection_refused},
      {"kernel_drops",
       {{"server", or_null(report.server_kernel_drops)}, {"clients", report.client_kernel_drops}}},
      {"unaccounted", expects_reply ? ordered_json(std::abs(report.unaccounted_requests()) +
                                                   std::abs(report.unaccounted_replies()))
                                    : ordered_json(nullptr)},
      {"rtt_us", latency_to_json(report.round_trip)},
      {"steal_percent", or_null(report.steal_percent)},
      {"cpu_s", static_cast<double>(report.cpu.count()) / 1e9},
      {"stopped_by_signal", report.stopped_by_signal},
  };
  if (report.is_arena()) {
    json["snapshots"] = {{"received", report.snapshots}, {"sent", report.snapshots_announced}};
  }
  json["ok"] = judge_load(options, report).empty();
  return json;
}

std::string load_report_to_text(const LoadOptions& options, const LoadReport& report) {
  TextTable table(fmt::format("{} clients at {} Hz against {} for {:.1f} s, {} bytes a packet",
                              options.clients, options.rate, options.target_text, report.seconds,
                              report.packet_bytes));
  table.add("sent", rate_text(report.sent, report.seconds));
  table.add("not sent: refused, missed",
            fmt::format("{}, {}", report.send_refused, report.send_missed));
  if (options.expect != ExpectedReply::kNothing) {
    if (report.is_arena()) {
      add_arena_rows(report, &table);
    } else {
      table.add("answered", rate_text(report.echoes, report.seconds));
    }
    add_loss_rows(report, &table);
    table.add("unaccounted for", with_thousands(std::abs(report.unaccounted_requests()) +
                                                std::abs(report.unaccounted_replies())));
    table.add("round trip p50, p99, p99.9, max",
              fmt::format("{:.0f}, {:.0f}, {:.0f}, {:.0f} us",
                          to_microseconds(report.round_trip.percentile(0.5)),
                          to_microseconds(report.round_trip.percentile(0.99)),
                          to_microseconds(report.round_trip.percentile(0.999)),
                          to_microseconds(report.round_trip.max())));
  }
  table.add("processor time stolen by the host",
            report.steal_percent ? fmt::format("{:.1f} %", *report.steal_percent) : "unknown");
  return table.to_string();
}

}  // namespace ringpeer::tools
