// The simulation: that it is what it says, and that it finds what is wrong.

#include <gtest/gtest.h>
#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ringpeer/engine/net/steering.h"
#include "ringpeer/tests/simulation/campaign.h"
#include "ringpeer/tests/simulation/faults.h"
#include "ringpeer/tests/simulation/packet_filter.h"
#include "ringpeer/tests/simulation/plan.h"
#include "ringpeer/tests/simulation/scheduler.h"

namespace ringpeer::simulation {
namespace {

TEST(SimulationTest, SeedsHold) {
  const CampaignResult result = run_campaign(1, 60, 2);
  EXPECT_FALSE(result.failing.has_value()) << "./dev simulate " << result.failing->to_flags();
  EXPECT_EQ(result.seeds, 60u);
}

// What few seeds have, on both backends.
TEST(SimulationTest, RareThingsHold) {
  for (bool Plan::*rare : {&Plan::flood, &Plan::flooded_peer, &Plan::late_worker,
                           &Plan::full_sockets, &Plan::deaf_host, &Plan::flooded_loops}) {
    for (const std::uint64_t seed : {1, 2, 3, 4}) {
      Plan plan = Plan::from_seed(seed);
      plan.faults = {};
      plan.use_uring = seed % 2 == 0;
      plan.workers = 1;
      plan.shares_port = false;
      plan.detect_unreachable = true;
      plan.steps = 100;
      // With which runs have none of them.
      for (const Plan::Part& part : Plan::parts()) plan.*part.is_there = false;
      plan.*rare = true;
      const Outcome outcome = run_apart(plan);
      EXPECT_TRUE(outcome.has_held) << outcome.what << "with " << plan.to_text();
    }
  }
}

// Nobody waits for what lies in its socket.
TEST(SimulationTest, APeerThatHasEndedIsOpenedAgain) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Plan plan = Plan::from_seed(seed);
    plan.faults = {};
    plan.use_uring = false;
    plan.workers = 0;
    plan.steps = 100;
    for (const Plan::Part& part : Plan::parts()) plan.*part.is_there = false;
    plan.ended_peer = true;
    const Outcome outcome = run_apart(plan);
    EXPECT_TRUE(outcome.has_held) << outcome.what << "with " << plan.to_text();
  }
}

// Of workers and of the application: nothing gets lost, and no exception out.
TEST(SimulationTest, LittleMemoryHolds) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Plan plan = Plan::from_seed(seed);
    plan.faults = {};
    plan.faults[static_cast<std::size_t>(Fault::kNoAllocation)] = 300;
    plan.workers = static_cast<int>(seed % 3);
    plan.datagrams = 500;
    const Outcome outcome = run_apart(plan);
    EXPECT_TRUE(outcome.has_held) << outcome.what << "with " << plan.to_text();
  }
}

// With few completions at a time and long sleeps between, no datagram of a flood waits long.
TEST(SimulationTest, AFullCompletionRingIsReadOn) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Plan plan = Plan::from_seed(seed);
    plan.faults = {};
    plan.use_uring = true;
    plan.workers = 1;
    plan.shares_port = false;
    plan.kernel = {.has_min_wait = false, .most_completions = 8};
    plan.latency_budget_us = 2000;
    plan.receive_buffer = 4 << 20;
    for (const Plan::Part& part : Plan::parts()) plan.*part.is_there = false;
    plan.flood = true;
    const Outcome outcome = run_apart(plan);
    EXPECT_TRUE(outcome.has_held) << outcome.what << "with " << plan.to_text();
  }
}

TEST(SimulationTest, ASeedReplaysExactly) {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
    const Plan plan = Plan::from_seed(seed);
    const Outcome first = run_apart(plan);
    const Outcome second = run_apart(plan);
    EXPECT_TRUE(first.has_held) << first.what;
    EXPECT_EQ(first.fingerprint, second.fingerprint) << "seed " << seed;
    const Plan other = Plan::from_seed(seed + 50);
    EXPECT_EQ(first.fingerprint, run_apart(plan, &other).fingerprint) << "seed " << seed;
    EXPECT_NE(first.fingerprint, run_apart(Plan::from_seed(seed + 100)).fingerprint);
  }
}

TEST(SimulationTest, AnEngineThatDoesWrongIsFound) {
  for (const PlantedBug bug : {PlantedBug::kWrongByte, PlantedBug::kWrongSender, PlantedBug::kTwice,
                               PlantedBug::kOutOfOrder, PlantedBug::kNeverDelivered}) {
    Plan plan = Plan::from_seed(4);
    plan.planted = bug;
    const Outcome outcome = run_apart(plan);
    EXPECT_FALSE(outcome.has_held) << "planted bug " << static_cast<int>(bug);
    // A sanitizer may speak first.
    EXPECT_NE(outcome.what.find("simulation: "), std::string::npos) << outcome.what;
  }
}

