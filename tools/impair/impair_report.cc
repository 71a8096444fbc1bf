#include "ringpeer/tools/impair/impair_report.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "ringpeer/tools/command/report_format.h"
#include "ringpeer/tools/command/text_table.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

ordered_json delay_to_json(const LatencyHistogram& delay) {
  const auto microseconds = [&](std::chrono::nanoseconds duration) {
    return delay.count() > 0 ? ordered_json(static_cast<double>(duration.count()) / 1e3)
                             : ordered_json(nullptr);
  };
  return {{"min", microseconds(delay.min())},
          {"p50", microseconds(delay.percentile(0.5))},
          {"p99", microseconds(delay.percentile(0.99))},
          {"max", microseconds(delay.max())}};
}

ordered_json direction_to_json(const ImpairReport& report, Direction direction) {
  const ImpairCounts& counts = report.of(direction);
  ordered_json json = {{"arrived", counts.arrived},
                       {"arrived_per_s", per_second(counts.arrived, report.seconds)},
                       {"duplicated", counts.duplicated},
                       {"forwarded", counts.forwarded},
                       {"lost", counts.lost},
                       {"queue_full", counts.queue_full},
                       {"relay_full", counts.relay_full}};
  if (direction == Direction::kToServer) json["no_client"] = counts.no_client;
  json["send_failed"] = counts.send_failed;
  json["waiting"] = counts.waiting;
  json["unaccounted"] = counts.unaccounted();
  json["reordered"] = counts.reordered;
  json["truncated"] = counts.truncated;
  json["corrupted"] = counts.corrupted;
  json["kernel_drops"] = or_null(report.kernel_drops[static_cast<std::size_t>(direction)]);
  json["added_delay_us"] = delay_to_json(counts.added_delay);
  return json;
}

std::string delay_text(const ordered_json& delay) {
  if (delay["p50"].is_null()) return "unknown: nothing was forwarded";
  const auto text = [&](const char* name) {
    return number_text(delay[name].get<double>() / 1e3, 1);
  };
  return fmt::format("{}, {}, {}, {} ms", text("min"), text("p50"), text("p99"), text("max"));
}

void add_direction(const char* way, const ordered_json& counts, TextTable* table) {
  const auto text = [&](const char* name) { return count_text(counts[name]); };
  table->add(fmt::format("{}: arrived", way),
             rate_text(counts["arrived"], counts["arrived_per_s"]));
  table->add("  forwarded, lost", fmt::format("{}, {}", text("forwarded"), text("lost")));
  table->add("  over the rate, over the memory",
             fmt::format("{}, {}", text("queue_full"), text("relay_full")));
  if (counts.contains("no_client")) table->add("  of clients without room", text("no_client"));
  table->add("  not sent, still waiting",
             fmt::format("{}, {}", text("send_failed"), text("waiting")));
  table->add("  duplicated, reordered",
             fmt::format("{}, {}", text("duplicated"), text("reordered")));
  table->add("  truncated, corrupted", fmt::format("{}, {}", text("truncated"), text("corrupted")));
  table->add("  added delay min, p50, p99, max", delay_text(counts["added_delay_us"]));
  table->add("  dropped by the kernel before", text("kernel_drops"));
  table->add("  unaccounted for", text("unaccounted"));
}

std::string line_of(const ImpairCounts& counts) {
  return fmt::format("{} in, {} out, {} lost, {} over the rate, {} waiting", counts.arrived,
                     counts.forwarded, counts.lost, counts.queue_full, counts.waiting);
}

}  // namespace

std::string judge_impair(const ImpairReport& report) {
  if (report.wait_error != 0) {
    return fmt::format("the kernel does not let this program wait for datagrams: {}.",
                       std::strerror(report.wait_error));
  }
  for (const ImpairCounts& counts : report.counts) {
    if (counts.unaccounted() == 0) continue;
    return fmt::format("{} datagrams are unaccounted for: this relay has a fault.",
                       std::abs(counts.unaccounted()));
  }
  if (report.of(Direction::kToServer).no_client > 0 && report.socket_error != 0) {
    return fmt::format("clients were left out for want of a socket: {}.",
                       std::strerror(report.socket_error));
  }
  return "";
}

ordered_json impair_report_to_json(const ImpairOptions& options, const ImpairReport& report) {
  ordered_json json = {{"schema", kReportSchema},
                       {"command", "impair"},
                       {"port", report.port},
                       {"target", options.target_text},
                       {"seed", report.seed},
                       {"receive_buffer_bytes", report.receive_buffer},
                       {"duration_s", report.seconds},
                       {"clients", report.clients},
                       {"most_clients", report.most_clients},
                       {"to_server", direction_to_json(report, Direction::kToServer)},
                       {"to_client", direction_to_json(report, Direction::kToClient)},
                       {"refused", report.refused},
                       {"stopped_by_signal", report.stopped_by_signal}};
  if (report.is_interim) json["interim"] = true;
  json["ok"] = judge_impair(report).empty();
  return json;
}

std::string impair_report_to_text(const ImpairOptions& options, const ImpairReport& report) {
  const ordered_json json = impair_report_to_json(options, report);
  TextTable table(fmt::format("{} clients and {} for {} s, seed {}",
                              report.is_interim ? "so far: between" : "Between",
                              json["target"].get<std::string>(), number_text(json["duration_s"], 1),
                              json["seed"].get<std::uint64_t>()));
  table.add("clients, most at a time",
            fmt::format("{}, {}", count_text(json["clients"]), count_text(json["most_clients"])));
  table.add("receive buffer for clients", count_text(json["receive_buffer_bytes"]) + " bytes");
  add_direction("to the server", json["to_server"], &table);
  add_direction("to the clients", json["to_client"], &table);
  table.add("refused by the target", count_text(json["refused"]));
  if (report.send_error != 0) {
    table.add("the last that was not sent", std::strerror(report.send_error));
  }
  return table.to_string();
}

std::string impair_report_to_line(const ImpairReport& report) {
  return fmt::format("{:.1f} s: to the server {}; to the clients {}", report.seconds,
                     line_of(report.of(Direction::kToServer)),
                     line_of(report.of(Direction::kToClient)));
}

}  // namespace ringpeer::tools
