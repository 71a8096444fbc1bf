// Where echo servers begin to lose: `ringpeer load --find-max` against `ringpeer serve --mode echo`
// and against the plain loop of recvfrom_echo, both with the same work a packet, in rounds that
// follow each other. Without work the tool has to say that it is itself the limit.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ringpeer/bench/process/child_process.h"
#include "ringpeer/bench/process/server_program.h"

namespace ringpeer::bench {
namespace {

using Json = nlohmann::json;

// More, and the host has decided where the knee is: the round is void.
constexpr double kMaxStealPercent = 5;
// A program ends sooner, and a search with steps of a minute is over.
constexpr std::chrono::milliseconds kPatience{20'000};
constexpr std::chrono::minutes kMaxSearch{90};

struct Options {
  int rounds = 3;
  int work_us = 20;
  int clients = 64;
  int threads = 1;
  double step_seconds = 1;
  std::string loss = "0.1%";
  std::string p99 = "5ms";
};

struct Peer {
  std::string name;
  std::vector<std::string> command;
  std::vector<double> knees;
};

// The report of a search; null when it printed none.
Json search(const std::string& ringpeer, const Options& options, std::uint16_t port) {
  ChildProcess load;
  const std::string error = load.start(
      ringpeer, {"load", "--target", fmt::format("127.0.0.1:{}", port), "--clients",
                 std::to_string(options.clients), "--threads", std::to_string(options.threads),
                 "--find-max", "--loss", options.loss, "--p99", options.p99, "--step",
                 fmt::format("{}s", options.step_seconds), "--json", "--allow-invalid"});
  if (!error.empty()) return nullptr;
  std::string text;
  for (std::string line; load.read_line(&line, kMaxSearch);) text += line + "\n";
  load.finish(kPatience);
  return Json::parse(text, nullptr, false);
}

std::string verified_text(const Json& found) {
  std::string text;
  for (const Json& check : found["verified"]) {
    text += fmt::format("{}{} x: {} of {}", text.empty() ? "" : ", ", check["factor"].get<double>(),
                        check["held"].get<int>(), check["of"].get<int>());
  }
  return text.empty() ? "not verified" : text;
}

// One search, told in a line. False when nothing came of it.
bool measure(const std::string& ringpeer, const Options& options, int round, Peer* peer) {
  ChildProcess server;
  const std::string error = start_with_both_streams(peer->command, &server);
  const std::uint16_t port = error.empty() ? announced_port(&server) : 0;
  if (port == 0) {
    std::fprintf(stderr, "knee: %s does not serve %s\n", peer->name.c_str(), error.c_str());
    return false;
  }
  const Json report = search(ringpeer, options, port);
  if (!report.is_object() || !report.contains("find_max")) {
    std::fprintf(stderr, "knee: ringpeer load gave no report\n");
    return false;
  }
  const Json& found = report["find_max"];
  const double steal =
      report["steal_percent"].is_null() ? 0 : report["steal_percent"].get<double>();
  const bool is_void = steal > kMaxStealPercent;
  const bool has_knee = found["knee_per_s"].is_number();
  fmt::print("round {}  {:<26} {:>10}/s  limited by {}; {}; steal {:.1f} %{}\n", round, peer->name,
             has_knee ? fmt::format("{:.0f}", found["knee_per_s"].get<double>()) : "none",
             found["limited_by"].get<std::string>(), verified_text(found), steal,
             is_void ? ": void" : "");
  std::fflush(stdout);
  // One that is the load's own is none of the server.
  const bool is_servers = has_knee && found["limited_by"] == "target";
  if (is_servers && !is_void) peer->knees.push_back(found["knee_per_s"].get<double>());
  return true;
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(const Options& options) {
  const std::filesystem::path folder = programs_folder();
  const std::string ringpeer = folder / "tools/ringpeer";
  const std::string work = std::to_string(options.work_us);
  std::vector<Peer> peers = {
      {"ringpeer serve --mode echo",
       {ringpeer, "serve", "--mode", "echo", "--port", "0", "--address", "127.0.0.1", "--work",
        work},
       {}},
      {"recvfrom_echo", {folder / "bench/knee/recvfrom_echo", "0", work}, {}}};
  for (int round = 1; round <= options.rounds; ++round) {
    for (Peer& peer : peers) {
      if (!measure(ringpeer, options, round, &peer)) return 1;
    }
    std::swap(peers[0], peers[1]);  // each is the first as often
  }
  std::sort(peers.begin(), peers.end(),
            [](const Peer& a, const Peer& b) { return a.name > b.name; });
  const auto ours = median(peers[0].knees);
  const auto plain = median(peers[1].knees);
  if (!ours || !plain) {
    fmt::print("no knee of both: more rounds, or a quieter machine\n");
    return 1;
  }
  fmt::print("median knees: {} {:.0f}/s, {} {:.0f}/s: ratio {:.2f}\n", peers[0].name, *ours,
             peers[1].name, *plain, *ours / *plain);
  return 0;
}

}  // namespace
}  // namespace ringpeer::bench

int main(int argc, char** argv) {
  ringpeer::bench::Options options;
  CLI::App app("Where echo servers begin to lose, found by ringpeer load --find-max");
  app.add_option("--rounds", options.rounds, "of both servers")->check(CLI::Range(1, 100));
  app.add_option("--work", options.work_us, "microseconds a packet")->check(CLI::Range(0, 10'000));
  app.add_option("--clients", options.clients, "of the load")->check(CLI::Range(1, 10'000));
  app.add_option("--threads", options.threads, "of the load")->check(CLI::Range(1, 64));
  app.add_option("--step", options.step_seconds, "seconds of a rate")->check(CLI::Range(0.1, 60.0));
  app.add_option("--loss", options.loss, "the goal, as 0.1%");
  app.add_option("--p99", options.p99, "the goal, as 5ms");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  return ringpeer::bench::run(options);
}
