// docs/benchmarks.md and benchmarks_tables.md: what is measured is what the programs measure, its
// limits are the programs', and figures that stand in several places are the same.

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/bench/rivals/cases.h"
#include "ringpeer/bench/rivals/checks.h"
#include "ringpeer/bench/rivals/receiver_process.h"
#include "ringpeer/bench/rivals/round.h"
#include "ringpeer/bench/rivals/runner.h"
#include "ringpeer/tests/docs/page.h"
#include "ringpeer/tests/docs/stated.h"

namespace ringpeer::docs {
namespace {

constexpr const char* kPage = "docs/benchmarks.md";
constexpr const char* kTablesPage = "docs/benchmarks_tables.md";

std::set<std::string> spans_of_first_cells(const std::vector<Row>& rows) {
  std::set<std::string> names;
  for (const Row& row : rows) {
    for (const std::string& name : code_spans(row.cells[0])) names.insert(name);
  }
  return names;
}

// ---- The comparison of peers

TEST(BenchmarksPageTest, HasEveryCaseAndNoOther) {
  std::set<std::string> expected;
  for (const bench::Case& test_case : bench::all_cases()) expected.insert(test_case.name);
  EXPECT_EQ(spans_of_first_cells(rows_under(kPage, "Cases")), expected);
}

TEST(BenchmarksPageTest, HasEveryPeerAndNoOther) {
  std::set<std::string> found;
  for (const Row& row : rows_under(kPage, "Peers")) {
    for (const std::string& name : code_spans(row.cells[0])) found.insert(name);
    if (row.cells[1].find("`recvmmsg_gro`") != std::string::npos) found.insert("recvmmsg_gro");
  }
  const std::vector<std::string> peers = bench::all_peers();
  EXPECT_EQ(found, std::set<std::string>(peers.begin(), peers.end()));
}

TEST(BenchmarksPageTest, ItsFieldsAreTheMeasurements) {
  const nlohmann::json fields = bench::Measurement();
  for (const std::string& name : spans_of_first_cells(rows_under(kPage, "Method", "field"))) {
    EXPECT_TRUE(fields.contains(name)) << name;
  }
}

TEST(BenchmarksPageTest, SaysWhatTheProgramsDo) {
  const std::string page = read_page(kPage);
  const bench::Case& overload = *bench::find_case("overload");
  const auto number = [](const char* path, const char* name) {
    return with_commas(constant_of(path, name));
  };
  const char* const round = "bench/rivals/round.cc";
  const char* const scale = "bench/scale/main.cc";
  EXPECT_EQ(bench::RunOptions().rounds, 7);
  EXPECT_EQ(constant_of("bench/rivals/main.cc", "kQuickRounds"), 4);
  const std::vector<std::string> statements = {
      "The first round is thrown away, seven are counted (`--quick`: four)",
      "After " + number(round, "kWarmUp") + " ms of traffic the window opens",
      "took more than " + std::to_string(static_cast<int>(bench::kMaxStealPercent)) +
          " % of either CPU is void",
      "(nice " + std::to_string(constant_of("bench/rivals/scheduling.cc", "kBeforeOthers")) + ",",
      "the time of one packet in " + number(round, "kBusySample") + " (of every packet below " +
          number(round, "kBusyRate") + " packets/s)",
      "A flood sends runs of " + number("bench/rivals/sender.cc", "kFloodRun") + " a remote",
      "trains of " + std::to_string(bench::find_case("gso")->train) + " by UDP_SEGMENT",
      "No peer waits longer than " + std::to_string(bench::ReceiveTask().longest_wait_ms) +
          " ms in one call (" + std::to_string(constant_of(round, "kIdleWait") / 1000) +
          " s in `idle`)",
      "a bound of " + std::to_string(bench::Case().latency_bound.count()) +
          " us, in `paced_1k_1ms`",
      "64 puts to " + with_commas(bench::find_case("both_ways_10k")->destinations) +
          " destinations in turn, or all to one",
      "costs the application " + std::to_string(bench::kSlowWork.count() / 1000) +
          " us at the best, so that it can take up to " +
          with_commas(1'000'000'000 / bench::kSlowWork.count()) + " a second; " +
          with_commas(static_cast<std::int64_t>(overload.packets_per_second)) + " come",
      "A call may take " + std::to_string(bench::kSlowBudget) + " packets",
      "every " + std::to_string(bench::find_case("zero_length")->ordinary_one_in) +
          "th packet an ordinary one",
      "to " + with_commas(bench::find_case("fan_out")->destinations) + " destinations in turn",
      "8 packets to each of " + with_commas(bench::find_case("runs_of_8")->destinations) +
          " destinations",
      "at most " + number(scale, "kMaxBytesPerPeer") + " bytes a peer",
      "no probe longer than " + number("engine/remotes/remote_table.h", "kMaxProbe") + " slots",
  };
  for (const std::string& statement : statements) {
    EXPECT_TRUE(says(page, statement)) << statement;
  }
}

TEST(BenchmarksTablesPageTest, SaysWhatThePlainLoopsDo) {
  const std::string page = read_page(kTablesPage);
  const auto number = [](const char* path, const char* name) {
    return with_commas(constant_of(path, name));
  };
  const std::vector<std::string> statements = {
      number("bench/overload/senders.h", "kQuietPlayers") + " quiet players at " +
          number("bench/overload/senders.h", "kQuietHz") + " packets/s each",
      number("bench/overload/main.cc", "kRestOfFrame") + " ms between two ticks",
      "promised are " + number("bench/overload/report.h", "kMaxTickMs") + " and " +
          number("bench/overload/report.h", "kMaxTicksLate"),
  };
  for (const std::string& statement : statements) {
    EXPECT_TRUE(says(page, statement)) << statement;
  }
}

TEST(BenchmarksPageTest, TheHelpOfAQuickRunIsSo) {
  EXPECT_TRUE(says(read_page("bench/rivals/main.cc"),
                   std::to_string(bench::kQuickSize) + " bytes, " +
                       std::to_string(bench::kQuickRemotes) + " remotes, 4 rounds"));
}

TEST(BenchmarksPageTest, SaysWhichCasesHaveAllSizesAndRemotes) {
  std::string sizes;
  std::string remotes;
  for (const int size : bench::kSizes) sizes += with_commas(size) + " ";
  for (const int count : bench::kRemotes) remotes += with_commas(count) + " ";
  EXPECT_EQ(sizes, "32 64 512 1,200 ");
  EXPECT_EQ(remotes, "1 64 1,000 ");
  std::string cases;
  for (const bench::Case& test_case : bench::all_cases()) {
    if (test_case.all_sizes_and_remotes) cases += test_case.name + " ";
  }
  EXPECT_EQ(cases, "paced_100k flood gso ");
  EXPECT_TRUE(says(read_page(kPage),
                   "Sizes 32, 64, 512 and 1,200 bytes at 64 remotes, and 1, 64 and 1,000 remotes "
                   "at 64 bytes, for `paced_100k`, `flood` and `gso`"));
}

// ---- Figures

// The checks of a run with other work on the CPUs, or without.
std::vector<bench::Check> checks_of_a_run(bool busy) {
  bench::Series series;
  bench::Measurement measurement;
  measurement.round = 1;
  measurement.busy = busy;
  series.add(measurement);
  return bench::evaluate_checks(series);
}

// "at most 1.1 / 1.2": with other work, and without; one number where both are the same.
std::string limits_of(const bench::Check& busy, const bench::Check& quiet) {
  if (!busy.has_limit()) return "-";
  const std::string which = busy.at_most ? "at most " : "at least ";
  const auto text = [](double limit) {
    std::ostringstream out;
    out << limit;
    return out.str();
  };
  if (busy.limit == quiet.limit) return which + text(busy.limit);
  return which + text(busy.limit) + " / " + text(quiet.limit);
}

TEST(BenchmarksPageTest, HasEveryCheckWithItsLimitAndItsVerdict) {
  const std::vector<bench::Check> busy = checks_of_a_run(true);
  const std::vector<bench::Check> quiet = checks_of_a_run(false);
  const std::vector<Row> rows = rows_under(kPage, "Figures", "check");
  ASSERT_EQ(rows.size(), busy.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].cells[0], busy[i].text);
    EXPECT_EQ(rows[i].cells[1], limits_of(busy[i], quiet[i])) << busy[i].text;
    for (const std::size_t run : {2U, 3U}) {
      bench::Check check = run == 2 ? busy[i] : quiet[i];
      check.value = number_in(rows[i].cells[run]);
      EXPECT_EQ(check.state() == bench::Check::State::kMiss,
                rows[i].cells[run].find("misses") != std::string::npos)
          << check.text << ": " << rows[i].cells[run];
    }
  }
}

using Figures = std::map<std::pair<std::string, std::string>, std::vector<std::string>>;

// Of the table of all figures: cells by case and peer. A case is "runs_of_8 grouped", too.
Figures all_figures() {
  Figures figures;
  std::string test_case;
  for (const Table& table : tables_of(read_page(kTablesPage))) {
    if (table.heading != "All figures") continue;
    for (const Row& row : table.rows) {
      if (!row.cells[0].empty()) test_case = code_spans(row.cells[0]).at(0);
      figures[{test_case, row.cells[1]}] = row.cells;
    }
  }
  return figures;
}

TEST(BenchmarksPageTest, HasTheFiguresOfEveryPeerOfAQuickRun) {
  std::set<std::pair<std::string, std::string>> expected;
  for (const bench::Case& test_case : bench::all_cases()) {
    for (const std::string& peer : test_case.quick_peers) {
      if (test_case.patterns.size() < 2) expected.insert({test_case.name, peer});
      if (test_case.patterns.size() < 2) continue;
      for (const bench::Pattern pattern : test_case.patterns) {
        const auto order = nlohmann::json(pattern).get<std::string>();
        expected.insert({test_case.name + " " + order, peer});
      }
    }
  }
  std::set<std::pair<std::string, std::string>> found;
  for (const auto& [key, cells] : all_figures()) found.insert(key);
  EXPECT_EQ(found, expected);
}

// The table of checks is made of the figures: ratios of what the other page has.
TEST(BenchmarksPageTest, TheChecksAreRatiosOfTheFigures) {
  const Figures figures = all_figures();
  const std::regex ratio("(.+): (ringpeer/[a-z_]+) (CPU a packet|packets/s) / ([a-z_/]+)");
  int compared = 0;
  for (const Row& row : rows_under(kPage, "Figures", "check")) {
    std::smatch match;
    if (!std::regex_match(row.cells[0], match, ratio)) continue;
    const auto one = figures.find({match[1], match[2]});
    const auto other = figures.find({match[1], match[4]});
    if (one == figures.end() || other == figures.end()) continue;
    // A dash: not measured yet.
    if (std::isnan(number_in(row.cells[2]))) continue;
    const std::size_t column = match[3] == "packets/s" ? 2 : 3;
    const double expected = number_in(one->second[column]) / number_in(other->second[column]);
    // What is rounded there: two digits at the least.
    EXPECT_NEAR(number_in(row.cells[2]) / expected, 1, 0.02) << row.cells[0];
    ++compared;
  }
  EXPECT_GE(compared, 12);
}

TEST(BenchmarksPageTest, HasTheInstructionsThatAreCommitted) {
  std::string committed;
  std::istringstream lines(read_page("bench/instructions/expected.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("#")) committed += line + "\n";
  }
  std::string on_page;
  for (const Row& row : rows_under(kPage, "Instructions")) {
    const std::map<std::string, std::string> ways{
        {"views of a peer (`drain`)", "views"},
        {"`get_packet` of a peer", "packets"},
        {"views of a server's 64 remotes", "server"},
        {"the same, all limits on", "limits"},
    };
    const auto way = ways.find(row.cells[1]);
    ASSERT_NE(way, ways.end()) << row.cells[1];
    on_page += row.cells[0] + " " + way->second + " 32 " + row.cells[2] + "\n";
    if (row.cells[3].empty()) continue;  // one size is enough
    on_page += row.cells[0] + " " + way->second + " 64 " + row.cells[3] + "\n";
  }
  EXPECT_EQ(on_page, committed);
  const std::string script = read_page("bench/instructions/check.sh");
  EXPECT_NE(script.find("promised=150\n"), std::string::npos);
  EXPECT_NE(script.find("tolerance_percent=5\n"), std::string::npos);
  EXPECT_NE(script.find("most_of_limits=25\n"), std::string::npos);
  EXPECT_TRUE(says(read_page(kPage), "Views through io_uring may take 150 at most; 5 % more"));
}

// README.md rounds; what it says is not further away than such figures are worth.
TEST(ReadmeFiguresTest, AreThoseOfTheBenchmarks) {
  const std::string readme = on_one_line(read_page("README.md"));
  const Figures figures = all_figures();
  const auto figure = [&](const char* test_case, const char* peer, std::size_t column) {
    return number_in(figures.at({test_case, peer}).at(column));
  };
  const auto check = [](const std::string& text, std::size_t run) {
    for (const Row& row : rows_under(kPage, "Figures", "check")) {
      if (row.cells[0] == text) return number_in(row.cells[run]);
    }
    ADD_FAILURE() << text;
    return 0.0;
  };
  const char* const engine = "ringpeer/io_uring";
  const std::string epoll = "flood: ringpeer/io_uring CPU a packet / recvmmsg_epoll";
  const std::string faster = "flood: ringpeer/io_uring packets/s / recvmmsg_epoll";
  const std::vector<std::pair<std::string, std::vector<double>>> rows = {
      {"gets ([0-9.]+) % of them, ([0-9]+) ns of its thread per packet . recvfrom: ([0-9]+) %, "
       "([0-9,]+) ns",
       {figure("frame_100k", engine, 2), figure("frame_100k", engine, 4),
        figure("frame_100k", "recvfrom", 2), figure("frame_100k", "recvfrom", 4)}},
      {"gets ([0-9,]+)/s . recvfrom: ([0-9,]+)/s",
       {figure("frame_flood", engine, 2) * 1000, figure("frame_flood", "recvfrom", 2) * 1000}},
      {"in a flood . ([0-9]+) % of the CPU per packet, ([0-9.]+) times the packets/s . "
       "epoll . recvmmsg: baseline",
       {check(epoll, 2) * 100, check(faster, 2)}},
      {"nothing else . ([0-9]+) % of the CPU per packet, ([0-9.]+) times the packets/s . "
       "epoll . recvmmsg: baseline",
       {check(epoll, 3) * 100, check(faster, 3)}},
      {"([0-9]+) % of the CPU per packet, ([0-9]+) ns of it on the game thread . sendmmsg: "
       "baseline, ([0-9,]+) ns",
       {check("runs_of_8 round_robin: CPU a packet / sendmmsg", 2) * 100,
        figure("runs_of_8 round_robin", engine, 4),
        figure("runs_of_8 round_robin", "recvmmsg", 4)}}};
  for (const auto& [pattern, expected] : rows) {
    std::smatch match;
    ASSERT_TRUE(std::regex_search(readme, match, std::regex(pattern))) << pattern;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(number_in(match[i + 1]) / expected[i], 1, 0.03) << match[0];
    }
  }
}

}  // namespace
}  // namespace ringpeer::docs
