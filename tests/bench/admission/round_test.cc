#include "ringpeer/bench/admission/round.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>

#include "ringpeer/engine/stats/counters.h"

namespace ringpeer::bench {
namespace {

Round round_with(Counter counter, std::uint64_t count) {
  Round round;
  round.players_sent = 100;
  round.players_delivered = 100;
  round.counters.values[static_cast<std::size_t>(counter)] = count;
  return round;
}

TEST(AdmissionRoundTest, StrangersMayBeRefused) {
  for (const Counter reason :
       {Counter::kDropPendingFull, Counter::kDropSourceRate, Counter::kDropNewRate,
        Counter::kDropUnverified, Counter::kDropHandshake, Counter::kDropClosed}) {
    EXPECT_TRUE(round_with(reason, 1).lost_nothing()) << counter_info(reason).name;
  }
}

TEST(AdmissionRoundTest, PlayersMayNot) {
  for (const Counter reason :
       {Counter::kDropPeerFull, Counter::kDropRingFull, Counter::kDropBudget,
        Counter::kDropRemoteRate, Counter::kDropNoMemory, Counter::kDropDenied}) {
    EXPECT_FALSE(round_with(reason, 1).lost_nothing()) << counter_info(reason).name;
    EXPECT_TRUE(round_with(reason, 1).lost_nothing(std::array{reason}));
  }
}

TEST(AdmissionRoundTest, MissesNoMoreThanTheKernelDropped) {
  Round round = round_with(Counter::kKernelDrops, 3);
  round.players_delivered = 97;
  EXPECT_TRUE(round.lost_nothing());
  round.players_delivered = 96;
  EXPECT_FALSE(round.lost_nothing());
}

TEST(AdmissionRoundTest, NobodyIsGoneAndSomebodyIsHeard) {
  Round round = round_with(Counter::kKernelDrops, 0);
  round.players_gone = 1;
  EXPECT_FALSE(round.lost_nothing());
  round.players_gone = 0;
  round.players_sent = round.players_delivered = 0;
  EXPECT_FALSE(round.lost_nothing());
}

TEST(AdmissionRoundTest, WhatOthersCostIsWhatPlayersDoNot) {
  Round round;
  EXPECT_EQ(0, round.worker_ns_per_packet());
  round.received = 400;
  round.received_of_players = 100;
  round.flood_sent = 600;
  round.worker_cpu = std::chrono::nanoseconds(80'000);
  EXPECT_DOUBLE_EQ(200, round.worker_ns_per_packet());
  EXPECT_DOUBLE_EQ(100, round.worker_ns_per_other(500));
  EXPECT_DOUBLE_EQ(50, round.worker_ns_per_sent(500));
}

TEST(AdmissionRoundTest, IsPlayedAgainWhileTheHypervisorTakesTooMuch) {
  int played = 0;
  const auto play = [&](double steal) {
    return [&played, steal] {
      ++played;
      Round round;
      round.steal_percent = steal;
      return round;
    };
  };
  EXPECT_FALSE(first_that_counts(play(kMaxStealPercent)).is_void());
  EXPECT_EQ(1, played);
  EXPECT_TRUE(first_that_counts(play(kMaxStealPercent + 1)).is_void());
  EXPECT_EQ(4, played);
}

}  // namespace
}  // namespace ringpeer::bench