// Servers that keep to other rules than they were asked to; of several runs some meet the rule.
TEST(SimulationTest, AServerThatLetsInOthersIsFound) {
  struct Case {
    PlantedBug bug;
    bool Plan::*rule;
    std::string words;
  };
  for (const Case& rule :
       {Case{PlantedBug::kNoCookies, &Plan::cookies, "has answered no challenge"},
        Case{PlantedBug::kNoLists, &Plan::source_lists, "a list refuses"},
        Case{PlantedBug::kLowerLimits, &Plan::limits, "without any reason"}}) {
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      Plan plan = Plan::from_seed(seed);
      plan.faults = {};
      plan.shares_port = false;
      plan.workers = 1;
      for (const Plan::Part& part : Plan::parts()) plan.*part.is_there = false;
      plan.*rule.rule = true;
      EXPECT_TRUE(run_apart(plan).has_held) << rule.words;
      plan.planted = rule.bug;
      found += run_apart(plan).what.find(rule.words) != std::string::npos ? 1 : 0;
    }
    EXPECT_GT(found, 0) << rule.words;
  }
}

// Of attackers, each kind of server, and both backends.
TEST(SimulationTest, PlayersPassAttackers) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Plan plan = Plan::from_seed(seed);
    plan.faults = {};
    plan.use_uring = seed % 2 == 0;
    plan.workers = static_cast<int>(seed % 3);
    plan.shares_port = false;
    plan.attackers = true;
    plan.detect_unreachable = true;
    plan.limits = seed % 4 < 2;
    plan.cookies = seed > 4;
    plan.source_lists = seed % 5 == 0;
    const Outcome outcome = run_apart(plan);
    EXPECT_TRUE(outcome.has_held) << outcome.what << "with " << plan.to_text();
  }
}

TEST(SimulationTest, WhatFailsIsMadeLess) {
  Plan plan = Plan::from_seed(4);
  plan.planted = PlantedBug::kWrongByte;
  int runs = 0;
  const Plan least = shrink(plan, &runs);
  EXPECT_FALSE(run_apart(least).has_held) << least.to_flags();
  EXPECT_LT(least.datagrams, plan.datagrams / 2) << least.to_flags();
  EXPECT_LT(least.steps, 1000) << least.to_flags();
}

TEST(SchedulerTest, TakesTurnsAndMovesTheClockWhenAllWait) {
  Scheduler scheduler(Random(1));
  std::vector<Time> woken;
  scheduler.run([&] {
    const Time begun = scheduler.now();
    const auto other = scheduler.start([&] {
      scheduler.wait_until([] { return false; }, begun + 2 * kMillisecond);
      woken.push_back(scheduler.now() - begun);
    });
    scheduler.wait_until([] { return false; }, begun + kMillisecond);
    woken.push_back(scheduler.now() - begun);
    EXPECT_TRUE(scheduler.wait_until([&] { return scheduler.has_ended(other); }));
  });
  EXPECT_EQ(woken, (std::vector<Time>{kMillisecond, 2 * kMillisecond}));
}

TEST(SchedulerTest, FindsThatNobodyCanGoOn) {
  EXPECT_EXIT(
      {
        Scheduler scheduler(Random(1));
        scheduler.run([&] { scheduler.wait_until([] { return false; }); });
      },
      testing::ExitedWithCode(3), "all threads wait without end");
}

// The programs that the engine attaches to sockets choose one socket for a sender, the same by
// which all others drop it, and spread senders.
TEST(PacketFilterTest, ChoosesAndFiltersAlike) {
  constexpr std::size_t kSockets = 3;
  const net::Steering steering(kSockets);
  std::vector<std::size_t> counts(kSockets);
  for (std::uint16_t i = 0; i < 3000; ++i) {
    const auto address = net::IpAddress::parse(i % 2 == 0 ? "10.1.2.3" : "fd00::7");
    const net::Endpoint source{*address, 0, static_cast<std::uint16_t>(1000 + i)};
    const net::Endpoint destination{*net::IpAddress::parse(i % 2 == 0 ? "10.0.0.1" : "fd00::1"), 0,
                                    4000};
    const std::uint32_t chosen = run_filter(steering.choice(), source, destination);
    ASSERT_LT(chosen, kSockets);
    ++counts[chosen];
    for (std::size_t k = 0; k < kSockets; ++k) {
      EXPECT_EQ(run_filter(steering.filter_of(k), source, destination) > 0, k == chosen);
    }
  }
  for (const std::size_t count : counts) EXPECT_GT(count, 800u);
}

}  // namespace
}  // namespace ringpeer::simulation
