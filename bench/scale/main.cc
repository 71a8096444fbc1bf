// What a server with many peers costs: bytes a peer and look-ups, at 1,000 to 100,000.

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ringpeer/bench/scale/lookup_cost.h"
#include "ringpeer/bench/scale/peer_memory.h"
#include "ringpeer/engine/remotes/remote_table.h"

namespace ringpeer::bench {
namespace {

using Json = nlohmann::json;

// What this project promises, and this program checks.
constexpr double kMaxBytesPerPeer = 1024;
constexpr double kMaxLookupRatio = 2.5;
constexpr std::size_t kMaxProbe = worker::RemoteTable::kMaxProbe;

constexpr int kBadUsage = 2;

Json to_json(const PeerMemory& memory) {
  if (!memory.error.empty()) return {{"error", memory.error}};
  return {{"peers", memory.peers},
          {"server_bytes", memory.server_bytes},
          {"resident_bytes_per_peer", memory.resident_bytes_per_peer},
          {"malloc_bytes_per_peer", memory.allocated_bytes_per_peer},
          {"packets_drained", memory.packets_drained},
          {"fewest_packets_of_a_peer", memory.fewest_packets_of_a_peer},
          {"slowest_accept_us", memory.slowest_accept_us}};
}

// In a process of its own: what an earlier measurement has left behind counts in none.
Json measure_apart(BackendKind backend, std::size_t peers) {
  int ends[2];
  if (::pipe(ends) != 0) return {{"error", "out of descriptors"}};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const std::string text = to_json(measure_peer_memory(backend, peers)).dump();
    const bool written =
        ::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text;
  char chunk[4096];
  for (ssize_t size = 0; (size = ::read(ends[0], chunk, sizeof(chunk))) > 0;) {
    text.append(chunk, static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  Json result = Json::parse(text, nullptr, false);
  if (result.is_discarded()) return {{"error", "the measuring process ended early"}};
  return result;
}

bool report_memory(const char* name, BackendKind backend, const std::vector<std::size_t>& counts,
                   bool quiet, Json* all) {
  bool good = true;
  for (const std::size_t peers : counts) {
    Json row = measure_apart(backend, peers);
    row["backend"] = name;
    if (row.contains("error")) {
      fmt::print(stderr, "{} with {} peers was not measured: {}\n", name, peers,
                 row["error"].get<std::string>());
      good = false;
    } else {
      const double resident = row["resident_bytes_per_peer"];
      const double allocated = row["malloc_bytes_per_peer"];
      const bool kept = resident <= kMaxBytesPerPeer && allocated <= kMaxBytesPerPeer &&
                        row["fewest_packets_of_a_peer"].get<std::size_t>() >= kPacketsPerPeer;
      good = good && kept;
      if (!quiet) {
        fmt::print("{:<10} {:>8} {:>12.0f} {:>12.0f} {:>10} {:>12} {:>14.0f}  {}\n", name, peers,
                   resident, allocated, row["server_bytes"].get<std::size_t>() >> 10,
                   row["packets_drained"].get<std::size_t>(),
                   row["slowest_accept_us"].get<double>(), kept ? "ok" : "TOO MUCH");
      }
    }
    all->push_back(row);
  }
  return good;
}

bool report_lookups(const std::vector<std::size_t>& counts, bool quiet, Json* all) {
  double base = 0;
  bool good = true;
  if (!quiet) {
    fmt::print("\n{:>8} {:>10} {:>8} {:>14} {:>12} {:>16}\n", "remotes", "ns/look-up", "ratio",
               "longest probe", "table bytes", "growth pause us");
  }
  for (const std::size_t remotes : counts) {
    const LookupCost cost = measure_lookup_cost(remotes);
    if (base == 0) base = cost.nanoseconds;
    const double ratio = cost.nanoseconds / base;
    const bool kept = ratio <= kMaxLookupRatio && cost.longest_probe <= kMaxProbe;
    good = good && kept;
    all->push_back({{"remotes", remotes},
                    {"ns_per_lookup", cost.nanoseconds},
                    {"ratio", ratio},
                    {"longest_probe", cost.longest_probe},
                    {"table_bytes", cost.table_bytes},
                    {"growth_pause_us", cost.growth_pause_us}});
    if (!quiet) {
      fmt::print("{:>8} {:>10.1f} {:>8.2f} {:>14} {:>12} {:>16.0f}  {}\n", remotes,
                 cost.nanoseconds, ratio, cost.longest_probe, cost.table_bytes,
                 cost.growth_pause_us, kept ? "ok" : "TOO MUCH");
    }
  }
  return good;
}

int run(int argc, char** argv) {
  CLI::App app("Memory and look-up cost of a server with many peers.");
  std::vector<std::size_t> counts{1000, 10000, 100000};
  std::string backend = "both";
  bool as_json = false;
  app.add_option("--peers", counts, "how many peers, in turn")->check(CLI::Range(1, 1000000));
  app.add_option("--backend", backend, "io_uring, recvmmsg or both")
      ->check(CLI::IsMember({"io_uring", "recvmmsg", "both"}));
  app.add_flag("--json", as_json, "print one JSON object instead of tables");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  Json memory = Json::array();
  Json lookups = Json::array();
  if (!as_json) {
    fmt::print("{:<10} {:>8} {:>12} {:>12} {:>10} {:>12} {:>14}\n", "backend", "peers",
               "resident B", "malloc B", "once KiB", "drained", "worst look us");
  }
  bool good = true;
  if (backend != "recvmmsg") {
    good = report_memory("io_uring", BackendKind::kIoUring, counts, as_json, &memory) && good;
  }
  if (backend != "io_uring") {
    good = report_memory("recvmmsg", BackendKind::kRecvmmsg, counts, as_json, &memory) && good;
  }
  good = report_lookups(counts, as_json, &lookups) && good;
  if (as_json) {
    fmt::print("{}\n", Json{{"memory", memory}, {"lookups", lookups}, {"ok", good}}.dump(2));
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace ringpeer::bench

int main(int argc, char** argv) { return ringpeer::bench::run(argc, argv); }
