// How exactly load generators keep their times, and what a packet costs them: `ringpeer load`,
// `iperf3 -u` and `sockperf throughput`, each to its own kind of server, at one rate, in rounds
// that follow each other. When packets leave is what the kernel saw on the loopback interface.

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "ringpeer/bench/pacing/departures.h"
#include "ringpeer/bench/pacing/schedule_error.h"
#include "ringpeer/bench/process/child_process.h"
#include "ringpeer/bench/process/server_program.h"
#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// More, and the host has decided when packets left: the round is void.
constexpr double kMaxStealPercent = 5;
constexpr milliseconds kPatience{20'000};
// A server that does not say when it is ready is, after this.
constexpr milliseconds kServerStart{500};
// Ports of servers that are given one.
constexpr std::uint16_t kPort = 47'311;

struct Options {
  int rounds = 5;
  double rate = 100'000;
  int size = 100;
  int seconds = 5;
};

using Words = std::vector<std::string>;

struct Peer {
  std::string name;
  Words server;
  bool names_its_port = false;  // otherwise it has kPort
  std::function<Words(std::uint16_t port)> generator;
  // In each round that counts.
  std::vector<double> p50_us = {};
  std::vector<double> p99_us = {};
  std::vector<double> cpu_us = {};
};

std::vector<Peer> make_peers(const Options& options) {
  const std::string ringpeer = programs_folder() / "tools/ringpeer";
  const std::string seconds = std::to_string(options.seconds);
  const std::string size = std::to_string(options.size);
  const auto load = [=](int clients) {
    return [=](std::uint16_t port) -> Words {
      return {ringpeer,         "load",
              "--target",       fmt::format("127.0.0.1:{}", port),
              "--clients",      std::to_string(clients),
              "--hz",           fmt::format("{}", options.rate / clients),
              "--size",         size,
              "--duration",     seconds,
              "--expect",       "nothing",
              "--allow-invalid"};
    };
  };
  const auto iperf = [=](const std::string& pacing_timer) {
    return [=](std::uint16_t port) -> Words {
      Words words = {"iperf3", "-u",
                     "-c",     "127.0.0.1",
                     "-p",     std::to_string(port),
                     "-l",     size,
                     "-b",     fmt::format("{:.0f}", options.rate * options.size * 8),
                     "-t",     seconds};
      if (!pacing_timer.empty()) words.insert(words.end(), {"--pacing-timer", pacing_timer});
      return words;
    };
  };
  const auto sockperf = [=](std::uint16_t port) -> Words {
    return {"sockperf",
            "throughput",
            "-i",
            "127.0.0.1",
            "-p",
            std::to_string(port),
            "-m",
            size,
            "-t",
            seconds,
            fmt::format("--mps={:.0f}", options.rate)};
  };
  const Words sink = {ringpeer, "serve", "--mode", "sink", "--port", "0", "--address", "127.0.0.1"};
  const Words iperf_server = {"iperf3", "-s", "-1", "-p", std::to_string(kPort)};
  const Words sockperf_server = {"sockperf",  "server", "-i",
                                 "127.0.0.1", "-p",     std::to_string(kPort)};
  return {{"ringpeer load, 10 clients", sink, true, load(10)},
          {"ringpeer load, 1000 clients", sink, true, load(1000)},
          {"iperf3 -u", iperf_server, false, iperf("")},
          {"iperf3 -u --pacing-timer 50", iperf_server, false, iperf("50")},
          {"sockperf throughput", sockperf_server, false, sockperf}};
}

std::uint16_t port_of(const Peer& peer, ChildProcess* server) {
  if (peer.names_its_port) return announced_port(server);
  std::string line;
  while (server->read_line(&line, kServerStart)) {
  }
  return kPort;
}

// Processor time of the children that have ended.
nanoseconds cpu_of_children() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

// Runs a generator to its end; what it used of the processors, and what it said last.
nanoseconds run_generator(const Words& words, int seconds, std::string* said) {
  const nanoseconds before = cpu_of_children();
  ChildProcess generator;
  if (!start_with_both_streams(words, &generator).empty()) return nanoseconds(0);
  const milliseconds longest = kPatience + std::chrono::seconds(seconds);
  for (std::string line; generator.read_line(&line, longest);) {
    if (!line.empty()) *said = line;
  }
  generator.finish(kPatience);
  return cpu_of_children() - before;
}

double microseconds_of(nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

void tell(int round, const ScheduleError& error, double cpu_us, double steal, bool is_void,
          const Peer& peer) {
  fmt::print(
      "round {}  {:<28} {:>9.0f}/s  error p50 {:>7.1f} p99 {:>8.1f} max {:>9.1f} us  "
      "{:>5.2f} us CPU a packet  steal {:.1f} %{}\n",
      round, peer.name, error.packets_per_second, microseconds_of(error.p50),
      microseconds_of(error.p99), microseconds_of(error.max), cpu_us, steal,
      is_void ? ": void" : "");
  std::fflush(stdout);
}

// False when there is nothing to measure.
bool measure(const Options& options, int round, Peer* peer) {
  ChildProcess server;
  const std::string failure = start_with_both_streams(peer->server, &server);
  const std::uint16_t port = failure.empty() ? port_of(*peer, &server) : 0;
  Departures departures;
  const std::string error = port == 0
                                ? "it does not serve"
                                : departures.start(port, static_cast<std::size_t>(options.size));
  if (!error.empty()) {
    std::fprintf(stderr, "pacing: %s: %s\n", peer->name.c_str(), error.c_str());
    return false;
  }
  const tools::StealMeter steal_meter;
  std::string said;
  const nanoseconds cpu = run_generator(peer->generator(port), options.seconds, &said);
  const double steal = steal_meter.percent().value_or(0);
  const std::vector<nanoseconds> times = departures.stop();
  const ScheduleError result = schedule_error(times, options.rate);
  // Half of what was asked for: it is another thing that was measured.
  if (static_cast<double>(result.packets) < options.rate * options.seconds / 2) {
    std::fprintf(stderr, "pacing: %s sent %zu packets: %s\n", peer->name.c_str(), result.packets,
                 said.c_str());
    return false;
  }
  const double cpu_us = microseconds_of(cpu) / static_cast<double>(result.packets);
  const bool is_void = steal > kMaxStealPercent || departures.dropped() > 0;
  tell(round, result, cpu_us, steal, is_void, *peer);
  if (is_void) return true;
  peer->p50_us.push_back(microseconds_of(result.p50));
  peer->p99_us.push_back(microseconds_of(result.p99));
  peer->cpu_us.push_back(cpu_us);
  return true;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(const Options& options) {
  std::vector<Peer> peers = make_peers(options);
  std::vector<std::string> failed;
  for (int round = 1; round <= options.rounds; ++round) {
    for (Peer& peer : peers) {
      const bool has_failed = std::ranges::find(failed, peer.name) != failed.end();
      if (!has_failed && !measure(options, round, &peer)) failed.push_back(peer.name);
    }
  }
  fmt::print("\nmedians of the rounds that count\n{:<28} {:>10} {:>10} {:>12} {:>7}\n", "generator",
             "p50 us", "p99 us", "CPU us", "rounds");
  for (const Peer& peer : peers) {
    if (peer.p50_us.empty()) continue;
    fmt::print("{:<28} {:>10.1f} {:>10.1f} {:>12.2f} {:>7}\n", peer.name, median(peer.p50_us),
               median(peer.p99_us), median(peer.cpu_us), peer.p50_us.size());
  }
  return failed.empty() ? 0 : 1;
}

}  // namespace
}  // namespace ringpeer::bench

int main(int argc, char** argv) {
  ringpeer::bench::Options options;
  CLI::App app("How exactly load generators keep their times, beside each other (as root)");
  app.add_option("--rounds", options.rounds, "of all generators")->check(CLI::Range(1, 100));
  app.add_option("--rate", options.rate, "packets a second")->check(CLI::Range(1000.0, 1e6));
  app.add_option("--size", options.size, "bytes a packet")->check(CLI::Range(28, 1400));
  app.add_option("--seconds", options.seconds, "of a round")->check(CLI::Range(1, 60));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  return ringpeer::bench::run(options);
}
