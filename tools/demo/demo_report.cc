#include "ringpeer/tools/demo/demo_report.h"

#include <fmt/format.h>

#include <cstdlib>

#include "ringpeer/tools/command/report_format.h"
#include "ringpeer/tools/command/text_table.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

// Of microseconds or null.
std::string milliseconds_text(const ordered_json& microseconds) {
  return microseconds.is_null() ? "unknown"
                                : fmt::format("{:.1f}", microseconds.get<double>() / 1e3);
}

}  // namespace

std::int64_t DemoReport::server_count(const char* name) const {
  return server_.at(name).get<std::int64_t>();
}

std::int64_t DemoReport::unaccounted_in() const {
  return static_cast<std::int64_t>(load_.sent + load_.cookie.sent()) - server_count("received") -
         server_count("kernel_drops");
}

std::int64_t DemoReport::unaccounted_out() const {
  return server_count("sent") - static_cast<std::int64_t>(load_.received) -
         static_cast<std::int64_t>(load_.client_kernel_drops.value_or(0));
}

std::int64_t DemoReport::unaccounted_inside() const {
  std::int64_t sum = 0;
  for (const auto& [stage, count] : server_.at("unaccounted").items()) {
    sum += std::abs(count.get<std::int64_t>());
  }
  return sum;
}

std::int64_t DemoReport::unaccounted() const {
  return std::abs(unaccounted_in()) + unaccounted_inside() + std::abs(unaccounted_out());
}

std::string DemoReport::judge() const {
  if (std::string broken = broken_run(load_); !broken.empty()) return broken;
  if (unaccounted() == 0) {
    return server_.value("ok", true) ? "" : "the server could not go on to the end.";
  }
  return fmt::format(
      "{} packets are unaccounted for: {} on the way in, {} inside the server, {} on the way out.",
      unaccounted(), unaccounted_in(), unaccounted_inside(), unaccounted_out());
}

std::uint64_t DemoReport::engine_drops() const {
  std::uint64_t sum = 0;
  for (const auto& [reason, count] : server_.at("drops").items()) sum += count.get<std::uint64_t>();
  return sum;
}

ordered_json DemoReport::to_json() const {
  const auto rate = [this](const char* name) {
    return ratio(static_cast<double>(server_count(name)), load_.seconds);
  };
  const ordered_json& cpu = server_.at("cpu");
  return {
      {"schema", kReportSchema},
      {"command", "demo"},
      {"clients", options_.clients},
      {"hz", options_.rate},
      {"duration_s", load_.seconds},
      {"backend", server_.at("backend")},
      {"backend_reason", server_.at("backend_reason")},
      {"players", server_.at("arena").at("most_players")},
      {"received_per_s", rate("received")},
      {"sent_per_s", rate("sent")},
      {"unaccounted", unaccounted()},
      {"engine_drops", engine_drops()},
      {"kernel_drops",
       {{"server", server_.at("kernel_drops")}, {"clients", or_null(load_.client_kernel_drops)}}},
      {"rtt_us", latency_to_json(load_.round_trip)},
      {"cpu_ns_per_packet", cpu.at("ns_per_packet")},
      {"application_ns_per_packet", cpu.at("application_ns_per_packet")},
      {"steal_percent", or_null(load_.steal_percent)},
      {"server", server_},
      {"load", load_report_to_json(options_, load_)},
      {"ok", judge().empty()}};
}

std::string DemoReport::to_text() const {
  const ordered_json json = to_json();
  const auto per_second_text = [&json](const char* name) {
    const ordered_json& rate = json[name];
    return (rate.is_null() ? "unknown"
                           : count_text(static_cast<std::int64_t>(rate.get<double>()))) +
           "/s";
  };
  TextTable table(fmt::format("An arena of {} players at {} Hz for {} s on this machine's loopback",
                              json["clients"].get<std::uint32_t>(), json["hz"].get<double>(),
                              number_text(json["duration_s"], 1)));
  table.add("backend", fmt::format("{}: {}", json["backend"].get<std::string>(),
                                   json["backend_reason"].get<std::string>()));
  table.add("players", count_text(json["players"]));
  table.add("packets in", per_second_text("received_per_s"));
  table.add("packets out", per_second_text("sent_per_s"));
  table.add("dropped by the engine", drops_text(json["server"]["drops"]));
  table.add("dropped by the kernel", fmt::format("{} at the server, {} at the clients",
                                                 count_text(json["kernel_drops"]["server"]),
                                                 count_text(json["kernel_drops"]["clients"])));
  table.add("unaccounted for", count_text(json["unaccounted"]));
  table.add("round trip p50, p99", fmt::format("{}, {} ms; the game answers 60 times a second",
                                               milliseconds_text(json["rtt_us"]["p50"]),
                                               milliseconds_text(json["rtt_us"]["p99"])));
  table.add("server's CPU a packet in or out",
            fmt::format("{} ns, the game included; its thread {} ns",
                        number_text(json["cpu_ns_per_packet"], 0),
                        number_text(json["application_ns_per_packet"], 0)));
  table.add("processor time stolen by the host", percent_text(json["steal_percent"]));
  return table.to_string();
}

}  // namespace ringpeer::tools
