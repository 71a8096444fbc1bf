// Reports of parts put together against one report of all that was counted.

#include "ringpeer/tools/load/load_merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/tools/load/load_report.h"

namespace ringpeer::tools {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::nanoseconds;

const LoadSeries::Clock::time_point kStart{std::chrono::hours(1)};

LoadOptions part_of(std::uint32_t number, std::uint32_t of) {
  LoadOptions options;
  options.target_text = "192.0.2.1:4000";
  options.clients = 12;
  options.part = {.number = number, .of = of};
  return options;
}

// A network that lost what was not answered.
void impair(LoadReport* report, std::mt19937_64* random) {
  ImpairmentAccount& account = report->impairment.emplace();
  report->echoes -= 7;
  ImpairCounts& out = account.counts[0];
  out.arrived = report->sent;
  out.lost = report->sent - report->echoes;
  out.forwarded = account.requests = account.answered = report->echoes;
  ImpairCounts& in = account.counts[1];
  in.arrived = report->echoes;
  in.duplicated = (*random)() % 20;
  in.forwarded = in.arrived + in.duplicated;
  for (std::uint64_t i = 0; i < in.forwarded; ++i) {
    in.added_delay.record(nanoseconds((*random)() % 40'000'000));
  }
}

LoadReport any_report(std::mt19937_64* random, int packets = 300) {
  LoadReport report;
  report.seconds = 3;
  report.started_at = "2026-11-29T09:00:15Z";
  report.series = LoadSeries(kStart, std::chrono::seconds(1));
  report.corrupted = (*random)() % 10;
  report.repeated = (*random)() % 10;
  report.joins = (*random)() % 10;
  for (int i = 0; i < packets; ++i) {
    const auto due = kStart + nanoseconds((*random)() % 3'000'000'000);
    ++report.sent;
    report.series.sent(due);
    report.send_lateness.record(nanoseconds((*random)() % 100'000));
    if ((*random)() % 3000 == 0) continue;
    ++report.received;
    ++report.echoes;
    const nanoseconds time((*random)() % 90'000'000);
    report.round_trip.record(time);
    report.round_trip_uncorrected.record(time / 2);
    report.series.answered(due, time);
  }
  return report;
}

// Without the name of the part, and what rounding makes of means.
Json comparable(Json report) {
  for (const char* field : {"part", "parts", "clients", "machine", "generator", "hz"}) {
    report.erase(field);
  }
  for (const char* field : {"rtt_us", "rtt_uncorrected_us"}) report[field].erase("mean");
  if (!report["impairment"].is_null()) {
    report["impairment"]["to_client"]["added_delay_us"].erase("mean");
  }
  report["joins"].erase("rtt_us");
  return report;
}

TEST(LoadMergeTest, IsTheReportOfTheSum) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const bool is_impaired = seed % 2 == 0;
    std::mt19937_64 random(seed);
    const std::uint32_t of = 2 + static_cast<std::uint32_t>(random() % 3);
    LoadReport sum;
    sum.seconds = 3;
    sum.started_at = "2026-11-29T09:00:15Z";
    std::vector<Json> parts;
    for (std::uint32_t number = 1; number <= of; ++number) {
      LoadReport report = any_report(&random);
      if (is_impaired) impair(&report, &random);
      sum.add_counts(report);
      sum.series.merge(report.series);
      parts.push_back(load_report_to_json(part_of(number, of), report));
    }
    std::shuffle(parts.begin(), parts.end(), random);
    const MergedReport merged = merge_load_reports(parts);
    ASSERT_EQ(merged.error, "");
    EXPECT_EQ(comparable(merged.report), comparable(load_report_to_json(part_of(1, 1), sum)))
        << "seed " << seed;
    EXPECT_EQ(merged.report.at("clients"), 12);
    EXPECT_EQ(merged.report.at("parts"), of);
  }
}

TEST(LoadMergeTest, AnswersThatNameNoPacketAreSummed) {
  std::mt19937_64 random(7);
  std::vector<Json> parts;
  LoadReport sum;
  sum.seconds = 3;
  sum.started_at = "2026-11-29T09:00:15Z";
  for (const std::uint32_t number : {1U, 2U}) {
    LoadReport report = any_report(&random);
    report.echoes = 0;
    report.replies = report.received;
    report.replies_expected = 400;
    LoadOptions like = part_of(number, 2);
    like.payload = LoadPayloadKind::kSession;
    sum.add_counts(report);
    sum.series.merge(report.series);
    parts.push_back(load_report_to_json(like, report));
  }
  LoadOptions whole = part_of(1, 1);
  whole.payload = LoadPayloadKind::kSession;
  const MergedReport merged = merge_load_reports(parts);
  ASSERT_EQ(merged.error, "");
  EXPECT_EQ(comparable(merged.report), comparable(load_report_to_json(whole, sum)));
  EXPECT_NE(judge_merged(merged.report).find("answers came where"), std::string::npos);
  parts[1].erase("replies");
  EXPECT_NE(merge_load_reports(parts).error.find("--expect"), std::string::npos);
}

TEST(LoadMergeTest, CookiesAreSummed) {
  std::mt19937_64 random(9);
  std::vector<Json> parts;
  LoadReport sum;
  sum.seconds = 3;
  sum.started_at = "2026-11-29T09:00:15Z";
  for (const std::uint32_t number : {1U, 2U, 3U}) {
    LoadReport report = any_report(&random);
    report.cookie = {.hellos = 10 * number,
                     .challenges = 7 * number,
                     .answers = 6 * number,
                     .entered = number == 1 ? 0 : 5 * number,
                     .longest_entry = std::chrono::milliseconds(number == 1 ? 0 : 40 / number)};
    LoadOptions options = part_of(number, 3);
    options.cookie = true;
    sum.add_counts(report);
    sum.series.merge(report.series);
    parts.push_back(load_report_to_json(options, report));
  }
  LoadOptions whole = part_of(1, 1);
  whole.cookie = true;
  const MergedReport merged = merge_load_reports(parts);
  ASSERT_EQ(merged.error, "");
  EXPECT_EQ(comparable(merged.report), comparable(load_report_to_json(whole, sum)));
  EXPECT_EQ(merged.report.at("cookie").at("hellos"), 60);
  EXPECT_EQ(merged.report.at("cookie").at("longest_entry_us"), 20'000.0);
  EXPECT_NE(load_json_to_text(merged.report).find("let in by a cookie"), std::string::npos);
  parts[2]["plan"]["cookie"] = false;
  EXPECT_NE(merge_load_reports(parts).error.find("--cookie"), std::string::npos);
}

// Beyond the impairment, one answer of each part is missing.
TEST(LoadMergeTest, AnImpairmentExplainsWhatItLost) {
  std::mt19937_64 random(1);
  std::vector<Json> parts;
  for (const std::uint32_t number : {1U, 2U}) {
    LoadReport report = any_report(&random);
    impair(&report, &random);
    ++report.impairment->counts[0].forwarded;
    --report.impairment->counts[0].lost;
    ++report.impairment->requests;
    parts.push_back(load_report_to_json(part_of(number, 2), report));
    EXPECT_EQ(parts.back().at("unaccounted"), 1);
  }
  const Json merged = merge_load_reports(parts).report;
  EXPECT_EQ(merged.at("unaccounted"), 2);
  EXPECT_EQ(merged.at("impairment").at("unanswered").get<std::uint64_t>() + 2,
            merged.at("sent").get<std::uint64_t>() - merged.at("answered").get<std::uint64_t>());
  parts[1]["impairment"]["seed"] = 2;
  EXPECT_NE(merge_load_reports(parts).error.find("impairment"), std::string::npos);
  parts[1]["impairment"] = nullptr;
  EXPECT_NE(merge_load_reports(parts).error.find("impairment"), std::string::npos);
}

// A network may lose all, each way, and the kernel refuse all: as of one run.
TEST(LoadMergeTest, WhatANetworkLostIsNotTheServersFault) {
  const auto judgement_of = [](const ImpairmentAccount& account) {
    std::vector<Json> parts;
    for (const std::uint32_t number : {1U, 2U}) {
      LoadReport report;
      report.seconds = 3;
      report.started_at = "2026-11-29T09:00:15Z";
      report.sent = account.of(Direction::kToServer).arrived;
      report.impairment = account;
      report.addresses = {"192.0.2.1:4000"};
      report.targets = {{.sent = report.sent,
                         .received = 0,
                         .forwarded = account.of(Direction::kToServer).forwarded,
                         .arrived = account.of(Direction::kToClient).arrived}};
      report.delayed_sends_refused = account.of(Direction::kToServer).send_failed;
      const LoadOptions part = part_of(number, 2);
      parts.push_back(load_report_to_json(part, report));
      EXPECT_EQ(parts.back().at("ok"), account.of(Direction::kToServer).send_failed == 0 &&
                                           account.of(Direction::kToClient).unaccounted() == 0 &&
                                           report.targets[0].is_silent() == false);
    }
    const MergedReport merged = merge_load_reports(parts);
    EXPECT_EQ(merged.error, "");
    return judge_merged(merged.report);
  };
  ImpairmentAccount there;
  there.counts[0].arrived = there.counts[0].lost = 50;
  EXPECT_EQ(judgement_of(there), "");
  ImpairmentAccount back;
  back.counts[0].arrived = back.counts[0].forwarded = back.requests = 50;
  back.counts[1].arrived = back.counts[1].lost = back.answered = 50;
  EXPECT_EQ(judgement_of(back), "");
  ImpairmentAccount silent = back;
  silent.counts[1] = {};
  silent.answered = 0;
  EXPECT_NE(judgement_of(silent).find("no reply came"), std::string::npos);
  ImpairmentAccount refused;
  refused.counts[0].arrived = refused.counts[0].send_failed = 50;
  EXPECT_NE(judgement_of(refused).find("the kernel refused every packet"), std::string::npos);
}

// One of several targets, as the parts see it together.
TEST(LoadMergeTest, ATargetThatNeverAnswersIsNamed) {
  std::mt19937_64 random(2);
  for (const bool is_impaired : {false, true}) {
    std::vector<Json> parts;
    for (const std::uint32_t number : {1U, 2U}) {
      LoadReport report = any_report(&random);
      report.echoes = report.sent;
      if (is_impaired) {
        ImpairmentAccount& account = report.impairment.emplace();
        account.counts[0].arrived = account.counts[0].forwarded = report.sent;
        account.counts[1].arrived = account.counts[1].forwarded = report.sent;
        account.requests = account.answered = report.sent;
      }
      report.addresses = {"192.0.2.1:4000", "192.0.2.2:4000"};
      report.targets = {{.sent = 9, .received = 9, .forwarded = 9, .arrived = 9},
                        {.sent = 9, .forwarded = number == 1 ? 7U : 0U}};
      parts.push_back(load_report_to_json(part_of(number, 2), report));
    }
    const Json merged = merge_load_reports(parts).report;
    EXPECT_EQ(merged.at("targets").at(1).at("forwarded"), 7);
    EXPECT_EQ(judge_merged(merged), "no reply came from 192.0.2.2:4000.");
    for (Json& part : parts) part["targets"][1]["forwarded"] = 0;
    EXPECT_EQ(judge_merged(merge_load_reports(parts).report), "");
    // Of older programs what left for a target is known without an impairment alone.
    for (Json& part : parts) {
      for (Json& target : part["targets"]) {
        target.erase("forwarded");
        target.erase("arrived");
      }
    }
    EXPECT_EQ(judge_merged(merge_load_reports(parts).report).empty(), is_impaired);
  }
}

TEST(LoadMergeTest, PartsThatDidNotRunTogetherAreNotValid) {
  std::mt19937_64 random(1);
  std::vector<Json> parts = {load_report_to_json(part_of(1, 2), any_report(&random)),
                             load_report_to_json(part_of(2, 2), any_report(&random))};
  parts[1]["started_at"] = "2026-11-29T09:00:18Z";
  const Json apart = merge_load_reports(parts).report;
  EXPECT_FALSE(apart.at("valid").get<bool>());
  EXPECT_FALSE(apart.at("ok").get<bool>());
  EXPECT_NE(judge_merged(apart).find("3 s apart"), std::string::npos);
}

// Each part sees the drops of the one socket on this machine.
TEST(LoadMergeTest, DropsAtTheServerCountOnce) {
  std::mt19937_64 random(1);
  std::vector<Json> parts;
  for (const std::uint32_t number : {1U, 2U}) {
    LoadReport report = any_report(&random);
    report.echoes = report.sent - 5;
    report.server_kernel_drops = 10;
    const LoadOptions part = part_of(number, 2);
    parts.push_back(load_report_to_json(part, report));
    // Of the drops five are the other part's, and neither knows which.
    EXPECT_EQ(parts.back().at("kernel_drops").at("server"), 10);
    EXPECT_EQ(parts.back().at("unanswered"), 5);
    EXPECT_TRUE(parts.back().at("lost").is_null());
    EXPECT_TRUE(parts.back().at("unaccounted").is_null());
    EXPECT_NE(load_report_to_text(part, report).find("load merge tells"), std::string::npos);
    report.server_kernel_drops = 0;
    EXPECT_EQ(load_report_to_json(part, report).at("lost"), 5);
  }
  const Json merged = merge_load_reports(parts).report;
  EXPECT_EQ(merged.at("kernel_drops").at("server"), 10);
  EXPECT_EQ(merged.at("unanswered"), 10);
  EXPECT_EQ(merged.at("lost"), 0);
  EXPECT_EQ(merged.at("unaccounted"), 0);
  EXPECT_EQ(judge_merged(merged), "");
}

// The same of what an impairment lost: only all parts together know.
TEST(LoadMergeTest, AnImpairmentIsToldFromDropsInTheEnd) {
  std::mt19937_64 random(3);
  std::vector<Json> parts;
  std::uint64_t lost = 0;
  for (const std::uint32_t number : {1U, 2U}) {
    LoadReport report = any_report(&random);
    impair(&report, &random);
    lost += report.impairment->counts[0].lost;
    report.impairment->requests += 5;  // that went on, and were dropped
    report.impairment->counts[0].forwarded += 5;
    report.sent += 5;
    report.impairment->counts[0].arrived += 5;
    report.server_kernel_drops = 10;
    parts.push_back(load_report_to_json(part_of(number, 2), report));
    EXPECT_TRUE(parts.back().at("impairment").at("unanswered").is_null());
  }
  const Json merged = merge_load_reports(parts).report;
  EXPECT_EQ(merged.at("unaccounted"), 0);
  EXPECT_EQ(merged.at("impairment").at("unanswered"), lost);
}

TEST(LoadMergeTest, PartsOfDifferentPlansAreTold) {
  std::mt19937_64 random(1);
  const Json first = load_report_to_json(part_of(1, 2), any_report(&random));
  const auto told = [&](const std::function<void(LoadOptions*)>& change) {
    LoadOptions other = part_of(2, 2);
    change(&other);
    return merge_load_reports({first, load_report_to_json(other, any_report(&random))}).error;
  };
  EXPECT_EQ(told([](LoadOptions*) {}), "");
  EXPECT_EQ(told([](LoadOptions* plan) { plan->clients = 14; }),
            "the reports differ in --clients, 12 and 14: they are not of one plan.");
  const std::vector<std::pair<const char*, std::function<void(LoadOptions*)>>> changes = {
      {"--size, none and 100", [](LoadOptions* plan) { plan->size = 100; }},
      {"--duration", [](LoadOptions* plan) { plan->seconds = 5; }},
      {"--expect", [](LoadOptions* plan) { plan->expect = ExpectedReply::kNothing; }},
      {"--expect", [](LoadOptions* plan) { plan->expect = ExpectedReply::kEcho; }},
      {"--join-rate", [](LoadOptions* plan) { plan->join_rate = 3; }},
      {"--session", [](LoadOptions* plan) { plan->session_seconds = 2; }},
      {"--seed", [](LoadOptions* plan) { plan->seed = 2; }},
      {"--vary", [](LoadOptions* plan) { plan->fields.push_back({.place = 4, .width = 2}); }},
      {"--like", [](LoadOptions* plan) { plan->payload_digest = 0xabcd; }},
      {"hz", [](LoadOptions* plan) { plan->rate = 3; }},
      {"target", [](LoadOptions* plan) { plan->target_text = "192.0.2.1:4001"; }},
  };
  for (const auto& [words, change] : changes) {
    EXPECT_NE(told(change).find(words), std::string::npos) << words << ": " << told(change);
  }
  // Clients are divided among the threads of all parts: seven of one, and six of three others.
  LoadOptions uneven = part_of(1, 2);
  uneven.clients = 14;
  std::vector<Json> parts = {load_report_to_json(uneven, any_report(&random))};
  uneven.part.number = 2;
  uneven.threads = 3;
  parts.push_back(load_report_to_json(uneven, any_report(&random)));
  EXPECT_NE(merge_load_reports(parts).error.find("13 clients together, and the plan 14"),
            std::string::npos);
  Json second = load_report_to_json(part_of(2, 2), any_report(&random));
  second.erase("plan");
  EXPECT_NE(merge_load_reports({first, second}).error.find("one version"), std::string::npos);
  Json old = first;
  old.erase("plan");
  EXPECT_EQ(merge_load_reports({old, second}).error, "");
}

// A null of another program is told, or the sum can be shown.
TEST(LoadMergeTest, NullsAreToldOrShown) {
  std::mt19937_64 random(5);
  const std::vector<Json> good = {load_report_to_json(part_of(1, 2), any_report(&random, 5)),
                                  load_report_to_json(part_of(2, 2), any_report(&random, 5))};
  const Json flat = good.front().flatten();
  for (const auto& [path, value] : flat.items()) {
    std::vector<Json> parts = good;
    const Json::json_pointer field(path);
    for (Json& part : parts) {
      if (part.contains(field)) part[field] = nullptr;
    }
    const MergedReport merged = merge_load_reports(parts);
    if (!merged.error.empty()) continue;
    EXPECT_FALSE(load_json_to_text(merged.report).empty()) << path;
  }
  std::vector<Json> parts = good;
  parts[0]["hz"] = parts[1]["hz"] = nullptr;
  EXPECT_NE(merge_load_reports(parts).error.find("hz is null"), std::string::npos);
}

// A terminal is not controlled by what a report says.
TEST(LoadMergeTest, TextsOfOthersAreMadePrintable) {
  std::mt19937_64 random(1);
  std::vector<Json> parts;
  for (const std::uint32_t number : {1U, 2U}) {
    parts.push_back(load_report_to_json(part_of(number, 2), any_report(&random)));
    parts.back()["target"] = "a\x1b[31mb\n\u202e\u009b:5";
    parts.back()["invalid_because"] = {"late\x07\u202e"};
    parts.back()["send_errors"] = {{{"error", "E\x1b"}, {"message", "\x1b"}, {"count", 1}}};
  }
  const MergedReport merged = merge_load_reports(parts);
  ASSERT_EQ(merged.error, "");
  const std::string text = load_json_to_text(merged.report);
  const std::string judgement = judge_merged(merged.report);
  EXPECT_NE(text.find("a?[31mb???:5"), std::string::npos) << text;
  EXPECT_NE(judgement.find("late??"), std::string::npos) << judgement;
  for (const char* control : {"\x1b", "\x07", "\u202e", "\u009b"}) {
    EXPECT_EQ(text.find(control), std::string::npos);
    EXPECT_EQ(judgement.find(control), std::string::npos);
  }
}

// Whatever is in the files: words or a report, and never a crash.
TEST(LoadMergeTest, DamagedReportsAreTold) {
  std::mt19937_64 random(5);
  constexpr int kPackets = 10;
  const std::vector<Json> good = {
      load_report_to_json(part_of(1, 2), any_report(&random, kPackets)),
      load_report_to_json(part_of(2, 2), any_report(&random, kPackets))};
  std::vector<Json::json_pointer> fields;
  const Json flat = good.front().flatten();
  for (const auto& [path, value] : flat.items()) fields.emplace_back(path);
  const std::vector<Json> junk = {nullptr, -1, 1e300, "x", Json::array(), Json::object(), true};
  constexpr std::size_t kReports = 400;
  std::size_t told = 0;
  for (std::size_t i = 0; i < kReports; ++i) {
    std::vector<Json> parts = good;
    const Json::json_pointer& field = fields[random() % fields.size()];
    Json& part = parts[i % 2];
    const auto& place = random() % 2 == 0 || !part.contains(field) ? field.parent_pointer() : field;
    if (part.contains(place)) part.at(place) = junk[random() % junk.size()];
    const MergedReport merged = merge_load_reports(parts);
    EXPECT_EQ(merged.error.empty(), merged.report.is_object());
    if (!merged.error.empty()) ++told;
  }
  EXPECT_GT(told, kReports / 4);
}

}  // namespace
}  // namespace ringpeer::tools
