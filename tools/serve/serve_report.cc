#include "ringpeer/tools/serve/serve_report.h"

#include <fmt/format.h>

#include <cstdlib>

#include "ringpeer/tools/command/report_format.h"
#include "ringpeer/tools/command/text_table.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

double to_seconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e9;
}

// Null for 0 packets.
ordered_json per_packet(std::chrono::nanoseconds cpu, std::uint64_t packets) {
  return ratio(static_cast<double>(cpu.count()), static_cast<double>(packets));
}

// The sum of the counters whose name begins so.
std::uint64_t sum_of(const CounterSnapshot& counters, std::string_view prefix) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    if (counter_info(static_cast<Counter>(i)).name.starts_with(prefix)) sum += counters.values[i];
  }
  return sum;
}

ordered_json drops_to_json(const CounterSnapshot& counters) {
  ordered_json drops = ordered_json::object();
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    const CounterInfo& info = counter_info(static_cast<Counter>(i));
    if (info.is_drop) drops[std::string(info.name)] = counters.values[i];
  }
  return drops;
}

ordered_json counters_to_json(const CounterSnapshot& counters) {
  ordered_json json = ordered_json::object();
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    json[std::string(counter_info(static_cast<Counter>(i)).name)] = counters.values[i];
  }
  return json;
}

ordered_json waits_to_json(const std::vector<WaitReport>& waits) {
  ordered_json json = ordered_json::array();
  for (const WaitReport& wait : waits) {
    json.push_back({{"reason", name_of(wait.reason)},
                    {"budget_us", wait.budget.count()},
                    {"wakeups_per_s", wait.wakeups_per_second},
                    {"packets_per_wakeup", wait.packets_per_wakeup},
                    {"buffer_packets", wait.buffer_packets},
                    {"buffer_ms", static_cast<double>(wait.buffer_time.count()) / 1e3}});
  }
  return json;
}

ordered_json source_list_to_json(const SourceListFigures& list) {
  return {{"prefixes", list.prefixes},
          {"bytes", list.bytes},
          {"load_ms", list.load_ms},
          {"reloads", list.reloads},
          {"reloads_failed", list.reloads_failed}};
}

void add_source_list(const ordered_json& list, TextTable* table) {
  table->add("list of sources",
             fmt::format("{} prefixes in {} bytes, read in {} ms", count_text(list["prefixes"]),
                         count_text(list["bytes"]), number_text(list["load_ms"], 1)));
  table->add("  read again, failed", fmt::format("{}, {}", count_text(list["reloads"]),
                                                 count_text(list["reloads_failed"])));
}

void add_wait(const ordered_json& wait, std::size_t worker, TextTable* table) {
  table->add(fmt::format("wait of worker {}", worker),
             fmt::format("{}, {} us; {} wake-ups/s with {} packets each",
                         wait["reason"].get<std::string>(), count_text(wait["budget_us"]),
                         number_text(wait["wakeups_per_s"], 0),
                         number_text(wait["packets_per_wakeup"], 1)));
  if (wait["buffer_packets"] == 0) return;
  table->add("  its socket buffer holds",
             fmt::format("{} packets, {} ms at the rate of late",
                         count_text(wait["buffer_packets"]), number_text(wait["buffer_ms"], 0)));
}

}  // namespace

const char* serve_mode_name(ServeMode mode) {
  switch (mode) {
    case ServeMode::kEcho:
      return "echo";
    case ServeMode::kSink:
      return "sink";
    case ServeMode::kArena:
      return "arena";
  }
  return "";
}

std::uint64_t ServeReport::packets() const {
  return counters[Counter::kReceivedPackets] + counters[Counter::kSentPackets];
}

std::int64_t ServeReport::unaccounted_received() const {
  return static_cast<std::int64_t>(counters[Counter::kReceivedPackets] -
                                   counters[Counter::kDeliveredPackets] -
                                   counters.dropped_packets());
}

std::int64_t ServeReport::unaccounted_delivered() const {
  return static_cast<std::int64_t>(counters[Counter::kDeliveredPackets] - service.taken);
}

std::int64_t ServeReport::unaccounted_sent() const {
  return static_cast<std::int64_t>(counters[Counter::kSendRequestedPackets] -
                                   counters[Counter::kSentPackets] -
                                   sum_of(counters, "send_failed"));
}

std::int64_t ServeReport::unaccounted() const {
  return std::abs(unaccounted_received()) + std::abs(unaccounted_delivered()) +
         std::abs(unaccounted_sent());
}

