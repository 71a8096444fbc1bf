// Every report is what docs/schema/reports.json says, and the text of it has no numbers of
// its own.

#include "ringpeer/tests/tools/report_schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/bench/overload/report.h"
#include "ringpeer/tests/tools/command_process.h"
#include "ringpeer/tests/tools/report/sample_reports.h"
#include "ringpeer/tools/command/report_format.h"
#include "ringpeer/tools/demo/demo_report.h"
#include "ringpeer/tools/doctor/doctor_report.h"
#include "ringpeer/tools/impair/impair_report.h"
#include "ringpeer/tools/load/load_merge.h"
#include "ringpeer/tools/load/load_report.h"
#include "ringpeer/tools/report/comparison.h"
#include "ringpeer/tools/serve/serve_report.h"
#include "ringpeer/tools/variant/variant_command.h"

namespace ringpeer::tools {
namespace {

using Json = ReportSchema::Json;
constexpr std::chrono::seconds kPatience{60};

// A report in both shapes, and the definition that it claims to be of.
struct Sample {
  std::string definition;
  Json json;
  std::string text;
};

// One interval with answers and one without.
LoadSeries series() {
  const LoadSeries::Clock::time_point start;
  LoadSeries series(start, std::chrono::seconds(1));
  series.sent(start);
  series.sent(start);
  series.received(start);
  series.answered(start, std::chrono::microseconds(131));
  series.missed(start + std::chrono::seconds(1), 3);
  return series;
}

// Every number another one, so that none passes for its neighbour.
LoadReport load_report(bool arena) {
  LoadReport report;
  report.seconds = 2.5;
  report.packet_bytes = 1301;
  report.sent = 1'100'003;
  report.send_refused = 3107;
  report.send_errors = {{ENOBUFS, 3001}, {EPERM, 106}};
  report.send_missed = 3209;
  report.received = 1'000'033;
  report.echoes = arena ? 0 : 990'007;
  report.corrupted = 3251;
  report.damaged = 3257;
  report.late = 3301;
  report.repeated = 3407;
  report.foreign = 3511;
  report.connection_refused = 3607;
  if (arena) {
    report.snapshots = 900'007;
    report.snapshots_announced = 950'009;
    report.inputs_received = 980'027;
  }
  report.cookie = {.hellos = 4201,
                   .challenges = 4211,
                   .answers = 4217,
                   .entered = 4219,
                   .longest_entry = std::chrono::microseconds(4229)};
  report.client_kernel_drops = 3701;
  report.server_kernel_drops = 3803;
  for (int i = 1; i <= 1000; ++i) {
    report.round_trip.record(std::chrono::microseconds(97 * i));
    report.round_trip_uncorrected.record(std::chrono::microseconds(89 * i));
    report.join_round_trip.record(std::chrono::microseconds(83 * i));
    report.send_lateness.record(std::chrono::microseconds(7 * i));
  }
  report.joins = 239;
  report.joins_answered = 233;
  report.joins_failed = 229;
  report.join_error = EMFILE;
  report.late_sends = 31'013;
  report.threads = 3;
  report.busiest_thread_percent = 97.75;
  report.socket_buffer = 212'992;
  report.series = series();
  report.machine = {.kernel = "6.1.0", .processors = 5, .processor = "a processor"};
  report.started_at = "2026-11-29T09:00:15Z";
  report.addresses = {"192.0.2.1:4000"};
  report.targets = {{.sent = 10'457, .received = 9973}};
  report.steal_percent = 7.25;
  report.cpu = std::chrono::milliseconds(1733);
  report.stopped_by_signal = 15;
  return report;
}

// With a network each way of which the other has nothing.
LoadOptions impaired_options() {
  LoadOptions options;
  options.target_text = "192.0.2.1:4000";
  options.seed = 5009;
  options.impairment.is_given = true;
  Impairment& asked = options.impairment.impairments[0];
  asked.loss = 0.03125;
  asked.burst = 3.5;
  asked.delay = std::chrono::microseconds(41'500);
  asked.shape = JitterShape::kNormal;
  asked.bits_per_second = 500'000;
  return options;
}

LoadReport impaired_report() {
  LoadReport report = load_report(false);
  ImpairmentAccount& account = report.impairment.emplace();
  std::uint64_t number = 50'021;
  for (ImpairCounts& counts : account.counts) {
    for (std::uint64_t ImpairCounts::*const field :
         {&ImpairCounts::duplicated, &ImpairCounts::forwarded, &ImpairCounts::lost,
          &ImpairCounts::queue_full, &ImpairCounts::relay_full, &ImpairCounts::send_failed,
          &ImpairCounts::waiting, &ImpairCounts::reordered, &ImpairCounts::truncated,
          &ImpairCounts::corrupted}) {
      counts.*field = number += 103;
    }
    counts.arrived = number + 900'001;
    for (int i = 1; i <= 1000; ++i) counts.added_delay.record(std::chrono::microseconds(79 * i));
  }
  for (std::uint64_t ImpairmentAccount::*const field :
       {&ImpairmentAccount::requests, &ImpairmentAccount::damaged, &ImpairmentAccount::answered,
        &ImpairmentAccount::answered_damaged, &ImpairmentAccount::repeated,
        &ImpairmentAccount::corrupted, &ImpairmentAccount::foreign, &ImpairmentAccount::inputs,
        &ImpairmentAccount::snapshots, &ImpairmentAccount::snapshots_announced}) {
    account.*field = number += 103;
  }
  return report;
}

ServeReport serve_report() {
  ServeReport report;
  report.port = 4007;
  report.backend = "io_uring";
  report.backend_reason = "available";
  report.workers = 2;
  report.seconds = 2.25;
  for (std::size_t i = 0; i < kCounterCount; ++i) report.counters.values[i] = 1'000'003 * (i + 1);
  report.service = {.taken = 11'003,
                    .malformed = 11'113,
                    .replies = 11'213,
                    .replies_refused = 11'311,
                    .players = 401,
                    .most_players = 409,
                    .players_refused = 419,
                    .ticks = 607,
                    .ticks_missed = 613};
  report.cpu = std::chrono::milliseconds(977'000);
  report.application_cpu = std::chrono::milliseconds(733'000);
  report.source_list = {.prefixes = 100'019,
                        .bytes = 100'043,
                        .load_ms = 101.25,
                        .reloads = 1009,
                        .reloads_failed = 1019};
  report.steal_percent = 8.75;
  report.stopped_by_signal = 2;
  return report;
}

ServeReport idle_server() {
  ServeReport report;
  report.backend = "recvmmsg";
  return report;
}

LoadOptions load_options() {
  LoadOptions options;
  options.target_text = "192.0.2.1:4000";
  options.clients = 211;
  options.rate = 37.5;
  return options;
}

// Of each kind of step one.
LoadReport stepped_report() {
  LoadReport report = load_report(false);
  LoadStep held{.offered_per_s = 1009,
                .seconds = 2,
                .sent = 2017,
                .lost_percent = 0.25,
                .p99_us = 1013.5,
                .holds = true,
                .valid = true,
                .why = ""};
  LoadStep failed = held;
  failed.holds = false;
  failed.why = "lost";
  LoadStep invalid = held;
  invalid.holds.reset();
  invalid.valid = false;
  invalid.why = "late";
  LoadStep silent = invalid;
  silent.lost_percent.reset();
  silent.p99_us.reset();
  report.steps = {held, failed, invalid, silent};
  return report;
}

LoadReport found(std::optional<double> knee, KneeLimit limit) {
  LoadReport report = stepped_report();
  report.find_max = FindMaxResult{.goal = {.loss_percent = 0.5, .p99_us = 4999},
                                  .knee_per_s = knee,
                                  .limited_by = limit,
                                  .verified = {{0.8, 3, 3}, {1.25, 0, 3}}};
  return report;
}

Sample sample_of(const LoadOptions& options, const LoadReport& report) {
  return {"load", load_report_to_json(options, report), load_report_to_text(options, report)};
}

Sample sample_of(ServeMode mode, const ServeReport& report) {
  ServeOptions options;
  options.mode = mode;
  return {"serve", serve_report_to_json(options, report), serve_report_to_text(options, report)};
}

Sample sample_of(const LoadOptions& options, const LoadReport& load, const ServeReport& serve) {
  const DemoReport report(options, load, sample_of(ServeMode::kArena, serve).json);
  return {"demo", report.to_json(), report.to_text()};
}

ImpairReport impair_report() {
  ImpairReport report;
  report.port = 4013;
  report.seed = 5003;
  report.seconds = 2.75;
  report.clients = 307;
  report.most_clients = 311;
  report.receive_buffer = 317'011;
  report.refused = 313;
  std::uint64_t number = 10'007;
  for (ImpairCounts& counts : report.counts) {
    for (std::uint64_t ImpairCounts::*const field :
         {&ImpairCounts::duplicated, &ImpairCounts::forwarded, &ImpairCounts::lost,
          &ImpairCounts::queue_full, &ImpairCounts::relay_full, &ImpairCounts::send_failed,
          &ImpairCounts::waiting, &ImpairCounts::reordered, &ImpairCounts::truncated,
          &ImpairCounts::corrupted}) {
      counts.*field = number += 101;
    }
    counts.arrived = number + 900'001;
    for (int i = 1; i <= 1000; ++i) counts.added_delay.record(std::chrono::microseconds(97 * i));
  }
  report.counts[0].no_client = 20'011;
  report.kernel_drops = {8009, 8011};
  report.stopped_by_signal = 2;
  return report;
}

Sample sample_of(const ImpairReport& report) {
  ImpairOptions options;
  options.target_text = "192.0.2.1:4000";
  return {"impair", impair_report_to_json(options, report), impair_report_to_text(options, report)};
}

// With each verdict, and of a machine of which nothing is known.
Sample doctor_sample(bool is_known) {
  DoctorPlan plan;
  plan.rate = 37'501;
  plan.packet_size = 211;
  plan.pause_ms = 7.5;
  plan.clients = 2003;
  DoctorReport report;
  report.findings = {{"kernel", Verdict::kOk, "Linux 6.12", ""},
                     {"clock", Verdict::kNote, "source hpet", "echo tsc"}};
  if (is_known) {
    report.findings.push_back(
        {"descriptors", Verdict::kProblem, "307 may be open", "ulimit -n 601"});
    report.receive_buffer = BufferRoom{509, 13.75};
    report.receive_buffer_bytes = 425'984;
  }
  return {"doctor", doctor_report_to_json(plan, report), doctor_report_to_text(plan, report)};
}

// What SIGUSR1 asks for.
std::vector<Sample> interim_samples() {
  LoadReport load = load_report(true);
  ServeReport serve = serve_report();
  ImpairReport impair = impair_report();
  load.is_interim = serve.is_interim = impair.is_interim = true;
  return {sample_of(load_options(), load), sample_of(ServeMode::kEcho, serve), sample_of(impair)};
}

// Of full reports, and of those of a run in which nothing could be measured.
std::vector<Sample> samples() {
  LoadOptions sink = load_options();
  sink.expect = ExpectedReply::kNothing;
  sink.payload = LoadPayloadKind::kVar;
  std::vector<Sample> all = {sample_of(load_options(), load_report(false)),
                             sample_of(load_options(), load_report(true)),
                             sample_of(load_options(), LoadReport()),
                             sample_of(sink, load_report(false)),
                             sample_of(load_options(), load_report(true), serve_report()),
                             sample_of(load_options(), LoadReport(), idle_server())};
  LoadOptions part = load_options();
  part.part = {.number = 2, .of = 3};
  part.payload = LoadPayloadKind::kTemplate;
  part.size = 1201;
  part.join_rate = 12.5;
  part.session_seconds = 13.5;
  part.expect = ExpectedReply::kEcho;
  part.cookie = true;
  part.fields.push_back({.place = 4, .width = 2});
  part.payload_digest = 0x0123456789abcdef;
  all.push_back(sample_of(part, load_report(false)));
  all.push_back(sample_of(part, LoadReport()));
  all.push_back(sample_of(impaired_options(), impaired_report()));
  LoadReport nothing_went_on = load_report(false);
  nothing_went_on.impairment.emplace();
  LoadOptions impaired_sink = impaired_options();
  impaired_sink.expect = ExpectedReply::kNothing;
  std::swap(impaired_sink.impairment.impairments[0], impaired_sink.impairment.impairments[1]);
  impaired_sink.impairment.impairments[1].keep_order = true;
  all.push_back(sample_of(impaired_sink, nothing_went_on));
  LoadOptions stepped = load_options();
  stepped.ramp = RateRange{.least = 1, .most = 2};
  stepped.payload = LoadPayloadKind::kPackets;
  all.push_back(sample_of(stepped, stepped_report()));
  stepped.find_max = true;
  all.push_back(sample_of(stepped, found(1511, KneeLimit::kTarget)));
  all.push_back(sample_of(stepped, found(1523, KneeLimit::kGenerator)));
  all.push_back(sample_of(stepped, found(std::nullopt, KneeLimit::kRange)));
  all.push_back(sample_of(stepped, found(std::nullopt, KneeLimit::kStopped)));
  LoadOptions like = load_options();
  like.payload = LoadPayloadKind::kSession;
  LoadReport replies = load_report(false);
  replies.replies = 711;
  replies.replies_expected = 723;
  all.push_back(sample_of(like, replies));
  all.push_back(sample_of(like, LoadReport()));
  LoadReport nothing_known;  // an arena, but no time to divide by
  nothing_known.snapshots = 1;
  nothing_known.client_kernel_drops.reset();
  all.push_back(sample_of(load_options(), nothing_known));
  all.push_back(sample_of(load_options(), nothing_known, idle_server()));
  ImpairReport nothing_relayed;
  nothing_relayed.kernel_drops = {};
  all.push_back(sample_of(impair_report()));
  for (const Sample& sample : interim_samples()) all.push_back(sample);
  all.push_back(sample_of(nothing_relayed));
  all.push_back(doctor_sample(true));
  all.push_back(doctor_sample(false));
  for (const ServeMode mode : {ServeMode::kEcho, ServeMode::kSink, ServeMode::kArena}) {
    all.push_back(sample_of(mode, serve_report()));
    all.push_back(sample_of(mode, idle_server()));
  }
  return all;
}

// Rounds that kept their promise, missed it, do not count, and could not be measured.
Json overload_report() {
  bench::OverloadResult kept;
  kept.ticks = 181;
  kept.longest_tick_ms = 13.25;
  kept.quiet_sent = kept.quiet_taken = 6007;
  kept.steal_percent = 0.5;
  bench::OverloadResult missed = kept;
  missed.longest_tick_ms = 140.5;
  missed.steal_percent.reset();
  bench::OverloadResult stolen = missed;
  stolen.steal_percent = 12.5;
  bench::OverloadResult none;
  none.error = "no port";
  bench::OverloadReport report;
  report.seconds = 3;
  report.rounds = {{"readme", "io_uring", 1, 0, kept},
                   {"readme", "recvmmsg", 0, 5, missed},
                   {"porting", "io_uring", 1, 20, stolen},
                   {"porting", "recvmmsg", 0, 20, none}};
  EXPECT_FALSE(report.is_good());
  return bench::to_json(report);
}

// It ended before its first packet.
NamedReport unmeasured_run() {
  NamedReport run = sample_runs()[0];
  run.report["sent"] = 0;
  run.report["sent_per_s"] = run.report["answered_per_s"] = nullptr;
  for (const char* name : {"min", "mean", "p50", "p90", "p99", "p999", "p9999", "max"}) {
    run.report["rtt_us"][name] = nullptr;
  }
  return run;
}

std::vector<Json> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<Json> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
  return lines;
}

TEST(ReportSchemaTest, TheVersionsAreOne) {
  const ReportSchema schema;
  EXPECT_EQ(schema.root().at("version"), kReportSchema);
  for (const char* report : {"serve", "load", "demo", "impair", "report", "doctor", "overload"}) {
    EXPECT_EQ(schema.definition(report).at("properties").at("schema").at("enum"),
              Json::array({kReportSchema}));
  }
}

// Of the command and of the benchmark.
std::vector<Sample> all_samples() {
  std::vector<Sample> all = samples();
  all.push_back({"report", comparison_to_json(sample_runs()), comparison_to_text(sample_runs())});
  all.push_back({"report", comparison_to_json({unmeasured_run()}), ""});
  // Each alone: a first run has ratios, too, where it lost packets or found its knee.
  for (const NamedReport& run : sample_runs()) {
    all.push_back({"report", comparison_to_json({run}), ""});
  }
  all.push_back({"overload", overload_report(), ""});
  return all;
}

TEST(ReportSchemaTest, EveryReportIsOfIt) {
  const ReportSchema schema;
  for (const Sample& sample : all_samples()) {
    EXPECT_EQ(schema.complaint(sample.definition, sample.json), "") << sample.json.dump(2);
  }
}

// "or null", "not required" and each word of an enum are promises, too: each comes about.
TEST(ReportSchemaTest, NothingInItIsNeverSo) {
  const ReportSchema schema;
  std::map<std::string, std::set<std::string>> types_seen;
  std::map<std::string, std::set<std::string>> words_seen;
  std::map<std::string, Json> schemas;
  std::set<std::string> absent;
  for (const Sample& sample : all_samples()) {
    schema.visit_fields(sample.definition, sample.json,
                        [&](const std::string& path, const Json& part, const Json& value) {
                          schemas[path] = part;
                          types_seen[path].insert(value.is_null() ? "null" : "value");
                          words_seen[path].insert(value.dump());
                          if (!value.is_object()) return;
                          for (const auto& [name, field] : part.at("properties").items()) {
                            if (!value.contains(name)) absent.insert(path + "." + name);
                          }
                        });
  }
  for (const auto& [path, part] : schemas) {
    const std::size_t kinds = part.at("type").is_array() ? 2 : 1;
    // Beneath the demo's own two reports: their server is always an arena.
    const bool nested = path.starts_with("demo.server.") || path.starts_with("demo.load.");
    if (nested) continue;
    EXPECT_EQ(types_seen[path].size(), kinds) << path;
    if (part.contains("enum")) {
      for (const Json& word : part.at("enum")) {
        EXPECT_EQ(words_seen[path].count(word.dump()), 1U) << path << " is never " << word;
      }
    }
    if (!part.contains("properties")) continue;
    for (const auto& [name, field] : part.at("properties").items()) {
      const std::string field_path = path + "." + name;
      const Json& required = part.at("required");
      const bool is_required =
          std::find(required.begin(), required.end(), Json(name)) != required.end();
      const bool is_within_demo = path == "demo.server" || path == "demo.load";
      // A demo has one rate.
      if (is_required || !is_within_demo) {
        EXPECT_EQ(schemas.count(field_path), 1U) << field_path << " is in no report";
      }
      if (!is_within_demo) {
        EXPECT_EQ(absent.count(field_path), is_required ? 0U : 1U) << field_path;
      }
    }
  }
}

TEST(ReportSchemaTest, EveryLineOfVariantIsOfIt) {
  const ReportSchema schema;
  std::istringstream packets("00000000\nzz\nff000000\n");
  std::ostringstream decoded;
  EXPECT_EQ(run_variant_decode(packets, decoded, {}), 0);
  const std::vector<Json> answers = lines_of(decoded.str());
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(schema.complaint("variant_decoded", answers[0]), "");
  EXPECT_EQ(schema.complaint("variant_failed", answers[1]), "");
  EXPECT_TRUE(answers[1].contains("message"));
  EXPECT_EQ(schema.complaint("variant_failed", answers[2]), "");
  EXPECT_FALSE(answers[2].contains("message"));
  std::istringstream texts("1\n[\n");
  std::ostringstream encoded;
  EXPECT_EQ(run_variant_encode(texts, encoded, {}), 0);
  EXPECT_EQ(schema.complaint("variant_encoded", lines_of(encoded.str()).at(0)), "");
  EXPECT_EQ(schema.complaint("variant_failed", lines_of(encoded.str()).at(1)), "");
}

// What a user gets of the program itself.
TEST(ReportSchemaTest, TheCommandsPrintIt) {
  const ReportSchema schema;
  const std::vector<std::vector<std::string>> commands = {
      {"serve", "--mode", "sink", "--port", "0", "--duration", "0.05", "--json"},
      {"serve", "--mode", "arena", "--port", "0", "--duration", "0.05", "--json"},
      {"load", "--target", "127.0.0.1:9", "--duration", "0.1", "--expect", "nothing", "--json"},
      {"load", "--target", "127.0.0.1:9", "--duration", "0.1", "--impair-loss", "5/", "--json"},
      {"load", "--target", "localhost:9", "--duration", "0.1", "--payload", "var", "--json"},
      {"load", "--target", "127.0.0.1:9", "--ramp", "100..200", "--steps", "2", "--step", "0.1s",
       "--threads", "2", "--expect", "nothing", "--json"},
      {"demo", "--clients", "3", "--duration", "0.3", "--json"},
      {"impair", "--target", "127.0.0.1:9", "--port", "0", "--duration", "0.1", "--json"},
      {"doctor", "--json"},
      {"doctor", "--rate", "1e7", "--json"}};
  for (const auto& command : commands) {
    CommandProcess process(command);
    const int status = process.finish(kPatience);
    const Json report = Json::parse(process.output(), nullptr, false);
    ASSERT_FALSE(report.is_discarded()) << process.output() << process.error_output();
    EXPECT_EQ(schema.complaint(command.front(), report), "") << report.dump(2);
    EXPECT_EQ(report.at("ok").get<bool>(), status == 0) << report.dump(2);
  }
}

// The same of the benchmark.
TEST(ReportSchemaTest, TheBenchmarkPrintsIt) {
  const std::string program = "bench/overload/overload --work 0 --seconds 0.1 --json";
  std::FILE* const pipe = ::popen(program.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  const int status = ::pclose(pipe);
  const Json report = Json::parse(text, nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << text;
  EXPECT_EQ(ReportSchema().complaint("overload", report), "") << text;
  EXPECT_EQ(report.at("ok").get<bool>(), status == 0) << text;
  EXPECT_EQ(report.at("rounds").size(), 8U);
}

// The parts of a plan, put together.
TEST(ReportSchemaTest, AMergedReportIsOfIt) {
  LoadOptions options = load_options();
  std::vector<Json> parts;
  for (const std::uint32_t number : {1U, 2U}) {
    options.part = {.number = number, .of = 2};
    parts.push_back(load_report_to_json(options, load_report(number == 2)));
  }
  LoadOptions impaired = impaired_options();
  std::vector<Json> impaired_parts;
  for (const std::uint32_t number : {1U, 2U}) {
    impaired.part = {.number = number, .of = 2};
    impaired_parts.push_back(load_report_to_json(impaired, impaired_report()));
  }
  for (const auto& of_one_plan : {parts, impaired_parts}) {
    const MergedReport merged = merge_load_reports(of_one_plan);
    ASSERT_EQ(merged.error, "");
    EXPECT_EQ(ReportSchema().complaint("load", merged.report), "") << merged.report.dump(2);
    EXPECT_FALSE(load_json_to_text(merged.report).empty());
  }
}

// A wrong type, a field too many or one that lacks in an item of an array is heard of.
TEST(ReportSchemaTest, ALieInARoundIsHeardOf) {
  const ReportSchema schema;
  const Json truth = overload_report();
  ASSERT_EQ(schema.complaint("overload", truth), "");
  for (const char* lie :
       {R"({"workers": 1.5})", R"({"engine": "io_uring"})", R"({"loop": "game"})"}) {
    Json report = truth;
    report["rounds"][0].update(Json::parse(lie));
    EXPECT_NE(schema.complaint("overload", report), "") << lie;
  }
  Json report = truth;
  report["rounds"][1]["measured"].erase("ticks");
  EXPECT_NE(schema.complaint("overload", report), "");
}

// ---- The text ---------------------------------------------------------------

// Every number that the object has, as the text may write it.
std::set<std::string> numbers_of(const Sample& sample) {
  std::set<std::string> numbers;
  const ReportSchema schema;
  schema.visit_fields(
      sample.definition, sample.json, [&](const std::string&, const Json&, const Json& value) {
        if (value.is_number_integer()) {
          numbers.insert(value.dump());
          numbers.insert(count_text(value));
        } else if (value.is_number()) {
          const double number = value.get<double>();
          numbers.insert(count_text(static_cast<std::int64_t>(number)));  // a rate
          for (const int digits : {0, 1, 2}) {
            numbers.insert(number_text(number, digits));
            numbers.insert(number_text(number / 1e3, digits));  // of us, in ms
          }
          numbers.insert(number_text(number, 1).substr(0, number_text(number, 1).find(".0")));
        } else if (value.is_string()) {
          const std::regex number("[0-9.]+");
          const std::string text = value;
          for (std::sregex_iterator i(text.begin(), text.end(), number), end; i != end; ++i) {
            numbers.insert(i->str());
          }
        }
      });
  return numbers;
}

// The numbers in the values of a table; the names of its rows have some, too.
std::vector<std::string> numbers_in_text(std::string text) {
  text = std::regex_replace(text, std::regex("\\bp(50|99(\\.99?)?)\\b"), "");
  text = std::regex_replace(text, std::regex("the game answers 60 times"), "");
  text = std::regex_replace(text, std::regex("127\\.0\\.0\\.1"), "");
  std::vector<std::string> numbers;
  const std::regex number("[0-9][0-9,.]*");
  for (std::sregex_iterator i(text.begin(), text.end(), number), end; i != end; ++i) {
    std::string word = i->str();
    while (word.back() == ',' || word.back() == '.') word.pop_back();
    numbers.push_back(word);
  }
  return numbers;
}

TEST(ReportTextTest, EveryNumberIsOneOfTheObject) {
  for (const Sample& sample : samples()) {
    const std::set<std::string> known = numbers_of(sample);
    const std::vector<std::string> shown = numbers_in_text(sample.text);
    EXPECT_GT(shown.size(), 5U) << sample.text;
    for (const std::string& number : shown) {
      // The sum of the parts of serve's "unaccounted".
      if (sample.definition == "serve") {
        std::int64_t sum = 0;
        for (const auto& [stage, count] : sample.json["unaccounted"].items()) {
          sum += std::abs(count.get<std::int64_t>());
        }
        if (number == count_text(sum)) continue;
      }
      EXPECT_EQ(known.count(number), 1U) << number << " in\n" << sample.text << sample.json.dump(2);
    }
  }
}

// The other way round: what a row is of follows its field.
TEST(ReportTextTest, TheTextChangesWithTheReport) {
  const LoadReport before = load_report(true);
  const std::string text = load_report_to_text(load_options(), before);
  const std::vector<std::uint64_t LoadReport::*> fields = {&LoadReport::sent,
                                                           &LoadReport::send_refused,
                                                           &LoadReport::send_missed,
                                                           &LoadReport::late,
                                                           &LoadReport::repeated,
                                                           &LoadReport::foreign,
                                                           &LoadReport::snapshots,
                                                           &LoadReport::snapshots_announced,
                                                           &LoadReport::inputs_received,
                                                           &LoadReport::corrupted,
                                                           &LoadReport::joins,
                                                           &LoadReport::connection_refused};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    LoadReport after = before;
    after.*fields[i] += 13;
    EXPECT_NE(load_report_to_text(load_options(), after), text) << "field " << i;
  }
}

TEST(ReportTextTest, WhatWasNotMeasuredIsUnknown) {
  const std::string text = load_report_to_text(load_options(), LoadReport());
  EXPECT_NE(text.find("unknown: nothing was answered"), std::string::npos) << text;
  EXPECT_EQ(text.find("0, 0, 0, 0 us"), std::string::npos) << text;
  const std::string served = sample_of(ServeMode::kEcho, idle_server()).text;
  EXPECT_NE(served.find("unknown ns"), std::string::npos) << served;
}

}  // namespace
}  // namespace ringpeer::tools
