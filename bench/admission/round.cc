#include "ringpeer/bench/admission/round.h"

#include <algorithm>
#include <array>

#include "ringpeer/bench/scale/memory_use.h"
#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr std::chrono::seconds kWarmUp{1};
constexpr int kMaxAttempts = 3;

// What strangers are refused for is not among them; where one of a player's were, it would be
// missing though the kernel has dropped nothing.
constexpr std::array<Counter, 9> kMeetPlayers = {
    Counter::kDropPeerFull,    Counter::kDropRingFull,  Counter::kDropBudget,
    Counter::kDropRemoteRate,  Counter::kDropTruncated, Counter::kDropMalformed,
    Counter::kDropWrongWorker, Counter::kDropNoMemory,  Counter::kDropDenied};

CounterSnapshot difference(const CounterSnapshot& after, const CounterSnapshot& before) {
  CounterSnapshot result;
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    result.values[i] = after.values[i] - before.values[i];
  }
  return result;
}

struct Sample {
  Clock::time_point time = Clock::now();
  nanoseconds process_cpu = tools::process_cpu_time();
  nanoseconds others_cpu;  // of this thread, and of those who send
  CounterSnapshot counters;
  std::uint64_t delivered;
  std::uint64_t flood_sent;
  std::size_t resident = memory_use().resident;

  Sample(House& house, Flood* flood)
      : others_cpu(tools::thread_cpu_time() + house.players().cpu_time() +
                   (flood == nullptr ? nanoseconds(0) : flood->cpu_time())),
        counters(house.engine().counters()),
        delivered(house.delivered()),
        flood_sent(flood == nullptr ? 0 : flood->sent()) {}
};

void record_costs(const Sample& before, const Sample& after, Round* round) {
  constexpr std::int64_t kKib = 1024;
  round->seconds = std::chrono::duration<double>(after.time - before.time).count();
  round->flood_sent = after.flood_sent - before.flood_sent;
  const CounterSnapshot counted = difference(after.counters, before.counters);
  round->received = counted[Counter::kReceivedPackets];
  round->challenges = counted[Counter::kChallengesSent];
  round->received_of_players = after.delivered - before.delivered;
  round->worker_cpu =
      (after.process_cpu - before.process_cpu) - (after.others_cpu - before.others_cpu);
  round->growth_kib =
      (static_cast<std::int64_t>(after.resident) - static_cast<std::int64_t>(before.resident)) /
      kKib;
}

double per(double time_ns, double packets) { return packets < 1 ? 0 : time_ns / packets; }

}  // namespace

std::uint64_t Round::drops_that_can_meet_players(std::span<const Counter> own) const {
  std::uint64_t sum = 0;
  for (const Counter reason : kMeetPlayers) {
    if (std::ranges::find(own, reason) == own.end()) sum += counters[reason];
  }
  return sum;
}

bool Round::lost_nothing(std::span<const Counter> own) const {
  return players_gone == 0 && players_delivered > 0 && drops_that_can_meet_players(own) == 0 &&
         players_delivered + kernel_drops() >= players_sent;
}

double Round::worker_ns_without(double ns_of_players) const {
  return static_cast<double>(worker_cpu.count()) -
         ns_of_players * static_cast<double>(received_of_players);
}

double Round::worker_ns_per_packet() const {
  return per(static_cast<double>(worker_cpu.count()), static_cast<double>(received));
}

double Round::worker_ns_per_other(double ns_of_players) const {
  const double others = static_cast<double>(received) - static_cast<double>(received_of_players);
  return per(worker_ns_without(ns_of_players), others);
}

double Round::worker_ns_per_sent(double ns_of_players) const {
  return per(worker_ns_without(ns_of_players), static_cast<double>(flood_sent));
}

Round play_round(House& house, double player_hz, double seconds, Flood* flood) {
  Round round;
  const CounterSnapshot first = house.engine().counters();
  house.players().start(player_hz);
  if (flood != nullptr) flood->start();
  house.play_for(kWarmUp);
  const Sample before(house, flood);
  const tools::StealMeter steal;
  house.play_for(std::chrono::duration<double>(seconds));
  record_costs(before, Sample(house, flood), &round);
  round.steal_percent = steal.percent();
  if (flood != nullptr) flood->stop();
  house.players().stop();
  house.settle();
  round.players_sent = house.players().sent();
  round.players_delivered = house.delivered();
  round.players_gone = house.players_gone();
  round.most_remotes = house.most_remotes();
  round.counters = difference(house.engine().counters(), first);
  return round;
}

Round first_that_counts(const std::function<Round()>& play) {
  Round round;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    round = play();
    if (!round.error.empty() || !round.is_void()) break;
  }
  return round;
}

}  // namespace ringpeer::bench
