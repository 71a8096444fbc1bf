// `ringpeer load --impair-...` from outside: each packet on both sides of the impairment, by the
// reports of both programs, and the fates that a seed gives.

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tests/tools/command_process.h"
#include "ringpeer/tests/tools/report_schema.h"

namespace ringpeer::tools {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

constexpr std::chrono::seconds kPatience{60};
// Nothing of this machine's speed is expected.
const std::string kAnyMachine = "--allow-invalid";

// A program that says on which port it is, until it is ended.
class Listener {
 public:
  explicit Listener(const Words& words) : process_(words) {
    process_.wait_for_error_text(words.front() == "serve" ? ", backend " : ", seed ", kPatience);
    const std::string& said = process_.error_output();
    const std::size_t at = said.find(" on port ");
    if (at != std::string::npos) port_ = std::atoi(said.c_str() + at + 9);
  }

  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }

  json end() {
    process_.send_signal(SIGINT);
    EXPECT_EQ(process_.finish(kPatience), 0) << process_.error_output();
    return json::parse(process_.output(), nullptr, false);
  }

 private:
  CommandProcess process_;
  int port_ = 0;
};

std::unique_ptr<Listener> server(const std::string& mode) {
  return std::make_unique<Listener>(
      Words{"serve", "--mode", mode, "--port", "0", "--address", "127.0.0.1", "--json"});
}

json load(const std::string& target, Words words, int expected_status = 0) {
  words.insert(words.begin(), {"load", "--target", target, "--json", kAnyMachine});
  CommandProcess process(words);
  EXPECT_EQ(process.finish(kPatience), expected_status) << process.error_output();
  json report = json::parse(process.output(), nullptr, false);
  EXPECT_FALSE(report.is_discarded()) << process.output();
  EXPECT_EQ(ReportSchema().complaint("load", report), "");
  return report;
}

std::uint64_t sum_of(const json& object, const std::vector<const char*>& fields) {
  std::uint64_t sum = 0;
  for (const char* field : fields) sum += object.at(field).get<std::uint64_t>();
  return sum;
}

std::uint64_t drops_of(const json& report, const char* where) {
  const json& drops = report.at("kernel_drops").at(where);
  return drops.is_null() ? 0 : drops.get<std::uint64_t>();
}

// What holds of every run, whatever is between.
void expect_each_way_adds_up(const json& report) {
  const json& impairment = report.at("impairment");
  EXPECT_EQ(report.at("sent"), impairment.at("to_server").at("arrived"));
  EXPECT_EQ(report.at("received"), impairment.at("to_client").at("forwarded"));
  for (const char* way : {"to_server", "to_client"}) {
    const json& counts = impairment.at(way);
    EXPECT_EQ(
        sum_of(counts, {"arrived", "duplicated"}),
        sum_of(counts, {"forwarded", "lost", "queue_full", "relay_full", "send_failed", "waiting"}))
        << way;
    EXPECT_EQ(counts.at("unaccounted"), 0);
    EXPECT_EQ(counts.at("added_delay_us").at("count"), counts.at("forwarded"));
  }
}

// And what holds with an echo server on this machine, by its own report, too.
void expect_echo_adds_up(const json& report, const json& server) {
  expect_each_way_adds_up(report);
  const json& impairment = report.at("impairment");
  EXPECT_EQ(impairment.at("to_server").at("forwarded").get<std::uint64_t>(),
            sum_of(server, {"received", "kernel_drops"}));
  EXPECT_EQ(server.at("received").get<std::uint64_t>(),
            server.at("sent").get<std::uint64_t>() +
                server.at("service").at("empty").get<std::uint64_t>());
  EXPECT_EQ(
      server.at("sent").get<std::uint64_t>(),
      impairment.at("to_client").at("arrived").get<std::uint64_t>() + drops_of(report, "clients"));
  EXPECT_EQ(report.at("unaccounted"), 0);
  EXPECT_EQ(report.at("lost"), 0);
  EXPECT_EQ(report.at("sent").get<std::uint64_t>(),
            sum_of(report, {"answered", "damaged", "connection_refused"}) +
                impairment.at("unanswered").get<std::uint64_t>() + drops_of(report, "clients") +
                drops_of(report, "server"));
  EXPECT_EQ(report.at("received").get<std::uint64_t>(),
            sum_of(report, {"answered", "repeated", "corrupted", "foreign"}));
}

