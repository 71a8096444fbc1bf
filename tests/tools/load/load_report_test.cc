#include "ringpeer/tools/load/load_report.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/tools/demo/demo_report.h"
#include "ringpeer/tools/load/load_steps.h"
#include "ringpeer/tools/load/load_validity.h"

namespace ringpeer::tools {
namespace {

LoadOptions options() {
  LoadOptions options;
  options.target_text = "127.0.0.1:4000";
  options.clients = 2;
  options.allow_invalid = true;  // clients drop packets in these
  return options;
}

LoadReport echo_report() {
  LoadReport report;
  report.seconds = 2;
  report.sent = 100;
  report.received = report.echoes = 90;
  report.client_kernel_drops = 4;
  report.server_kernel_drops = 6;
  return report;
}

LoadReport arena_report() {
  LoadReport report;
  report.seconds = 2;
  report.sent = 100;
  report.inputs_received = 95;
  report.server_kernel_drops = 5;
  report.snapshots_announced = 120;
  report.received = report.snapshots = 118;
  report.client_kernel_drops = 2;
  return report;
}

TEST(LoadReportTest, AnEchoedPacketIsAnsweredOrDroppedByAKernel) {
  LoadReport report = echo_report();
  EXPECT_EQ(report.unaccounted_requests(), 0);
  EXPECT_EQ(judge_load(options(), report), "");
  report.echoes = 87;
  EXPECT_EQ(report.unaccounted_requests(), 3);
  EXPECT_NE(judge_load(options(), report), "");
  report.echoes = 101;  // more than were sent: a fault of the accounting is no less one
  EXPECT_EQ(report.unaccounted_requests(), -1);
  EXPECT_NE(judge_load(options(), report), "");
  EXPECT_EQ(load_report_to_json(options(), report).at("unaccounted"), 1);
}

// A full buffer drops packets of whoever sends to it, and of copies of an answer the second.
TEST(LoadReportTest, WhatOthersLostIsNotOurs) {
  LoadReport echo = echo_report();
  echo.server_kernel_drops = 930;
  EXPECT_EQ(echo.unaccounted_requests(), 0);
  EXPECT_EQ(judge_load(options(), echo), "");
  echo.echoes = 100;
  echo.connection_refused = 3;  // as ICMP errors of copies
  EXPECT_EQ(echo.unaccounted_requests(), 0);
  LoadReport arena = arena_report();
  arena.server_kernel_drops = 930;
  arena.client_kernel_drops = 40;
  EXPECT_EQ(arena.unaccounted_requests(), 0);
  EXPECT_EQ(arena.unaccounted_replies(), 0);
  EXPECT_EQ(judge_load(options(), arena), "");
}

TEST(LoadReportTest, RefusedSendsHaveTheNamesOfTheirErrors) {
  LoadReport report = echo_report();
  for (const int error : {ENOBUFS, EPERM, ENOBUFS}) report.refuse_send(error);
  LoadReport whole;
  whole.add_counts(report);
  EXPECT_EQ(whole.send_refused, 3U);
  const auto json = load_report_to_json(options(), whole);
  const auto& errors = json.at("send_errors");
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].at("error"), "EPERM");
  EXPECT_EQ(errors[0].at("count"), 1);
  EXPECT_EQ(errors[1].at("error"), "ENOBUFS");
  EXPECT_EQ(errors[1].at("count"), 2);
  EXPECT_NE(load_report_to_text(options(), whole).find("3 (1 EPERM) (2 ENOBUFS)"),
            std::string::npos);
}

// However well it is known where they went.
TEST(LoadReportTest, WhatIsNotAnsweredIsCounted) {
  LoadReport report = echo_report();
  const auto json = load_report_to_json(options(), report);
  EXPECT_EQ(json.at("unanswered"), 10);
  EXPECT_EQ(json.at("lost"), 0);
  EXPECT_NE(load_report_to_text(options(), report).find("not answered"), std::string::npos);
  EXPECT_EQ(load_report_to_json(options(), arena_report()).at("unanswered"), 5);
  LoadOptions sink = options();
  sink.expect = ExpectedReply::kNothing;
  EXPECT_TRUE(load_report_to_json(sink, report).at("unanswered").is_null());
  report.is_interim = true;
  EXPECT_TRUE(load_report_to_json(options(), report).at("unanswered").is_null());
}

