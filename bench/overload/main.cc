// The plain loops of README.md and docs/porting.md while one sender floods and 100 players play:
// how long a tick lasts, and whether everybody else is heard in time.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "ringpeer/bench/overload/report.h"
#include "ringpeer/bench/overload/senders.h"
#include "ringpeer/tools/measure/machine_load.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds kRestOfFrame{16};
constexpr std::chrono::seconds kPatience{10};
constexpr int kBadUsage = 2;

struct Setting {
  const char* backend_name;
  BackendKind backend;
  int workers;
};
constexpr Setting kSettings[] = {
    {"io_uring", BackendKind::kIoUring, 1},
    {"recvmmsg", BackendKind::kRecvmmsg, 1},
    {"io_uring", BackendKind::kIoUring, 0},
    {"recvmmsg", BackendKind::kRecvmmsg, 0},
};

using Result = OverloadResult;

// A game of either page, with some work for each packet. What has no room to be sent is lost, as
// there.
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
    if (polls_) (void)server_.poll();
    while (server_.is_connection_available()) players_.push_back(server_.take_connection());
    for (const auto& player : players_) {
      while (player->get_available_packet_count() > 0) take_from(*player);
    }
    if (polls_) {
      for (const auto& player : players_) {
        (void)player->put_var(Dictionary{{"tick", result_.ticks}, {"positions", positions_}});
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
      (void)player.put_var(Dictionary{{"you_said", input}});
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

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
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
  app.add_flag("--json", as_json, "print one JSON object instead of a table");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  OverloadReport report;
  report.seconds = seconds;
  if (!as_json) print(overload_table_head());
  for (int i = 0; i < rounds; ++i) {
    for (const bool polls : {false, true}) {
      for (const Setting& setting : kSettings) {
        for (const int work_us : work) {
          report.rounds.push_back({polls ? "porting" : "readme", setting.backend_name,
                                   setting.workers, work_us,
                                   run_round(setting, polls, work_us, seconds)});
          if (!as_json) print(to_row(report.rounds.back()));
        }
      }
    }
  }
  if (as_json) print(to_json(report).dump(2) + "\n");
  return report.is_good() && std::ferror(stdout) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ringpeer::bench

int main(int argc, char** argv) { return ringpeer::bench::run(argc, argv); }
