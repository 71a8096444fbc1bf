#include "ringpeer/bench/rivals/checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ringpeer/bench/rivals/report.h"

namespace ringpeer::bench {
namespace {

TEST(Check, PassesUpToItsLimit) {
  EXPECT_EQ((Check{"", 1.10, 1.10, true}.state()), Check::State::kPass);
  EXPECT_EQ((Check{"", 1.11, 1.10, true}.state()), Check::State::kMiss);
  EXPECT_EQ((Check{"", 1.05, 1.05, false}.state()), Check::State::kPass);
  EXPECT_EQ((Check{"", 1.04, 1.05, false}.state()), Check::State::kMiss);
  EXPECT_EQ((Check{"", Measurement::kNone, 1, true}.state()), Check::State::kNotMeasured);
}

TEST(Checks, NothingPassesUnmeasured) {
  for (const Check& check : evaluate_checks(Series{})) {
    EXPECT_EQ(check.state(), Check::State::kNotMeasured) << check.text;
  }
}

void add(Series& series, const char* test_case, const char* peer, double cpu,
         double unaccounted = 0, bool busy = false) {
  for (int round = 1; round <= 3; ++round) {
    Measurement m;
    m.test_case = test_case;
    m.peer = peer;
    m.round = round;
    m.size = 64;
    m.remotes = 64;
    m.cpu_ns_per_packet = cpu;
    m.unaccounted = unaccounted;
    m.busy = busy;
    series.add(m);
  }
}

const Check& check_named(const std::vector<Check>& checks, const std::string& start) {
  const auto found = std::find_if(checks.begin(), checks.end(), [&](const Check& check) {
    return check.text.starts_with(start);
  });
  EXPECT_NE(found, checks.end()) << start;
  return *found;
}

TEST(Checks, CompareWithTheHonestRival) {
  Series series;
  add(series, "flood", "ringpeer/inline", 940);
  add(series, "flood", "ringpeer/io_uring", 1200);
  add(series, "flood", "recvmmsg_cadence", 1000);
  const std::vector<Check> checks = evaluate_checks(series);
  EXPECT_EQ(check_named(checks, "flood: ringpeer/inline CPU").state(), Check::State::kPass);
  EXPECT_EQ(check_named(checks, "flood: ringpeer/io_uring CPU a packet / recvmmsg_cadence").state(),
            Check::State::kMiss);
}

TEST(Checks, CompareWithTheBetterWayOfWaiting) {
  const std::string line = "paced_10k: ringpeer/io_uring CPU a packet / the better of";
  Series series;
  add(series, "paced_10k", "ringpeer/io_uring", 1150);
  add(series, "paced_10k", "recvmmsg_cadence", 1000);
  EXPECT_EQ(check_named(evaluate_checks(series), line).state(), Check::State::kNotMeasured);
  add(series, "paced_10k", "recvmmsg_epoll", 2000);
  EXPECT_DOUBLE_EQ(check_named(evaluate_checks(series), line).value, 1.15);
  EXPECT_EQ(check_named(evaluate_checks(series), line).state(), Check::State::kPass);
}

TEST(Checks, ALimitMayDependOnOtherWork) {
  const std::string line = "paced_10k: ringpeer/io_uring CPU a packet / the better of";
  Series series;
  for (const char* peer : {"recvmmsg_cadence", "recvmmsg_epoll"}) {
    add(series, "paced_10k", peer, 1000, 0, true);
  }
  add(series, "paced_10k", "ringpeer/io_uring", 1150, 0, true);
  EXPECT_EQ(check_named(evaluate_checks(series), line).limit, 1.1);
  EXPECT_EQ(check_named(evaluate_checks(series), line).state(), Check::State::kMiss);
}

TEST(Checks, AFigureWithoutALimitIsOnlyShown) {
  Check check{"", 3.5, Check::kNoLimit, true};
  EXPECT_EQ(check.state(), Check::State::kNoLimit);
  EXPECT_NE(check_table({check}).find("|  | 3.500 | - |  |"), std::string::npos)
      << check_table({check});
}

TEST(Checks, AFrameIsComparedWithTheFixedBudget) {
  Series series;
  add(series, "frame_10k_large", "ringpeer/io_uring", 190);
  add(series, "frame_10k_large", "ringpeer/fixed", 1000);
  add(series, "frame_10k_large", "recvmmsg_frame", 90);
  const std::vector<Check> checks = evaluate_checks(series);
  const std::string cpu = "frame_10k_large: ringpeer/io_uring CPU a packet / ";
  EXPECT_EQ(check_named(checks, cpu + "ringpeer/fixed").state(), Check::State::kPass);
  EXPECT_EQ(check_named(checks, cpu + "recvmmsg_frame").state(), Check::State::kMiss);
}

TEST(Checks, OneLostPacketIsAMiss) {
  Series series;
  add(series, "flood", "ringpeer/io_uring", 900);
  add(series, "gso", "ringpeer/io_uring", 30, 1);
  EXPECT_EQ(check_named(evaluate_checks(series), "every case: packets of ringpeer unacc").state(),
            Check::State::kMiss);
}

TEST(Report, ShowsEveryMeasuredPeerAndTheState) {
  Series series;
  add(series, "flood", "recvmmsg", 1000);
  add(series, "flood", "floor", 500);
  const std::string tables = summary_tables(series);
  EXPECT_NE(tables.find("### flood, 64 B, 64 remotes"), std::string::npos);
  EXPECT_NE(tables.find("| floor |"), std::string::npos);
  EXPECT_NE(tables.find("| 500 | 0.50 |"), std::string::npos) << tables;
  EXPECT_NE(check_table(evaluate_checks(series)).find("not measured"), std::string::npos);
}

}  // namespace
}  // namespace ringpeer::bench