TEST(LoadReportTest, ARunThatWasStoppedSaysSo) {
  LoadReport report = echo_report();
  EXPECT_EQ(load_report_to_text(options(), report).find("ended early"), std::string::npos);
  report.stopped_by_signal = 2;
  const std::string text = load_report_to_text(options(), report);
  EXPECT_NE(text.find("ended early"), std::string::npos) << text;
  EXPECT_NE(text.find("by signal 2"), std::string::npos) << text;
}

// Of a part the whole plan is in its report, so that parts of others are told.
TEST(LoadReportTest, ThePlanIsThatOfAllParts) {
  LoadOptions part = options();
  part.clients = 9;
  part.part = {.number = 2, .of = 3};
  part.size = 100;
  part.session_seconds = 2.5;
  part.fields.push_back(
      {.place = 4, .width = 2, .kind = FieldKind::kClient, .is_big_endian = true, .base = 1000});
  const auto json = load_report_to_json(part, echo_report());
  EXPECT_EQ(json.at("clients"), 3);
  const auto& plan = json.at("plan");
  EXPECT_EQ(plan.at("clients"), 9);
  EXPECT_EQ(plan.at("size"), 100);
  EXPECT_EQ(plan.at("duration_s"), 10.0);
  EXPECT_EQ(plan.at("expect"), "anything");
  EXPECT_EQ(plan.at("session_s"), 2.5);
  EXPECT_TRUE(plan.at("join_rate_per_s").is_null());
  EXPECT_EQ(plan.at("vary").at(0), "4:2:client:be:+1000");
  LoadOptions stepped = options();
  stepped.ramp = RateRange{.least = 1, .most = 2};
  EXPECT_TRUE(load_report_to_json(stepped, echo_report()).at("plan").at("duration_s").is_null());
}

// Of a run that goes on nothing is judged that may be on its way.
TEST(LoadReportTest, AnInterimReportDoesNotJudge) {
  LoadReport report = echo_report();
  report.echoes = 10;
  report.is_interim = true;
  EXPECT_EQ(judge_load(options(), report), "");
  const auto json = load_report_to_json(options(), report);
  EXPECT_TRUE(json.at("lost").is_null());
  EXPECT_TRUE(json.at("unaccounted").is_null());
  EXPECT_EQ(json.at("interim"), true);
  EXPECT_TRUE(json.at("ok").get<bool>());
  report.wait_error = EPERM;
  EXPECT_FALSE(load_report_to_json(options(), report).at("ok").get<bool>());
}

TEST(LoadReportTest, AnArenaAccountsForBothDirections) {
  LoadReport report = arena_report();
  EXPECT_EQ(judge_load(options(), report), "");
  report.inputs_received = 94;
  report.snapshots = 121;
  EXPECT_EQ(report.unaccounted_requests(), 1);
  EXPECT_EQ(report.unaccounted_replies(), -1);
  // They must not cancel out.
  EXPECT_EQ(load_report_to_json(options(), report).at("unaccounted"), 2);
  EXPECT_NE(judge_load(options(), report), "");
}

// What is of a cookie is in no other count.
TEST(LoadReportTest, CookiesAreWhereTheyAreAskedFor) {
  LoadOptions asked = options();
  asked.cookie = true;
  LoadReport report = echo_report();
  report.cookie = {.hellos = 3,
                   .challenges = 2,
                   .answers = 2,
                   .entered = 2,
                   .longest_entry = std::chrono::microseconds(1500)};
  EXPECT_EQ(judge_load(asked, report), "");
  const auto json = load_report_to_json(asked, report);
  EXPECT_EQ(json.at("cookie").at("hellos"), 3);
  EXPECT_EQ(json.at("cookie").at("longest_entry_us"), 1500.0);
  EXPECT_EQ(json.at("sent"), 100);
  EXPECT_NE(load_report_to_text(asked, report).find("within 1500 us"), std::string::npos);
  EXPECT_TRUE(load_report_to_json(options(), report).at("cookie").is_null());
  // Nobody has asked for one.
  report = LoadReport();
  report.cookie.hellos = 30;
  EXPECT_NE(judge_load(asked, report).find("leave out --cookie"), std::string::npos);
  EXPECT_TRUE(load_report_to_json(asked, report).at("cookie").at("longest_entry_us").is_null());
  report.connection_refused = 30;
  EXPECT_NE(judge_load(asked, report).find("nobody listens"), std::string::npos);
}

