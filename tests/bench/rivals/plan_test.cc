#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ringpeer/bench/rivals/runner.h"

namespace ringpeer::bench {
namespace {

TEST(Cases, HaveTheNamesThatTheDocumentsUse) {
  for (const char* name : {"paced_1k",      "paced_10k",
                           "paced_20k",     "paced_100k",
                           "paced_200k",    "paced_1k_1ms",
                           "paced_10k_1ms", "paced_100k_1ms",
                           "flood",         "gso",
                           "frame_10k",     "frame_10k_large",
                           "frame_20k",     "frame_20k_large",
                           "frame_100k",    "frame_100k_large",
                           "frame_flood",   "frame_flood_large",
                           "overload",      "zero_length",
                           "fan_out",       "runs_of_8",
                           "both_ways_10k", "both_ways_100k",
                           "idle",          "idle_polled"}) {
    EXPECT_NE(find_case(name), nullptr) << name;
  }
  EXPECT_EQ(find_case("paced"), nullptr);
}

TEST(Cases, QuickPeersTakePartInTheirCase) {
  for (const Case& test_case : all_cases()) {
    for (const std::string& peer : test_case.quick_peers) {
      EXPECT_NE(std::find(test_case.peers.begin(), test_case.peers.end(), peer),
                test_case.peers.end())
          << test_case.name << " " << peer;
    }
  }
}

TEST(Cases, ThePacketsMayWaitAsLongAsTheirNamesSay) {
  using std::chrono::microseconds;
  EXPECT_EQ(find_case("paced_10k")->latency_bound, microseconds(200));
  EXPECT_EQ(find_case("paced_10k_1ms")->latency_bound, microseconds(1000));
  for (const Case& test_case : all_cases()) {
    const bool fixed = std::find(test_case.peers.begin(), test_case.peers.end(),
                                 "ringpeer/fixed") != test_case.peers.end();
    // What the engine did before it chose: 200 us, whatever the case.
    if (!fixed) continue;
    EXPECT_EQ(test_case.latency_bound, microseconds(200)) << test_case.name;
  }
}

TEST(Cases, AFrameIsMeasuredWithBothSocketBuffers) {
  for (const std::string name : {"frame_10k", "frame_20k", "frame_100k", "frame_flood"}) {
    const Case& small = *find_case(name);
    const Case& large = *find_case(name + "_large");
    EXPECT_TRUE(small.default_receive_buffer) << name;
    EXPECT_FALSE(large.default_receive_buffer) << name;
    EXPECT_EQ(small.packets_per_second, large.packets_per_second) << name;
    EXPECT_EQ(small.peers, large.peers) << name;
    for (const Case* test_case : {&small, &large}) {
      EXPECT_EQ(test_case->drain, Drain::kPerFrame) << test_case->name;
    }
  }
}

TEST(Plan, QuickIsOneSizeAndOneNumberOfRemotes) {
  RunOptions options;
  options.quick = true;
  std::set<std::string> cases;
  for (const Group& group : plan_groups(options)) {
    for (const Trial& trial : group.trials) {
      EXPECT_EQ(trial.size, 64);
      EXPECT_EQ(trial.remotes, 64);
      cases.insert(trial.test_case->name);
    }
  }
  EXPECT_FALSE(cases.contains("paced_200k")) << "no check is about it";
  EXPECT_TRUE(cases.contains("runs_of_8"));
}

TEST(Plan, AQuickRunFitsIntoFifteenMinutes) {
  RunOptions options;
  options.quick = true;
  // Four rounds and the warm-up, and what starting and settling takes.
  constexpr double kRounds = 5;
  constexpr double kAround = 0.75;
  double seconds = 0;
  for (const Group& group : plan_groups(options)) {
    for (const Trial& trial : group.trials) {
      const bool idle = trial.test_case->kind == Case::Kind::kIdle;
      seconds += kRounds * (kAround + (idle ? kIdleSeconds : trial.seconds));
    }
  }
  EXPECT_LT(seconds + std::chrono::duration<double>(kQuickRepeatLimit).count(), 0.95 * 15 * 60);
}

TEST(Plan, AFullRunHasAllSizesAndAllRemotes) {
  RunOptions options;
  options.cases = {"flood"};
  std::set<std::pair<int, int>> combinations;
  for (const Group& group : plan_groups(options)) {
    for (const Trial& trial : group.trials) combinations.insert({trial.size, trial.remotes});
  }
  const std::set<std::pair<int, int>> expected = {{32, 64},   {64, 64}, {512, 64},
                                                  {1200, 64}, {64, 1},  {64, 1000}};
  EXPECT_EQ(combinations, expected);
}

TEST(Plan, SelectionNarrowsCasesPeersAndSizes) {
  RunOptions options;
  options.cases = {"flood", "overload"};
  options.peers = {"asio"};  // takes no part in overload
  options.sizes = {512};
  const std::vector<Group> groups = plan_groups(options);
  ASSERT_EQ(groups.size(), 1U);
  ASSERT_EQ(groups[0].trials.size(), 1U);
  EXPECT_EQ(groups[0].trials[0].peer, "asio");
  EXPECT_EQ(groups[0].trials[0].size, 512);
}

TEST(Plan, BothOrdersOfRunsAreMeasured) {
  RunOptions options;
  options.cases = {"runs_of_8"};
  const std::vector<Group> groups = plan_groups(options);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].trials[0].pattern, Pattern::kGrouped);
  EXPECT_EQ(groups[1].trials[0].pattern, Pattern::kRoundRobin);
}

TEST(Plan, BurstsMeetTrafficToManyAndToOne) {
  RunOptions options;
  options.cases = {"both_ways_100k"};
  const std::vector<Group> groups = plan_groups(options);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].trials[0].pattern, Pattern::kFanOut);
  EXPECT_EQ(groups[1].trials[0].pattern, Pattern::kToOne);
}

}  // namespace
}  // namespace ringpeer::bench