const Words kBadNetwork = {"--impair-loss",      "4/6",   "--impair-burst",   "2/",
                           "--impair-delay",     "20/15", "--impair-jitter",  "10",
                           "--impair-duplicate", "5/3",   "--impair-reorder", "3",
                           "--impair-truncate",  "2/3",   "--impair-corrupt", "2/3"};

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(ImpairedLoadTest, EachPacketIsAccountedForOnBothSides) {
  const auto echo = server("echo");
  // 100 packets/s of 64 bytes are 74 kbit/s, and the copies more.
  const json report =
      load(echo->target(), with(kBadNetwork, {"--clients", "12", "--hz", "100", "--duration", "3",
                                              "--threads", "3", "--impair-rate", "70/"}));
  expect_echo_adds_up(report, echo->end());
  EXPECT_EQ(sum_of(report, {"sent", "send_missed"}), 3600U);
  for (const char* way : {"to_server", "to_client"}) {
    const json& counts = report.at("impairment").at(way);
    for (const char* fate : {"lost", "duplicated", "reordered", "truncated", "corrupted"}) {
      EXPECT_GT(counts.at(fate), 0) << way << " " << fate;
    }
  }
  // Of these the clients see each.
  for (const char* seen : {"repeated", "corrupted", "late", "foreign", "damaged"}) {
    EXPECT_GT(report.at(seen), 0) << seen;
  }
  // The least is the delay of both ways without their jitter.
  EXPECT_GE(report.at("rtt_us").at("min"), 15'000.0);
}

TEST(ImpairedLoadTest, TheRateRefusesWhatIsAboveIt) {
  const auto echo = server("echo");
  const json report = load(echo->target(), {"--clients", "4", "--hz", "200", "--duration", "1.5",
                                            "--impair-rate", "60", "--impair-queue", "5"});
  expect_echo_adds_up(report, echo->end());
  EXPECT_GT(report.at("impairment").at("to_server").at("queue_full"), 0);
}

// Without a queue, time decides nothing.
TEST(ImpairedLoadTest, ASeedDecidesTheSameAgainAndAsTheCommandDoes) {
  const auto echo = server("echo");
  const Words clients = {"--clients", "10", "--hz", "50", "--duration", "2"};
  const Words seeded = with(with(kBadNetwork, clients), {"--seed", "11"});
  const json first = load(echo->target(), seeded);
  const json again = load(echo->target(), with(seeded, {"--threads", "2"}));
  Words other = seeded;
  other.back() = "12";
  const json different = load(echo->target(), other);
  Words relay_words = {"impair", "--target", echo->target(), "--port",
                       "0",      "--seed",   "11",           "--json"};
  for (const std::string& word : kBadNetwork) {
    relay_words.push_back(word.starts_with("--impair-") ? "--" + word.substr(9) : word);
  }
  Listener relay(relay_words);
  const json through = load(relay.target(), clients, 1);  // it does not know what the relay lost
  const json relayed = relay.end();
  for (const json* report : {&first, &again, &different, &through}) {
    if (report->at("send_missed") != 0) GTEST_SKIP() << "this machine is too busy to send all";
    EXPECT_EQ(report->at("sent"), 1000);
  }
  EXPECT_TRUE(through.at("impairment").is_null());
  // Those to the client depend on the order in which answers come, which is a matter of luck.
  for (const char* fate :
       {"arrived", "lost", "duplicated", "truncated", "corrupted", "forwarded"}) {
    const json& count = first.at("impairment").at("to_server").at(fate);
    EXPECT_EQ(again.at("impairment").at("to_server").at(fate), count) << fate;
    EXPECT_EQ(relayed.at("to_server").at(fate), count) << fate;
    const json& back = first.at("impairment").at("to_client").at(fate);
    EXPECT_EQ(relayed.at("to_client").at("arrived"),
              first.at("impairment").at("to_client").at("arrived"));
    if (fate == std::string("corrupted") || fate == std::string("truncated")) continue;  // by size
    EXPECT_EQ(again.at("impairment").at("to_client").at(fate), back) << fate;
    EXPECT_EQ(relayed.at("to_client").at(fate), back) << fate;
  }
  EXPECT_NE(different.at("impairment").at("to_server").at("lost"),
            first.at("impairment").at("to_server").at("lost"));
}

TEST(ImpairedLoadTest, WhoComesAndGoesIsAccountedFor) {
  const auto echo = server("echo");
  const json report =
      load(echo->target(), with(kBadNetwork, {"--clients", "20", "--hz", "40", "--duration", "2",
                                              "--session", "300ms", "--join-rate", "40"}));
  expect_echo_adds_up(report, echo->end());
  EXPECT_GT(report.at("joins").at("count"), 40);
}

TEST(ImpairedLoadTest, TheStepsOfARampAreImpaired) {
  const auto echo = server("echo");
  const json report =
      load(echo->target(), {"--clients", "10", "--ramp", "200..800", "--steps", "3", "--step",
                            "0.5s", "--impair-loss", "20/0", "--impair-delay", "80"});
  expect_echo_adds_up(report, echo->end());
  std::uint64_t sent = 0;
  for (const json& step : report.at("steps")) {
    sent += step.at("sent").get<std::uint64_t>();
    EXPECT_NEAR(step.at("lost_percent").get<double>(), 20, 15);
    EXPECT_GE(step.at("p99_us"), 160'000.0);
  }
  EXPECT_EQ(report.at("sent"), sent);
}

TEST(ImpairedLoadTest, ASinkGetsWhatIsNotLost) {
  const auto sink = server("sink");
  const json report =
      load(sink->target(), {"--clients", "5", "--hz", "100", "--duration", "1", "--expect",
                            "nothing", "--impair-loss", "10", "--impair-delay", "300"});
  expect_each_way_adds_up(report);
  const json& out = report.at("impairment").at("to_server");
  EXPECT_EQ(out.at("waiting"), 0);
  EXPECT_EQ(out.at("forwarded").get<std::uint64_t>(),
            sum_of(sink->end(), {"received", "kernel_drops"}));
}

// The arena counts what reached its game, and its snapshots.
TEST(ImpairedLoadTest, AnArenaAccountsForBothWays) {
  const auto arena = server("arena");
  const json report =
      load(arena->target(), {"--clients", "8", "--hz", "60", "--duration", "2", "--payload", "var",
                             "--impair-loss", "5", "--impair-delay", "30", "--impair-jitter", "20",
                             "--impair-duplicate", "5", "--impair-corrupt", "/3"});
  const json served = arena->end();
  expect_each_way_adds_up(report);
  EXPECT_EQ(report.at("server"), "arena");
  EXPECT_EQ(report.at("unaccounted"), 0);
  EXPECT_EQ(report.at("impairment").at("to_server").at("forwarded").get<std::uint64_t>(),
            sum_of(served, {"received", "kernel_drops"}));
  EXPECT_EQ(served.at("sent").get<std::uint64_t>(),
            report.at("impairment").at("to_client").at("arrived").get<std::uint64_t>() +
                drops_of(report, "clients"));
}

// What the clients get of an arena is harmed, or nothing: it is known all the same what reached it.
TEST(ImpairedLoadTest, AnArenaIsKnownBeforeItsSnapshotsAreHarmed) {
  const Words plan = {"--payload", "var", "--clients", "5", "--hz", "60", "--duration", "1"};
  for (const Words& words :
       std::vector<Words>{{"--impair-corrupt", "0/30"}, {"--impair-loss", "0/100"}}) {
    SCOPED_TRACE(words[0]);
    const auto arena = server("arena");
    const json report = load(arena->target(), with(plan, words));
    const json served = arena->end();
    expect_each_way_adds_up(report);
    EXPECT_EQ(report.at("server"), "arena");
    EXPECT_EQ(report.at("unaccounted"), 0);
    EXPECT_EQ(report.at("answered").get<std::uint64_t>() + drops_of(report, "server"),
              report.at("sent"));
    EXPECT_EQ(report.at("snapshots").at("sent"), served.at("sent"));
  }
  // It believes what is harmed on the way to it: nothing is known of its numbers then.
  const auto arena = server("arena");
  const json report = load(arena->target(), with(plan, {"--impair-corrupt", "30/0"}));
  EXPECT_EQ(report.at("unaccounted"), 0);
  EXPECT_LE(report.at("answered"), report.at("sent"));
}

// Nobody listens at one of two, and the other answers all.
TEST(ImpairedLoadTest, ATargetThatNeverAnswersIsNamed) {
  const auto echo = server("echo");
  const json report = load(echo->target() + ",127.0.0.1:9",
                           {"--clients", "4", "--duration", "0.5", "--impair-delay", "5"}, 1);
  const json& targets = report.at("targets");
  EXPECT_EQ(targets.at(0).at("forwarded"), targets.at(0).at("arrived"));
  EXPECT_GT(targets.at(1).at("forwarded"), 0);
  EXPECT_EQ(targets.at(1).at("arrived"), 0);
  // Unless nothing came to it.
  const json lost = load(echo->target() + ",127.0.0.1:9",
                         {"--clients", "4", "--duration", "0.5", "--impair-loss", "100/0"});
  EXPECT_EQ(lost.at("targets").at(1).at("forwarded"), 0);
}

TEST(ImpairedLoadTest, PartsAddUp) {
  const auto echo = server("echo");
  std::vector<std::string> files;
  std::uint64_t lost = 0;
  for (const char* part : {"1/2", "2/2"}) {
    const json report =
        load(echo->target(), {"--clients", "6", "--hz", "50", "--duration", "1", "--part", part,
                              "--impair-loss", "10", "--impair-delay", "10"});
    lost += report.at("impairment").at("to_server").at("lost").get<std::uint64_t>();
    const char* folder = std::getenv("TEST_TMPDIR");
    files.push_back(std::string(folder == nullptr ? "/tmp" : folder) + "/part" + part[0]);
    std::ofstream(files.back()) << report;
  }
  CommandProcess merge({"load", "merge", "--json", files[0], files[1]});
  merge.finish(kPatience);
  const json merged = json::parse(merge.output(), nullptr, false);
  ASSERT_FALSE(merged.is_discarded()) << merge.error_output();
  EXPECT_EQ(merged.at("impairment").at("to_server").at("lost"), lost);
  expect_echo_adds_up(merged, echo->end());
}

// The server is not to blame when nothing comes to it.
TEST(ImpairedLoadTest, AllMayBeLost) {
  const auto echo = server("echo");
  const json to_server = load(echo->target(), {"--duration", "0.3", "--impair-loss", "100/"});
  EXPECT_EQ(to_server.at("impairment").at("to_server").at("lost"), to_server.at("sent"));
  const json to_client = load(echo->target(), {"--duration", "0.3", "--impair-loss", "/100"});
  EXPECT_EQ(to_client.at("received"), 0);
  EXPECT_EQ(to_client.at("impairment").at("unanswered"), to_client.at("sent"));
}

TEST(ImpairedLoadTest, WhatMakesNoSenseIsRefusedInOneLine) {
  for (const Words& words : std::vector<Words>{{"--impair-loss", "101"},
                                               {"--impair-loss", "x"},
                                               {"--impair-burst", "3"},
                                               {"--impair-queue", "3"},
                                               {"--impair-queue", "100"},
                                               {"--impair-loss", "\x1b[31m\n"},
                                               {"--impair-keep-order"},
                                               {"--impair-distribution", "normal"},
                                               {"--impair-delay", "6000"},
                                               {"--impair-delay", "900", "--hz", "10000"},
                                               {"--seed", "3"}}) {
    CommandProcess process(with({"load", "--target", "127.0.0.1:9", "--duration", "0.1"}, words));
    EXPECT_EQ(process.finish(kPatience), 2) << words.front() << " " << words.back();
    EXPECT_EQ(process.output(), "");
    EXPECT_NE(process.error_output().find("--impair-"), std::string::npos)
        << process.error_output();
    EXPECT_EQ(process.error_output().find("ringpeer: "), 0U) << process.error_output();
    EXPECT_EQ(process.error_output().find('\x1b'), std::string::npos) << process.error_output();
  }
}

// 2^64 is no other number, and neither is -1.
TEST(ImpairedLoadTest, ASeedIsOneOf64Bits) {
  for (const char* seed : {"-1", "-0", "18446744073709551616", "99999999999999999999999"}) {
    CommandProcess process({"load", "--target", "127.0.0.1:9", "--impair-loss", "1", "--duration",
                            "0.1", "--seed", seed});
    EXPECT_EQ(process.finish(kPatience), 2) << seed;
    EXPECT_NE(process.error_output().find("choose 0 to 18446744073709551615"), std::string::npos)
        << process.error_output();
  }
  const auto echo = server("echo");
  const json report = load(echo->target(), {"--duration", "0.1", "--impair-delay", "1", "--seed",
                                            "18446744073709551615"});
  EXPECT_EQ(report.at("plan").at("seed"), ~std::uint64_t{0});
}

// Of what is a little too long, the words say how much.
TEST(ImpairedLoadTest, ALittleTooMuchIsTold) {
  CommandProcess process({"load", "--target", "127.0.0.1:9", "--impair-delay", "5001"});
  EXPECT_EQ(process.finish(kPatience), 2);
  EXPECT_NE(process.error_output().find("takes 10.002 s longer counts as lost after 10 s"),
            std::string::npos)
      << process.error_output();
}

}  // namespace
}  // namespace ringpeer::tools