TEST(LoadReportTest, SilenceIsAnErrorThatSaysWhatToDo) {
  LoadReport report;
  report.sent = 10;
  EXPECT_NE(judge_load(options(), report).find("--expect nothing"), std::string::npos);
  LoadOptions sink = options();
  sink.expect = ExpectedReply::kNothing;
  EXPECT_EQ(judge_load(sink, report), "");
  EXPECT_TRUE(load_report_to_json(sink, report).at("unaccounted").is_null());
  report.sent = 0;
  EXPECT_NE(judge_load(sink, report), "");
}

// Answers that name no packet are held against their number.
TEST(LoadReportTest, OfASessionAsManyAnswersAreExpectedAsWereRecorded) {
  LoadOptions like = options();
  like.payload = LoadPayloadKind::kSession;
  LoadReport report;
  report.seconds = 2;
  report.sent = 100;
  report.replies_expected = 200;
  report.received = report.replies = 180;
  EXPECT_EQ(judge_load(like, report), "");
  const auto json = load_report_to_json(like, report);
  EXPECT_EQ(json.at("server"), "replies");
  EXPECT_EQ(json.at("replies").at("percent"), 90.0);
  EXPECT_EQ(json.at("replies").at("received_per_s"), 90.0);
  EXPECT_EQ(json.at("answered"), 0);
  EXPECT_TRUE(json.at("lost").is_null());
  EXPECT_TRUE(json.at("unaccounted").is_null());
  const std::string text = load_report_to_text(like, report);
  EXPECT_NE(text.find("90.0 % of 200"), std::string::npos) << text;
  EXPECT_NE(text.find("do not say which packet they answer"), std::string::npos) << text;
  EXPECT_EQ(text.find("lost"), std::string::npos) << text;

  report.received = report.replies = 179;
  EXPECT_NE(judge_load(like, report).find("179 answers"), std::string::npos);
  EXPECT_FALSE(load_report_to_json(like, report).at("ok").get<bool>());
  report.received = report.replies = 0;
  EXPECT_NE(judge_load(like, report).find("no reply from"), std::string::npos);
  report.replies_expected = 0;
  EXPECT_EQ(judge_load(like, report), "");
  report.received = report.replies = 3;  // more than was recorded is no fault
  EXPECT_EQ(judge_load(like, report), "");
  EXPECT_TRUE(load_report_to_json(like, report).at("replies").at("percent").is_null());

  LoadOptions echo = like;
  echo.expect = ExpectedReply::kEcho;
  EXPECT_FALSE(load_report_to_json(echo, echo_report()).contains("replies"));
  EXPECT_EQ(load_report_to_json(echo, echo_report()).at("server"), "echo");
}

TEST(LoadReportTest, ARunWithoutAPacketSaysWhy) {
  LoadReport report;
  EXPECT_NE(judge_load(options(), report).find("before the first packet"), std::string::npos);
  report.send_refused = 3;
  report.send_error = EPERM;
  EXPECT_NE(judge_load(options(), report).find("not permitted"), std::string::npos);
  report.sent = 3;
  report.wait_error = EPERM;
  EXPECT_NE(judge_load(options(), report).find("wait"), std::string::npos);
}

TEST(LoadReportTest, TheJsonHasWhatProgramsReadOfIt) {
  LoadReport report = echo_report();
  for (int i = 1; i <= 100; ++i) report.round_trip.record(std::chrono::microseconds(i));
  const auto json = load_report_to_json(options(), report);
  EXPECT_EQ(json.at("command"), "load");
  EXPECT_EQ(json.at("server"), "echo");
  EXPECT_EQ(json.at("sent"), 100);
  EXPECT_EQ(json.at("sent_per_s"), 50.0);
  EXPECT_EQ(json.at("answered"), 90);
  EXPECT_EQ(json.at("kernel_drops").at("server"), 6);
  EXPECT_EQ(json.at("kernel_drops").at("clients"), 4);
  EXPECT_NEAR(json.at("rtt_us").at("p50").get<double>(), 50, 1);
  EXPECT_NEAR(json.at("rtt_us").at("p99").get<double>(), 99, 1);
  EXPECT_TRUE(json.at("ok").get<bool>());
  report.server_kernel_drops.reset();
  EXPECT_TRUE(load_report_to_json(options(), report).at("kernel_drops").at("server").is_null());
}

// ---- A search ------------------------------------------------------------------