std::string judge_serve(const ServeReport& report) {
  if (report.engine_has_ended) return "the engine had to end: see above.";
  // Of a run that goes on some are on their way.
  if (report.unaccounted() == 0 || report.is_interim) return "";
  return fmt::format("{} packets are unaccounted for: this is a fault of the engine.",
                     report.unaccounted());
}

ordered_json serve_report_to_json(const ServeOptions& options, const ServeReport& report) {
  const CounterSnapshot& counters = report.counters;
  const ServiceCounts& service = report.service;
  ordered_json json = {
      {"schema", kReportSchema},
      {"command", "serve"},
      {"mode", serve_mode_name(options.mode)},
      {"port", report.port},
      {"backend", report.backend},
      {"backend_reason", report.backend_reason},
      {"workers", report.workers},
      {"receive_buffer_bytes", report.receive_buffer},
      {"duration_s", report.seconds},
      {"received", counters[Counter::kReceivedPackets]},
      {"received_per_s", per_second(counters[Counter::kReceivedPackets], report.seconds)},
      {"delivered", counters[Counter::kDeliveredPackets]},
      {"sent", counters[Counter::kSentPackets]},
      {"sent_per_s", per_second(counters[Counter::kSentPackets], report.seconds)},
      {"drops", drops_to_json(counters)},
      {"kernel_drops", counters[Counter::kKernelDrops]},
      {"unaccounted",
       {{"received", report.unaccounted_received()},
        {"delivered", report.unaccounted_delivered()},
        {"sent", report.unaccounted_sent()}}},
      {"service",
       {{"taken", service.taken},
        {"malformed", service.malformed},
        {"repeated", service.repeated},
        {"own", service.own},
        {"empty", service.empty},
        {"replies", service.replies},
        {"replies_refused", service.replies_refused}}},
      {"cpu",
       {{"process_s", to_seconds(report.cpu)},
        {"application_thread_s", to_seconds(report.application_cpu)},
        {"ns_per_packet", per_packet(report.cpu, report.packets())},
        {"application_ns_per_packet", per_packet(report.application_cpu, report.packets())}}},
      {"waits", waits_to_json(report.waits)},
      {"steal_percent", or_null(report.steal_percent)},
      {"counters", counters_to_json(counters)},
      {"stopped_by_signal", report.stopped_by_signal},
  };
  if (options.mode == ServeMode::kArena) {
    json["arena"] = {{"most_players", service.most_players},
                     {"players_refused", service.players_refused},
                     {"ticks", service.ticks},
                     {"ticks_missed", service.ticks_missed}};
  }
  if (report.source_list) json["source_list"] = source_list_to_json(*report.source_list);
  if (report.is_interim) json["interim"] = true;
  json["ok"] = judge_serve(report).empty();
  return json;
}

std::string serve_report_to_text(const ServeOptions& options, const ServeReport& report) {
  const ordered_json json = serve_report_to_json(options, report);
  const ordered_json& cpu = json["cpu"];
  TextTable table(fmt::format("{}{} on port {} for {} s", report.is_interim ? "so far: " : "",
                              json["mode"].get<std::string>(), json["port"].get<int>(),
                              number_text(json["duration_s"], 1)));
  table.add("backend", fmt::format("{}: {}", json["backend"].get<std::string>(),
                                   json["backend_reason"].get<std::string>()));
  if (json.contains("arena")) {
    const ordered_json& arena = json["arena"];
    table.add("players, at most", count_text(arena["most_players"]));
    table.add("ticks, missed",
              fmt::format("{}, {}", count_text(arena["ticks"]), count_text(arena["ticks_missed"])));
  }
  if (json.contains("source_list")) add_source_list(json["source_list"], &table);
  table.add("receive buffer of each socket",
            fmt::format("{} bytes", count_text(json["receive_buffer_bytes"])));
  table.add("packets in", rate_text(json["received"], json["received_per_s"]));
  table.add("packets out", rate_text(json["sent"], json["sent_per_s"]));
  table.add("not understood", count_text(json["service"]["malformed"]));
  table.add("dropped by the engine", drops_text(json["drops"]));
  table.add("dropped by the kernel", count_text(json["kernel_drops"]));
  table.add(report.is_interim ? "on their way inside" : "unaccounted for",
            count_text(report.unaccounted()));
  table.add(
      "CPU a packet in or out",
      fmt::format("{} ns, of it the application thread {} ns", number_text(cpu["ns_per_packet"], 0),
                  number_text(cpu["application_ns_per_packet"], 0)));
  for (std::size_t i = 0; i < report.waits.size(); ++i) add_wait(json["waits"][i], i, &table);
  table.add("processor time stolen by the host", percent_text(json["steal_percent"]));
  return table.to_string();
}

}  // namespace ringpeer::tools
