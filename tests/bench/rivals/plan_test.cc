#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ringpeer/bench/rivals/runner.h"

namespace ringpeer::bench {
namespace {

TEST(Cases, HaveTheNamesThatTheDocumentsUse) {
  for (const char* name :
       {"paced_1k", "paced_10k", "paced_100k", "paced_200k", "flood", "gso", "frame_100k",
        "frame_flood", "overload", "zero_length", "fan_out", "runs_of_8"}) {
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
  std::size_t trials = 0;
  for (const Group& group : plan_groups(options)) trials += group.trials.size();
  // Four rounds and the warm-up, a second each, and a second for starting and settling.
  constexpr double kSeconds = 5 * 2.0;
  EXPECT_LT(static_cast<double>(trials) * kSeconds, 0.6 * 15 * 60) << "leave time to repeat";
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

}  // namespace
}  // namespace ringpeer::bench
