// The plain loops of README.md and docs/porting.md while one sender floods and 100 players play:
// how long a tick lasts, and whether everybody else is heard in time.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ringpeer/tools/machine_load.h"
#include "ringpeer/udp_server.h"
#include "senders.h"

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// What this project promises, and this program checks where the host leaves the machine alone.
constexpr double kLongestTickMs = 100;
constexpr std::uint32_t kMostTicksLate = 2;
constexpr double kMostStealPercent = 5;

constexpr milliseconds kRestOfFrame{16};
constexpr std::chrono::seconds kPatience{10};
constexpr int kBadUsage = 2;

struct Setting {
  const char* name;
  BackendKind backend;
  int workers;
};
constexpr Setting kSettings[] = {
    {"io_uring", BackendKind::kIoUring, 1},
    {"recvmmsg", BackendKind::kRecvmmsg, 1},
    {"io_uring, no threads", BackendKind::kIoUring, 0},
    {"recvmmsg, no threads", BackendKind::kRecvmmsg, 0},
};

struct Result {
  std::string error;
  int ticks = 0;
  double longest_tick_ms = 0;
  std::uint64_t flood_sent = 0;
  std::uint64_t flood_taken = 0;
  std::uint64_t quiet_sent = 0;
  std::uint64_t quiet_taken = 0;
  std::uint32_t most_ticks_late = 0;
  std::uint64_t kernel_drops = 0;
  std::uint64_t others_drops = 0;  // of the engine's, that may have cost a quiet player a packet
  std::optional<double> steal_percent;

  bool may_count() const { return steal_percent.value_or(0) < kMostStealPercent; }
  bool is_kept() const {
    return longest_tick_ms <= kLongestTickMs && most_ticks_late <= kMostTicksLate &&
           others_drops == 0 && quiet_taken > 0;
  }
};

// A game of either page, with some work for each packet.
class Game {
 public:
  Game(const std::shared_ptr<Engine>& engine, Arena* arena, bool polls, microseconds work)
      : server_(engine), engine_(engine), arena_(arena), polls_(polls), work_(work) {}

  Error listen() {
    server_.set_max_pending_connections(static_cast<int>(kQuietPlayers) + 1);
    return server_.listen(0, "127.0.0.1");
  }
  int port() const { return server_.get_local_port(); }
  std::size_t players() const { return players_.size(); }

  void tick() {
    const auto begun = Clock::now();
    arena_->tick.fetch_add(1);
    if (polls_) server_.poll();
    while (server_.is_connection_available()) players_.push_back(server_.take_connection());
    for (const auto& player : players_) {
      while (player->get_available_packet_count() > 0) take_from(*player);
    }
    if (polls_) {
      for (const auto& player : players_) {
        player->put_var(Dictionary{{"tick", result_.ticks}, {"positions", positions_}});
      }
    }
    const std::chrono::duration<double, std::milli> lasted = Clock::now() - begun;
    result_.longest_tick_ms = std::max(result_.longest_tick_ms, lasted.count());
    ++result_.ticks;
    std::this_thread::sleep_for(kRestOfFrame);
  }

  void begin_round() {
    result_ = {};
    before_ = engine_->counters();
  }
  Result result() const {
    Result result = result_;
    const CounterSnapshot now = engine_->counters();
    const auto since = [&](Counter counter) { return now[counter] - before_[counter]; };
    result.kernel_drops = since(Counter::kKernelDrops);
    result.others_drops = since(Counter::kDropRingFull) + since(Counter::kDropBudget) +
                          since(Counter::kDropMalformed);
    return result;
  }

 private:
  void take_from(PacketPeerUDP& player) {
    const Variant input = player.get_var();
    note(input);
    const auto until = Clock::now() + work_;
    while (Clock::now() < until) {
    }
    if (!polls_) {
      player.put_var(Dictionary{{"you_said", input}});
    } else if (const auto* move = input["move"].get_if<Vector2>()) {
      const int id = player.get_packet_port();
      const Vector2 before = positions_[Variant(id)].get<Vector2>();
      positions_.set(id, Vector2{before.x + move->x, before.y + move->y});
    }
  }

  void note(const Variant& input) {
    const std::int64_t player = input["player"].as_int(-1);
    const std::int64_t n = input["n"].as_int();
    if (player < 0) {
      ++result_.flood_taken;
      return;
    }
    ++result_.quiet_taken;
    const std::uint32_t sent_in =
        arena_->sent_in[static_cast<std::size_t>(player)][static_cast<std::size_t>(n)];
    // 0: its sender has not come to say so yet.
    if (sent_in == 0) return;
    result_.most_ticks_late = std::max(result_.most_ticks_late, arena_->tick - sent_in);
  }

  UDPServer server_;
  const std::shared_ptr<Engine> engine_;
  Arena* const arena_;
  const bool polls_;  // as docs/porting.md; else as README.md
  const microseconds work_;
  std::vector<std::shared_ptr<PacketPeerUDP>> players_;
  Dictionary positions_;
  CounterSnapshot before_{};
  Result result_;
};

