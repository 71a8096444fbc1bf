#include "ringpeer/bench/rivals/report.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include "ringpeer/bench/rivals/cases.h"

namespace ringpeer::bench {
namespace {

// Peers whose figures the others of a case are divided by: the first that was measured.
constexpr const char* kBases[] = {"recvmmsg_frame", "recvmmsg", "recvmmsg_cadence",
                                  "recvmmsg_epoll", "recvfrom", "ringpeer/wake_at_once"};

std::string number(double value, int decimals) {
  return std::isnan(value) ? "-" : fmt::format("{:.{}f}", value, decimals);
}

std::string base_of(const std::map<std::string, std::vector<Measurement>>& peers) {
  for (const char* base : kBases) {
    if (peers.contains(base)) return base;
  }
  return peers.begin()->first;
}

std::string peer_row(const Series& series, const Series::Key& key, const std::string& peer,
                     const std::string& base) {
  const auto middle = [&](Series::Field field) { return series.median_of(key, peer, field); };
  const double cpu_ratio = series.ratio(key, peer, base, &Measurement::cpu_ns_per_packet);
  const double rate_ratio = series.ratio(key, peer, base, &Measurement::delivered_pps);
  return fmt::format(
      "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", peer,
      number(middle(&Measurement::offered_pps) / 1e3, 1),
      number(middle(&Measurement::delivered_pps) / 1e3, 1), number(rate_ratio, 2),
      number(middle(&Measurement::cpu_ns_per_packet), 0), number(cpu_ratio, 2),
      number(middle(&Measurement::app_ns_per_packet), 0), number(middle(&Measurement::p50_us), 0),
      number(middle(&Measurement::p99_us), 0), number(middle(&Measurement::p999_us), 0),
      number(middle(&Measurement::kernel_drops), 0), number(middle(&Measurement::engine_drops), 0),
      number(middle(&Measurement::unaccounted), 0),
      number(middle(&Measurement::longest_call_us), 0),
      number(middle(&Measurement::wakeups_per_second), 0),
      number(middle(&Measurement::receive_buffer) / 1024, 0));
}

std::string case_table(const Series& series, const Series::Key& key,
                       const std::map<std::string, std::vector<Measurement>>& peers) {
  const Case* test_case = find_case(key.test_case);
  const std::string base = base_of(peers);
  std::string text =
      fmt::format("\n### {}{}{}, {} B, {} {}\n", key.test_case, key.order.empty() ? "" : " ",
                  key.order, key.size, key.remotes, key.remotes == 1 ? "remote" : "remotes");
  if (test_case != nullptr) text += test_case->what + ".\n";
  text += fmt::format(
      "\n| peer | offered k/s | delivered k/s | / {0} | CPU ns | / {0} | application ns | p50 us "
      "| p99 us | p99.9 us | kernel drops | engine drops | unaccounted "
      "| longest call us | wake-ups/s | socket buffer KiB |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
      base);
  for (const std::string& peer : all_peers()) {
    if (peers.contains(peer)) text += peer_row(series, key, peer, base);
  }
  return text;
}

std::string first_value_of(const char* path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t colon = line.find(':');
    return colon == std::string::npos ? line : line.substr(colon + 2);
  }
  return "unknown";
}

std::string first_line_of(const char* path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) ? line : "unknown";
}

}  // namespace

std::string summary_tables(const Series& series) {
  std::string text;
  // In the order of the list of cases; within one by size and remotes.
  for (const Case& test_case : all_cases()) {
    for (const auto& [key, peers] : series.by_key()) {
      if (key.test_case == test_case.name) text += case_table(series, key, peers);
    }
  }
  return text;
}

std::string check_table(const std::vector<Check>& checks) {
  std::string text = "\n| check | measured | limit | |\n|---|---|---|---|\n";
  for (const Check& check : checks) {
    const char* state = "not measured";
    if (check.state() == Check::State::kPass) state = "pass";
    if (check.state() == Check::State::kMiss) state = "MISS";
    if (check.state() == Check::State::kNoLimit) state = "";
    const std::string limit =
        check.has_limit()
            ? fmt::format("{} {}", check.at_most ? "at most" : "at least", check.limit)
            : "-";
    text +=
        fmt::format("| {} | {} | {} | {} |\n", check.text, number(check.value, 3), limit, state);
  }
  return text;
}

std::string machine_description() {
  utsname system{};
  uname(&system);
  return fmt::format("{}, {} CPUs online, Linux {}, net.core.rmem_max {}, net.core.rmem_default {}",
                     first_value_of("/proc/cpuinfo", "model name"), sysconf(_SC_NPROCESSORS_ONLN),
                     system.release, first_line_of("/proc/sys/net/core/rmem_max"),
                     first_line_of("/proc/sys/net/core/rmem_default"));
}

}  // namespace ringpeer::bench