LoadOptions search_options() {
  LoadOptions search = options();
  search.find_max = true;
  search.allow_invalid = false;
  return search;
}

LoadReport search_report(std::optional<double> knee, KneeLimit limit) {
  LoadReport report = echo_report();
  report.find_max = FindMaxResult{
      .goal = {}, .knee_per_s = knee, .limited_by = limit, .verified = {{0.8, 3, 3}, {1.25, 0, 3}}};
  // The goal was kept, and some of the packets were left out.
  LoadStep step;
  step.offered_per_s = 20'000;
  step.why = "7 of 1000 packets were not sent";
  report.steps = {step};
  return report;
}

// Its steps are all good enough to be valid, and yet none offered all that it should.
TEST(LoadReportTest, ASearchThatItsGeneratorLimitsIsNotValid) {
  for (const auto& knee : {std::optional<double>(), std::optional<double>(10'000)}) {
    const LoadReport report = search_report(knee, KneeLimit::kGenerator);
    const std::vector<std::string> reasons = reasons_against(report);
    ASSERT_EQ(reasons.size(), 1U);
    EXPECT_NE(reasons[0].find("7 of 1000 packets were not sent"), std::string::npos) << reasons[0];
    EXPECT_NE(judge_load(search_options(), report).find("7 of 1000"), std::string::npos);
    const auto json = load_report_to_json(search_options(), report);
    EXPECT_FALSE(json.at("ok").get<bool>());
    EXPECT_FALSE(json.at("valid").get<bool>());
  }
  EXPECT_TRUE(reasons_against(search_report(10'000, KneeLimit::kTarget)).empty());
  EXPECT_EQ(judge_load(search_options(), search_report(10'000, KneeLimit::kTarget)), "");
}

// It may be invalid, but it has to have found something.
TEST(LoadReportTest, ASearchWithoutAKneeIsNotGood) {
  LoadOptions lenient = search_options();
  lenient.allow_invalid = true;
  for (const auto limit :
       {KneeLimit::kTarget, KneeLimit::kGenerator, KneeLimit::kRange, KneeLimit::kStopped}) {
    EXPECT_NE(judge_load(lenient, search_report(std::nullopt, limit)), "");
  }
  EXPECT_EQ(judge_load(lenient, search_report(10'000, KneeLimit::kGenerator)), "");
}

TEST(LoadReportTest, ASearchThatWasStoppedKnowsNothingOfTheTarget) {
  LoadReport report = search_report(std::nullopt, KneeLimit::kStopped);
  report.find_max->verified.clear();
  report.stopped_by_signal = 2;
  EXPECT_NE(judge_load(search_options(), report).find("a signal ended the search"),
            std::string::npos);
  EXPECT_TRUE(reasons_against(report).empty());
  EXPECT_EQ(load_report_to_json(search_options(), report).at("find_max").at("limited_by"),
            "stopped");
  // One that was done before the signal came has its result.
  LoadReport done = search_report(10'000, KneeLimit::kTarget);
  done.stopped_by_signal = 2;
  EXPECT_EQ(judge_load(search_options(), done), "");
}

// Of a name's addresses one was tried: which, is what has to be looked at.
TEST(LoadReportTest, WhoseTargetIsANameIsToldTheAddress) {
  LoadOptions named = options();
  LoadReport report;
  report.sent = 10;
  report.addresses = {"[0:0:0:0:0:0:0:1]:4220"};
  named.target_text = "dual.test:4220";
  const std::string words = "dual.test:4220 ([0:0:0:0:0:0:0:1]:4220)";
  EXPECT_NE(judge_load(named, report).find("no reply from " + words), std::string::npos);
  report.connection_refused = 10;
  EXPECT_NE(judge_load(named, report).find("nobody listens at " + words), std::string::npos);
  // Who wrote the address knows it.
  named.target_text = "[::1]:4220";
  EXPECT_NE(judge_load(named, report).find("nobody listens at [::1]:4220: "), std::string::npos);
}

// One of several that says nothing hides in the sums: they add up where its machine refuses.
TEST(LoadReportTest, ATargetAmongOthersThatNeverAnswersIsNamed) {
  LoadReport report = echo_report();
  report.addresses = {"192.0.2.1:4220", "192.0.2.2:4220", "192.0.2.3:4220"};
  report.targets = {{.forwarded = 50, .arrived = 50}, {.forwarded = 50, .arrived = 1}, {.sent = 0}};
  EXPECT_EQ(judge_load(options(), report), "");
  LoadReport silent;
  silent.targets = {{.forwarded = 1}, {.forwarded = 1}, {.sent = 9, .forwarded = 7}};
  report.add_counts(silent);
  const std::string words = "no reply from 192.0.2.3:4220, one of 3 targets";
  EXPECT_NE(judge_load(options(), report).find(words), std::string::npos);
  LoadOptions sink = options();
  sink.expect = ExpectedReply::kNothing;
  EXPECT_EQ(judge_load(sink, report), "");
  // An impairment may lose all that is for it, or all that comes from it: then it is not silent.
  report.client_kernel_drops = report.server_kernel_drops = 0;
  ImpairmentAccount& account = report.impairment.emplace();
  for (ImpairCounts& counts : account.counts) counts.arrived = counts.forwarded = 100;
  account.requests = account.answered = 100;
  EXPECT_NE(judge_load(options(), report).find(words), std::string::npos);
  report.targets[2] = {.sent = 9};
  EXPECT_EQ(judge_load(options(), report), "");
  report.targets[2] = {.sent = 9, .forwarded = 7, .arrived = 7};
  EXPECT_EQ(judge_load(options(), report), "");
}

// What left an impairment late is refused by the kernel like any other packet.
TEST(LoadReportTest, AllThatIsRefusedBehindAnImpairmentIsNoRun) {
  LoadReport report;
  report.sent = 33;
  ImpairCounts& out = report.impairment.emplace().counts[0];
  out.arrived = out.lost = 33;
  EXPECT_EQ(judge_load(options(), report), "");
  out.lost = 0;
  out.send_failed = 33;
  LoadReport refused;
  refused.delayed_sends_refused = 33;
  refused.send_errors[EPERM] = 33;
  refused.send_error = EPERM;
  report.add_counts(refused);
  LoadOptions sink = options();
  sink.expect = ExpectedReply::kNothing;
  for (const LoadOptions& asked : {options(), sink}) {
    const std::string bad = judge_load(asked, report);
    EXPECT_NE(bad.find("the kernel refused every packet, at last with: Operation not permitted"),
              std::string::npos)
        << bad;
    EXPECT_EQ(load_report_to_json(asked, report).at("send_errors").at(0).at("count"), 33);
  }
}

// What comes from an arena is read before it is harmed on the way back.
TEST(LoadReportTest, AnArenaBehindAnImpairmentIsKnownByWhatItSent) {
  LoadReport report;
  report.seconds = 2;
  report.sent = 910;
  report.received = report.snapshots = 800;
  report.snapshots_announced = 70'000'000;  // of a turned bit
  report.inputs_received = 4'195'468;
  ImpairmentAccount& account = report.impairment.emplace();
  ImpairCounts& out = account.counts[0];
  out.arrived = out.forwarded = account.requests = account.inputs = 910;
  ImpairCounts& in = account.counts[1];
  in.arrived = account.snapshots = account.snapshots_announced = 900;
  in.forwarded = 800;
  in.lost = 100;
  auto json = load_report_to_json(options(), report);
  EXPECT_EQ(json.at("answered"), 910);
  EXPECT_EQ(json.at("unanswered"), 0);
  EXPECT_EQ(json.at("snapshots").at("sent"), 900);
  EXPECT_EQ(json.at("unaccounted"), 0);
  // Nothing of it comes through to the clients.
  report.received = report.snapshots = report.snapshots_announced = report.inputs_received = 0;
  in.forwarded = 0;
  in.lost = 900;
  json = load_report_to_json(options(), report);
  EXPECT_EQ(json.at("server"), "arena");
  EXPECT_EQ(json.at("answered"), 910);
  EXPECT_EQ(json.at("impairment").at("unanswered"), 0);
  EXPECT_EQ(judge_load(options(), report), "");
  // An arena believes what is harmed on the way to it, and nothing is known of what it says.
  account.damaged = 1;
  account.snapshots_announced = 1'000'000;
  account.inputs = 5'000'000;
  EXPECT_EQ(report.unaccounted_replies(), 0);
  EXPECT_EQ(load_report_to_json(options(), report).at("answered"), 910);
  EXPECT_EQ(judge_load(options(), report), "");
}

// Drops and refusals may be of copies: they do not make up for what never went on.
TEST(LoadReportTest, WhatAnImpairmentLostIsNotMadeUpForByDrops) {
  LoadReport report = echo_report();
  report.echoes = 70;
  ImpairmentAccount& account = report.impairment.emplace();
  account.counts[0].arrived = 100;
  account.counts[0].lost = 25;
  account.counts[0].duplicated = 30;
  account.counts[0].forwarded = 105;
  account.requests = 75;
  report.server_kernel_drops = 40;
  EXPECT_EQ(report.unanswered_by_impairment(), 25U);
  report.server_kernel_drops = 0;
  report.client_kernel_drops = 0;
  account.answered = 70;
  account.repeated = 30;
  EXPECT_EQ(report.unaccounted_requests(), 5);
  EXPECT_EQ(report.unanswered_by_impairment(), 25U);
}

// Of a run that goes on, what is not answered may be on its way.
TEST(LoadReportTest, AnInterimReportDoesNotJudgeAnImpairment) {
  LoadReport report = echo_report();
  report.impairment.emplace().counts[0].arrived = 100;
  EXPECT_FALSE(load_report_to_json(options(), report).at("impairment").at("unanswered").is_null());
  report.is_interim = true;
  EXPECT_TRUE(load_report_to_json(options(), report).at("impairment").at("unanswered").is_null());
}

nlohmann::ordered_json server_report() {
  return {{"received", 95},
          {"sent", 120},
          {"kernel_drops", 5},
          {"unaccounted", {{"received", 0}, {"delivered", 0}, {"sent", 0}}},
          {"drops", {{"drop_peer_full", 0}, {"drop_closed", 3}}},
          {"backend", "recvmmsg"},
          {"backend_reason", "asked for"},
          {"arena", {{"most_players", 2}}},
          {"cpu", {{"ns_per_packet", 1500.0}, {"application_ns_per_packet", 700.0}}}};
}

TEST(DemoReportTest, HoldsBothSidesAgainstEachOther) {
  const LoadOptions load_options = options();
  const LoadReport load = arena_report();
  const DemoReport good(load_options, load, server_report());
  EXPECT_EQ(good.unaccounted(), 0);
  EXPECT_EQ(good.engine_drops(), 3U);
  EXPECT_TRUE(good.to_json().at("ok").get<bool>());
  EXPECT_NE(good.to_text().find("drop_closed 3"), std::string::npos);

  auto lossy = server_report();
  lossy["received"] = 94;
  lossy["sent"] = 121;
  lossy["unaccounted"]["delivered"] = -2;
  const DemoReport bad(load_options, load, lossy);
  EXPECT_EQ(bad.unaccounted_in(), 1);
  EXPECT_EQ(bad.unaccounted_out(), 1);
  EXPECT_EQ(bad.unaccounted_inside(), 2);
  EXPECT_EQ(bad.unaccounted(), 4);
  EXPECT_FALSE(bad.to_json().at("ok").get<bool>());
}

// The server receives hellos and answers, and drops them as what they are; its challenges are not
// among what it sends.
TEST(DemoReportTest, CookiesAreInTheAccount) {
  LoadOptions load_options = options();
  load_options.cookie = true;
  LoadReport load = arena_report();
  load.cookie = {.hellos = 3, .challenges = 2, .answers = 2, .entered = 2};
  auto server = server_report();
  server["received"] = 100;
  EXPECT_EQ(DemoReport(load_options, load, server).unaccounted(), 0);
  load.cookie.hellos = 4;
  EXPECT_EQ(DemoReport(load_options, load, server).unaccounted_in(), 1);
}

TEST(DemoReportTest, NothingSentIsNotGood) {
  const LoadOptions load_options = options();
  auto idle = server_report();
  idle["received"] = idle["sent"] = idle["kernel_drops"] = 0;
  const LoadReport nothing;
  const DemoReport report(load_options, nothing, idle);
  EXPECT_EQ(report.unaccounted(), 0);
  EXPECT_NE(report.judge(), "");
  EXPECT_FALSE(report.to_json().at("ok").get<bool>());
}

TEST(DemoReportTest, AServerThatCouldNotGoOnIsNotGood) {
  const LoadOptions load_options = options();
  auto failed = server_report();
  failed["ok"] = false;
  const LoadReport load = arena_report();
  const DemoReport report(load_options, load, failed);
  EXPECT_EQ(report.unaccounted(), 0);
  EXPECT_NE(report.judge(), "");
}

}  // namespace
}  // namespace ringpeer::tools
