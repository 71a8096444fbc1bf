#include "ringpeer/tools/demo_report.h"

#include <fmt/format.h>

#include <cstdlib>

#include "ringpeer/tools/text_table.h"

namespace ringpeer::tools {
namespace {

double to_milliseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

}  // namespace

std::int64_t DemoReport::server_count(const char* name) const {
  return server_.at(name).get<std::int64_t>();
}

std::int64_t DemoReport::unaccounted_in() const {
  return static_cast<std::int64_t>(load_.sent) - server_count("received") -
         server_count("kernel_drops");
}

std::int64_t DemoReport::unaccounted_out() const {
  return server_count("sent") - static_cast<std::int64_t>(load_.received) -
         static_cast<std::int64_t>(load_.client_kernel_drops);
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

nlohmann::ordered_json DemoReport::to_json() const {
  return {{"command", "demo"},
          {"clients", options_.clients},
          {"hz", options_.rate},
          {"duration_s", load_.seconds},
          {"backend", server_.at("backend")},
          {"backend_reason", server_.at("backend_reason")},
          {"unaccounted", unaccounted()},
          {"engine_drops", engine_drops()},
          {"kernel_drops",
           {{"server", server_.at("kernel_drops")}, {"clients", load_.client_kernel_drops}}},
          {"rtt_us", latency_to_json(load_.round_trip)},
          {"cpu_ns_per_packet", server_.at("cpu").at("ns_per_packet")},
          {"server", server_},
          {"load", load_report_to_json(options_, load_)},
          {"ok", judge().empty()}};
}

std::string DemoReport::to_text() const {
  const auto per_second = [this](std::int64_t count) {
    return with_thousands(
        load_.seconds > 0 ? static_cast<std::int64_t>(static_cast<double>(count) / load_.seconds)
                          : 0);
  };
  std::string drops;
  for (const auto& [reason, count] : server_.at("drops").items()) {
    if (count.get<std::int64_t>() != 0) {
      drops += fmt::format("{} {}, ", reason, count.get<std::int64_t>());
    }
  }
  const auto& cpu = server_.at("cpu");
  TextTable table(
      fmt::format("An arena of {} players at {} Hz for {:.1f} s on this machine's loopback",
                  options_.clients, options_.rate, load_.seconds));
  table.add("backend", fmt::format("{}: {}", server_.at("backend").get<std::string>(),
                                   server_.at("backend_reason").get<std::string>()));
  table.add("players", with_thousands(server_.at("arena").at("most_players").get<std::int64_t>()));
  table.add("packets in", per_second(server_count("received")) + "/s");
  table.add("packets out", per_second(server_count("sent")) + "/s");
  table.add("dropped by the engine", drops.empty() ? "none" : drops.substr(0, drops.size() - 2));
  table.add("dropped by the kernel",
            fmt::format("{} at the server, {} at the clients", server_count("kernel_drops"),
                        load_.client_kernel_drops));
  table.add("unaccounted for", with_thousands(unaccounted()));
  table.add("round trip p50, p99",
            fmt::format("{:.1f}, {:.1f} ms; the game answers 60 times a second",
                        to_milliseconds(load_.round_trip.percentile(0.5)),
                        to_milliseconds(load_.round_trip.percentile(0.99))));
  table.add("server's CPU a packet in or out",
            fmt::format("{:.0f} ns, the game included; its thread {:.0f} ns",
                        cpu.at("ns_per_packet").get<double>(),
                        cpu.at("application_ns_per_packet").get<double>()));
  table.add("processor time stolen by the host",
            load_.steal_percent ? fmt::format("{:.1f} %", *load_.steal_percent) : "unknown");
  return table.to_string();
}

}  // namespace ringpeer::tools