void play(Game& game, Arena* arena, std::chrono::duration<double> time, Result* result) {
  const auto patience_ends = Clock::now() + kPatience;
  while (game.players() <= kQuietPlayers) {
    if (Clock::now() > patience_ends) {
      result->error = "not all players came in";
      return;
    }
    game.tick();
  }
  game.begin_round();
  const tools::StealMeter steal;
  arena->may_flood = true;
  const auto end = Clock::now() + time;
  while (Clock::now() < end) game.tick();
  *result = game.result();
  result->steal_percent = steal.percent();
  result->flood_sent = arena->flood_sent;
  for (const auto& sent : arena->quiet_sent) result->quiet_sent += sent;
}

Result run_round(const Setting& setting, bool polls, int work_us, double seconds) {
  Result result;
  EngineOptions options;
  options.backend = setting.backend;
  options.workers = setting.workers;
  const auto engine = Engine::create(options, nullptr, &result.error);
  if (engine == nullptr) return result;
  Arena* const arena = share_arena();
  if (arena == nullptr) {
    result.error = "no shared memory";
    return result;
  }
  Game game(engine, arena, polls, microseconds(work_us));
  if (game.listen() != Error::OK) {
    result.error = "no port";
  } else {
    const pid_t flood = start_flood(arena, game.port());
    const pid_t quiet = start_quiet_players(arena, game.port());
    play(game, arena, std::chrono::duration<double>(seconds), &result);
    arena->is_over = true;
    await_sender(flood);
    await_sender(quiet);
  }
  unshare_arena(arena);
  return result;
}

Json to_json(const Result& result) {
  if (!result.error.empty()) return {{"error", result.error}};
  Json steal = result.steal_percent.has_value() ? Json(*result.steal_percent) : Json(nullptr);
  return {{"ticks", result.ticks},
          {"longest_tick_ms", result.longest_tick_ms},
          {"flood_sent", result.flood_sent},
          {"flood_taken", result.flood_taken},
          {"quiet_sent", result.quiet_sent},
          {"quiet_taken", result.quiet_taken},
          {"most_ticks_late", result.most_ticks_late},
          {"kernel_drops", result.kernel_drops},
          {"others_drops", result.others_drops},
          {"steal_percent", steal}};
}

void print_header() {
  fmt::print("{:<8} {:<21} {:>4} {:>6} {:>10} {:>11} {:>11} {:>14} {:>5} {:>8} {:>6}\n", "loop",
             "engine", "us", "ticks", "longest ms", "flood sent", "flood taken", "quiet taken",
             "late", "dropped", "steal");
  std::fflush(stdout);
}

void print_row(const char* loop, const Setting& setting, int work_us, const Result& result) {
  if (!result.error.empty()) {
    fmt::print("{:<8} {:<21} {:>4} not measured: {}\n", loop, setting.name, work_us, result.error);
    return;
  }
  const char* const verdict = result.is_kept()     ? "ok"
                              : result.may_count() ? "TOO MUCH"
                                                   : "does not count: steal";
  fmt::print(
      "{:<8} {:<21} {:>4} {:>6} {:>10.1f} {:>11} {:>11} {:>6} of {:>4} {:>5} {:>8} {:>5.1f}%  {}\n",
      loop, setting.name, work_us, result.ticks, result.longest_tick_ms, result.flood_sent,
      result.flood_taken, result.quiet_taken, result.quiet_sent, result.most_ticks_late,
      result.others_drops, result.steal_percent.value_or(0), verdict);
  std::fflush(stdout);
}

int run(int argc, char** argv) {
  CLI::App app(
      "The loops of README.md and docs/porting.md under one sender at the machine's rate, with 100 "
      "quiet players.\nlate: ticks between a quiet player's packet and its taking, at most. "
      "dropped: by the engine,\nbut for what the flooding player's own queue had no room for. "
      "Quiet packets that are neither taken\nnor dropped were lost in the kernel's buffer, or are "
      "on their way at the end.");
  std::vector<int> work{0, 5, 20};
  double seconds = 3;
  int rounds = 1;
  bool as_json = false;
  app.add_option("--work", work, "microseconds of work a packet, in turn")
      ->check(CLI::Range(0, 100000));
  app.add_option("--seconds", seconds, "of a round")->check(CLI::Range(0.1, 120.0));
  app.add_option("--rounds", rounds, "of each combination")->check(CLI::Range(1, 1000));
  app.add_flag("--json", as_json, "print one JSON array instead of a table");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  bool good = true;
  Json all = Json::array();
  if (!as_json) print_header();
  for (int round = 0; round < rounds; ++round) {
    for (const bool polls : {false, true}) {
      const char* const loop = polls ? "porting" : "README";
      for (const Setting& setting : kSettings) {
        for (const int work_us : work) {
          const Result result = run_round(setting, polls, work_us, seconds);
          good = good && result.error.empty() && (result.is_kept() || !result.may_count());
          Json row = to_json(result);
          row.update({{"loop", loop}, {"engine", setting.name}, {"work_us", work_us}});
          all.push_back(row);
          if (!as_json) print_row(loop, setting, work_us, result);
        }
      }
    }
  }
  if (as_json) fmt::print("{}\n", all.dump(2));
  return good ? 0 : 1;
}

}  // namespace
}  // namespace ringpeer::bench

int main(int argc, char** argv) { return ringpeer::bench::run(argc, argv); }
