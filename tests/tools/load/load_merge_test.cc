// Reports of parts put together against one report of all that was counted.

#include "ringpeer/tools/load/load_merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
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
    parts.push_back(load_report_to_json(part_of(number, 2), report));
    EXPECT_EQ(parts.back().at("unaccounted"), 0);  // of the drops five are the other part's
  }
  const Json merged = merge_load_reports(parts).report;
  EXPECT_EQ(merged.at("kernel_drops").at("server"), 10);
  EXPECT_EQ(merged.at("unaccounted"), 0);
  EXPECT_EQ(judge_merged(merged), "");
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
