#ifndef RINGPEER_BENCH_ADMISSION_ROUND_H_
#define RINGPEER_BENCH_ADMISSION_ROUND_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "ringpeer/bench/admission/flood.h"
#include "ringpeer/bench/admission/house.h"
#include "ringpeer/engine/stats/counters.h"

namespace ringpeer::bench {

// With more of the processors taken by the hypervisor a round says nothing.
inline constexpr double kMaxStealPercent = 5;
// What memory may differ by and still count as flat.
inline constexpr std::int64_t kMaxGrowthKib = 1024;

// What came of players who played while somebody flooded. Losses are those of the whole round,
// costs those of its measured part, after a second of the same.
//
// Threads: a plain value.
struct Round {
  std::string error;  // why it was not measured; "" when it was

  std::uint64_t players_sent = 0;
  std::uint64_t players_delivered = 0;
  std::size_t players_gone = 0;
  CounterSnapshot counters;  // since the players are in
  std::size_t most_remotes = 0;

  double seconds = 0;  // of the measured part
  std::uint64_t flood_sent = 0;
  std::uint64_t challenges = 0;
  std::uint64_t received = 0;  // by the engine
  std::uint64_t received_of_players = 0;
  std::chrono::nanoseconds worker_cpu{0};
  std::int64_t growth_kib = 0;
  std::optional<double> steal_percent;

  bool is_void() const { return steal_percent.value_or(0) > kMaxStealPercent; }
  // The kernel does not say whose packets they were.
  std::uint64_t kernel_drops() const { return counters[Counter::kKernelDrops]; }
  // For reasons that can meet players. `own`: reasons that are nobody's but the attacker's here.
  std::uint64_t drops_that_can_meet_players(std::span<const Counter> own = {}) const;
  // No such drop, nobody gone, and no more missing than the kernel has dropped.
  bool lost_nothing(std::span<const Counter> own = {}) const;

  // Of the engine's worker, for each packet received.
  double worker_ns_per_packet() const;
  // The same of what is not of players, when one of theirs costs so much.
  double worker_ns_per_other(double ns_of_players) const;
  // And of what the flood sends, where that is no datagrams.
  double worker_ns_per_sent(double ns_of_players) const;

 private:
  double worker_ns_without(double ns_of_players) const;
};

// Players at their rate, flat out where it is Players::kFlatOut. flood: null, or what is to be
// started and stopped beside them.
Round play_round(House& house, double player_hz, double seconds, Flood* flood);

// The round that play() plays, again while the hypervisor takes too much: three at most.
Round first_that_counts(const std::function<Round()>& play);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_ADMISSION_ROUND_H_
