// `ringpeer load` from outside: what its figures say of a server that pauses, its parts put
// together, clients that come and go, packets out of files, and the files that it writes.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tests/tools/command_process.h"
#include "ringpeer/tests/tools/report_schema.h"

namespace ringpeer::tools {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;

constexpr std::chrono::seconds kPatience{60};
// Nothing of this machine's speed is expected, but where the test says so.
const std::string kAnyMachine = "--allow-invalid";

// An echo server on any port.
class EchoServer {
 public:
  explicit EchoServer(const Words& more = {}) : process_(words_with(more)) {
    process_.wait_for_error_text(", backend ", kPatience);
    const std::string& said = process_.error_output();
    const std::size_t at = said.find(" on port ");
    if (at != std::string::npos) port_ = std::stoi(said.substr(at + 9));
  }
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }
  CommandProcess& process() { return process_; }

 private:
  static Words words_with(const Words& more) {
    Words words = {"serve", "--mode", "echo", "--port", "0", "--address", "127.0.0.1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  CommandProcess process_;
  int port_ = 0;
};

json load(const std::string& target, Words words, int expected_status = 0) {
  words.insert(words.begin(), {"load", "--target", target, "--json"});
  CommandProcess process(words);
  EXPECT_EQ(process.finish(kPatience), expected_status) << process.error_output();
  json report = json::parse(process.output(), nullptr, false);
  EXPECT_FALSE(report.is_discarded()) << process.output();
  EXPECT_EQ(ReportSchema().complaint("load", report), "");
  return report;
}

std::string test_file(const std::string& name) {
  const char* folder = std::getenv("TEST_TMPDIR");
  return std::string(folder == nullptr ? "/tmp" : folder) + "/" + name;
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// ---- What a pause looks like ---------------------------------------------------

struct Pause {
  double ms = 0;  // as long as the server stood still
  json report;
};

constexpr double kSeconds = 4;

Pause load_with_pause(milliseconds length) {
  Pause pause;
  EchoServer server;
  std::jthread freezer([&] {
    std::this_thread::sleep_for(milliseconds(1500));
    server.process().send_signal(SIGSTOP);
    const auto begin = Clock::now();
    std::this_thread::sleep_for(length);
    const auto end = Clock::now();
    server.process().send_signal(SIGCONT);
    pause.ms = std::chrono::duration<double, std::milli>(end - begin).count();
  });
  pause.report =
      load(server.target(), {"--clients", "4", "--hz", "100", "--duration", "4", kAnyMachine});
  freezer.join();
  return pause;
}

// What is wrong with the figures of a run with a pause; nothing when they show it.
//
// Packets are due evenly. The one that was due when the pause began waits for all of it, the next
// ones for less, so of all packets a share of (pause - x) / run waits longer than x: the percentile
// q is pause - (1 - q) * run.
std::string complaint_about(const Pause& pause) {
  constexpr double kTolerance = 15;  // ms
  std::string complaint;
  for (const auto& [name, share] : {std::pair("p99", 0.01), std::pair("p999", 0.001)}) {
    const double expected = pause.ms - share * kSeconds * 1e3;
    const double found = pause.report.at("rtt_us").at(name).get<double>() / 1e3;
    if (std::abs(found - expected) <= kTolerance) continue;
    complaint += std::string(name) + " is " + std::to_string(found) + " ms and not " +
                 std::to_string(expected) + "; ";
  }
  // Of a client that waits, one packet of 400 met the pause.
  const double hidden = pause.report.at("rtt_uncorrected_us").at("p99").get<double>() / 1e3;
  if (hidden > pause.ms / 4) complaint += "uncorrected p99 is " + std::to_string(hidden) + " ms";
  return complaint;
}

TEST(LoadCommandTest, APauseOfTheServerShowsInTheCorrectedPercentilesOnly) {
  std::string complaints;
  // This machine may pause, too.
  for (int i = 0; i < 4; ++i) {
    const Pause pause = load_with_pause(milliseconds(200));
    const std::string complaint = complaint_about(pause);
    if (complaint.empty()) return;
    complaints += complaint + "\n";
  }
  ADD_FAILURE() << complaints;
}

// ---- Clients -------------------------------------------------------------------

TEST(LoadCommandTest, ClientsThatComeAndGoLoseNothing) {
  EchoServer server;
  const json report =
      load(server.target(), {"--clients", "60", "--hz", "50", "--duration", "2", "--threads", "2",
                             "--join-rate", "100", "--session", "500ms", kAnyMachine});
  EXPECT_EQ(report.at("unaccounted"), 0);
  EXPECT_EQ(report.at("lost"), 0);
  EXPECT_EQ(report.at("answered"), report.at("sent"));
  // 60 at the start, and each after 0.5 s again: three more each, but for who came later.
  const int joins = report.at("joins").at("count");
  EXPECT_GT(joins, 150);
  EXPECT_LE(joins, 240);
  EXPECT_EQ(report.at("joins").at("answered"), joins);
  EXPECT_EQ(report.at("joins").at("rtt_us").at("count"), joins);
  // Who is not there sends nothing: 100 join a second.
  EXPECT_LT(report.at("sent"), 60 * 50 * 2 - 600);
  EXPECT_EQ(report.at("series").at("points").at(1).at("clients"), 60);
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  for (const json& point : report.at("series").at("points")) {
    sent += point.at("sent").get<std::uint64_t>();
    answered += point.at("answered").get<std::uint64_t>();
  }
  EXPECT_EQ(sent, report.at("sent"));
  EXPECT_EQ(answered, report.at("answered"));
}

TEST(LoadCommandTest, FiveThousandClientsAreOneProcess) {
  EchoServer server;
  const json report =
      load(server.target(), {"--clients", "5000", "--hz", "1", "--duration", "2", kAnyMachine});
  EXPECT_EQ(report.at("sent"), 10'000);
  EXPECT_EQ(report.at("unaccounted"), 0);
  EXPECT_EQ(report.at("joins").at("answered"), 5000);
}

TEST(LoadCommandTest, NamesAreResolvedAndSeveralTargetsShareTheClients) {
  EchoServer first;
  EchoServer second;
  const std::string port = first.target().substr(first.target().find(':'));
  const json report = load(
      "localhost" + port + "," + second.target(),
      {"--clients", "4", "--hz", "20", "--duration", "0.5", "--source", "127.0.0.1", kAnyMachine});
  EXPECT_EQ(report.at("addresses"), json::array({first.target(), second.target()}));
  EXPECT_EQ(report.at("unaccounted"), 0);
  const json again = load(first.target(), {"--target", second.target(), "--clients", "2",
                                           "--duration", "0.2", kAnyMachine});
  EXPECT_EQ(again.at("addresses"), json::array({first.target(), second.target()}));
  EXPECT_EQ(again.at("unaccounted"), 0);
  CommandProcess unknown({"load", "--target", "no-such-host.invalid:4000"});
  EXPECT_EQ(unknown.finish(kPatience), 1);
  EXPECT_NE(unknown.error_output().find("no-such-host.invalid"), std::string::npos);
  CommandProcess elsewhere({"load", "--target", first.target(), "--source", "192.0.2.7"});
  EXPECT_EQ(elsewhere.finish(kPatience), 1);
  EXPECT_NE(elsewhere.error_output().find("--source"), std::string::npos)
      << elsewhere.error_output();
}

TEST(LoadCommandTest, OneOfTwoTargetsThatIsAwayIsNoSuccess) {
  EchoServer server;
  const json report = load(server.target() + ",127.0.0.1:9",
                           {"--clients", "4", "--duration", "0.5", kAnyMachine}, 1);
  EXPECT_FALSE(report.at("ok").get<bool>());
  const json& targets = report.at("targets");
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(targets[0].at("sent"), targets[0].at("received"));
  EXPECT_EQ(targets[1].at("address"), "127.0.0.1:9");
  EXPECT_EQ(targets[1].at("received"), 0);
  EXPECT_EQ(targets[0].at("sent").get<int>() + targets[1].at("sent").get<int>(),
            report.at("sent").get<int>());
}

TEST(LoadCommandTest, BurstsAndAnInterfaceLoseNothing) {
  EchoServer server;
  const json report =
      load(server.target(), {"--clients", "20", "--hz", "50", "--burst", "40", "--threads", "2",
                             "--duration", "1", "--interface", "lo", kAnyMachine});
  EXPECT_EQ(report.at("unaccounted"), 0);
  EXPECT_EQ(report.at("lost"), 0);
  // Whole bursts: 25 a second.
  EXPECT_EQ(report.at("sent"), 1000);
  EXPECT_EQ(report.at("plan").at("burst"), 40);
  CommandProcess elsewhere({"load", "--target", server.target(), "--interface", "no-such"});
  EXPECT_EQ(elsewhere.finish(kPatience), 1);
  EXPECT_NE(elsewhere.error_output().find("--interface"), std::string::npos)
      << elsewhere.error_output();
}

TEST(LoadCommandTest, IsLetInByAServerThatAsksForCookies) {
  EchoServer server({"--cookie"});
  const json report = load(server.target(), {"--cookie", "--clients", "30", "--hz", "50",
                                             "--threads", "2", "--duration", "1", kAnyMachine});
  EXPECT_EQ(report.at("unaccounted"), 0);
  EXPECT_EQ(report.at("lost"), 0);
  EXPECT_EQ(report.at("received"), report.at("sent"));
  EXPECT_EQ(report.at("foreign"), 0);
  EXPECT_EQ(report.at("cookie").at("entered"), 30);
  EXPECT_GE(report.at("cookie").at("hellos"), 30);
  EXPECT_GE(report.at("cookie").at("challenges"), 30);
  // It lets nobody in who does not ask.
  const json stranger = load(server.target(), {"--duration", "0.2", "--wait", "0.2"}, 1);
  EXPECT_EQ(stranger.at("answered"), 0);
  EXPECT_EQ(stranger.at("foreign"), stranger.at("received"));  // challenges, which it does not know
  EXPECT_TRUE(stranger.at("cookie").is_null());
}

TEST(LoadCommandTest, ARampHasItsSteps) {
  EchoServer server;
  const json report = load(server.target(), {"--clients", "10", "--ramp", "100..1000", "--steps",
                                             "4", "--step", "300ms", kAnyMachine});
  const json& steps = report.at("steps");
  ASSERT_EQ(steps.size(), 4U);
  std::uint64_t sent = 0;
  for (const json& step : steps) {
    sent += step.at("sent").get<std::uint64_t>();
    const double expected = step.at("offered_per_s").get<double>() * 0.3;
    EXPECT_NEAR(step.at("sent").get<double>(), expected, expected / 10 + 2);
    EXPECT_EQ(step.at("lost_percent"), 0.0);
  }
  EXPECT_EQ(sent, report.at("sent"));
  EXPECT_EQ(report.at("unaccounted"), 0);
}

// What no machine offers: nothing is found, and that is no success, valid or not.
TEST(LoadCommandTest, ASearchThatFindsNothingIsNoSuccess) {
  EchoServer server;
  const json report = load(server.target(),
                           {"--clients", "100", "--find-max", "--ramp", "990000..1000000", "--step",
                            "0.2s", kAnyMachine},
                           1);
  EXPECT_TRUE(report.at("find_max").at("knee_per_s").is_null());
  EXPECT_FALSE(report.at("ok").get<bool>());
}

// Of a search that was stopped nobody knows what its limit would have been.
TEST(LoadCommandTest, ASearchThatIsStoppedSaysSo) {
  EchoServer server;
  CommandProcess process({"load", "--target", server.target(), "--clients", "2", "--find-max",
                          "--ramp", "100..10000", "--step", "60s", "--json", kAnyMachine});
  std::this_thread::sleep_for(std::chrono::seconds(2));
  process.send_signal(SIGINT);
  EXPECT_EQ(process.finish(kPatience), 1) << process.error_output();
  const json report = json::parse(process.output(), nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << process.output();
  EXPECT_EQ(ReportSchema().complaint("load", report), "");
  EXPECT_EQ(report.at("find_max").at("limited_by"), "stopped");
  EXPECT_TRUE(report.at("find_max").at("knee_per_s").is_null());
  EXPECT_EQ(report.at("stopped_by_signal"), SIGINT);
  EXPECT_NE(process.error_output().find("a signal ended the search"), std::string::npos);
}

TEST(LoadCommandTest, WhatIsWrittenWronglyIsToldInOneLineThatATerminalMayHave) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"--target", "127.0.0.1:9", "--hz", "1e-12"}, "0.000001 to 10000 packets a second"},
      {{"--target", "127.0.0.1:9", "--ramp", "1e-300..100"}, "0.000001 at least"},
      {{"--target", "127.0.0.1:9", "--burst", "0"}, "choose 1 to 20000 packets"},
      {{"--target", "127.0.0.1:9", "--interface", "a-name-that-is-too-long"}, "15 characters"},
      {{"--target", "a\x1b[31mb:5"}, "write a host and a port"},
      {{"--target", "127.0.0.1\n:5\n"}, "write a host and a port"},
  };
  for (const auto& [options, words] : cases) {
    Words line = {"load"};
    line.insert(line.end(), options.begin(), options.end());
    CommandProcess process(line);
    EXPECT_EQ(process.finish(kPatience), 2);
    const std::string& said = process.error_output();
    EXPECT_NE(said.find(words), std::string::npos) << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
    EXPECT_EQ(said.find('\x1b'), std::string::npos);
  }
}

// ---- Payloads out of files -----------------------------------------------------

std::string file_with(const std::string& name, const std::string& text) {
  const std::string path = test_file(name);
  std::ofstream(path) << text;
  return path;
}

// Packets of 48 and 40 bytes, of which the first 16 are fields.
std::string file_of_packets() {
  const std::string fields(32, '0');
  return file_with("packets", fields + " " + std::string(64, 'a') + "  # a comment\n\n" + fields +
                                  std::string(48, 'b') + "\n");
}

const Words kFields = {"--vary", "0:8:sequence:be:+7", "--vary", "8:8:time"};

TEST(LoadCommandTest, PacketsOfATemplateAreAllAnswered) {
  EchoServer server;
  const std::string file = file_with("template", R"text({
"seq": "$sequence", "t": "$time", "who": "$client",
"move": ["$walk3(0.5)", "$random(0,255)", "$random"]
})text");
  const json report = load(server.target(), {"--clients", "9", "--threads", "3", "--hz", "100",
                                             "--duration", "1", "--template", file, kAnyMachine});
  EXPECT_EQ(report.at("payload"), "template");
  EXPECT_EQ(report.at("sent"), 900);
  EXPECT_EQ(report.at("answered"), 900);
  EXPECT_EQ(report.at("foreign"), 0);
  EXPECT_EQ(report.at("unaccounted"), 0);
}

TEST(LoadCommandTest, RecordedPacketsAreAllAnswered) {
  EchoServer server;
  Words words = {"--clients", "9",          "--threads", "3",         "--hz",
                 "100",       "--duration", "1",         "--packets", file_of_packets(),
                 "--seed",    "7",          kAnyMachine};
  words.insert(words.end(), kFields.begin(), kFields.end());
  const json report = load(server.target(), words);
  EXPECT_EQ(report.at("payload"), "packets");
  EXPECT_EQ(report.at("packet_bytes"), 48);
  EXPECT_EQ(report.at("answered"), 900);
  EXPECT_EQ(report.at("foreign"), 0);
  EXPECT_EQ(report.at("unaccounted"), 0);
}

TEST(LoadCommandTest, WithoutRepliesPacketsNeedNoFields) {
  CommandProcess sink({"serve", "--mode", "sink", "--port", "0", "--json"});
  ASSERT_TRUE(sink.wait_for_error_text(", backend ", kPatience));
  const std::string& said = sink.error_output();
  const std::string port = std::to_string(std::stoi(said.substr(said.find(" on port ") + 9)));
  load("127.0.0.1:" + port, {"--hz", "100", "--duration", "0.5", "--packets", file_of_packets(),
                             "--expect", "nothing", kAnyMachine});
  load("127.0.0.1:" + port, {"--hz", "100", "--duration", "0.5", "--template",
                             file_with("constant", "[1, 2]"), "--expect", "nothing", kAnyMachine});
  sink.send_signal(SIGINT);
  EXPECT_EQ(sink.finish(kPatience), 0);
  EXPECT_EQ(json::parse(sink.output()).at("received"), 100);
}

TEST(LoadCommandTest, CorruptedEchoesOfRecordedPacketsAreTold) {
  EchoServer server;
  CommandProcess impair({"impair", "--target", server.target(), "--port", "0", "--address",
                         "127.0.0.1", "--corrupt", "20", "--seed", "5", "--json"});
  ASSERT_TRUE(impair.wait_for_error_text("seed", kPatience)) << impair.error_output();
  const std::string& said = impair.error_output();
  const std::size_t at = said.find(" port ");
  ASSERT_NE(at, std::string::npos) << said;
  const std::string target = "127.0.0.1:" + std::to_string(std::stoi(said.substr(at + 6)));
  Words words = {"--clients",       "5",        "--hz", "100", "--duration", "1", "--packets",
                 file_of_packets(), kAnyMachine};
  words.insert(words.end(), kFields.begin(), kFields.end());
  // Those whose sequence was hit answer nothing that is known: they are unaccounted for.
  const json report = load(target, words, 1);
  EXPECT_EQ(report.at("received"), 500);
  const int corrupted = report.at("corrupted");
  const int foreign = report.at("foreign");
  // Of 500 packets 36 % were hit, of those a third in the sequence or the time at most.
  EXPECT_GT(corrupted, 80);
  EXPECT_LT(foreign, corrupted);
  EXPECT_EQ(report.at("answered").get<int>() + corrupted + foreign, 500);
  impair.send_signal(SIGINT);
  impair.finish(kPatience);
  const json network = json::parse(impair.output());
  const int hits = network.at("to_server").at("corrupted").get<int>() +
                   network.at("to_client").at("corrupted").get<int>();
  EXPECT_LE(corrupted + foreign, hits);
  EXPECT_GE(corrupted + foreign, hits / 2);
}

TEST(LoadCommandTest, FilesAndFieldsThatAreNotFitAreToldInOneLine) {
  const std::string packets = file_of_packets();
  const std::string text = file_with("text", R"(["$sequence", "$time"])");
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"--template", "/no/such/file"}, "/no/such/file: No such file"},
      {{"--packets", "/no/such/file"}, "/no/such/file: No such file"},
      {{"--template", file_with("half", "[1,")}, "is no Godot text"},
      {{"--template", file_with("plain", "[1]")}, "put both into the template"},
      {{"--packets", file_with("no-hex", "00\nxy\n")}, "line 2: 'x'"},
      {{"--packets", packets}, "name both"},
      {{"--packets", packets, "--vary", "0:9:time"}, "--vary 0:9:time: write PLACE:WIDTH:KIND"},
      {{"--packets", packets, "--vary", "0:8:time", "--vary", "4:1:client"}, "byte 4 in common"},
      {{"--packets", packets, "--vary", "90:8:time"}, "byte 97"},
      {{"--packets", packets, "--payload", "raw"}, "leave out --payload"},
      {{"--template", ""}, "--template: its value is empty"},
      {{"--packets", ""}, "--packets: its value is empty"},
      {{"--template", text, "--size", "100"}, "leave out --size"},
      {{"--template", text, "--packets", packets}, "leave one of them out"},
      {{"--template", text, "--vary", "0:8:time"}, "--vary is of --packets"},
      {{"--vary", "0:8:time"}, "--packets"},
      {{"--seed", "3"}, "--seed is of what is random"},
  };
  for (const auto& [options, words] : cases) {
    Words line = {"load", "--target", "127.0.0.1:9"};
    line.insert(line.end(), options.begin(), options.end());
    CommandProcess process(line);
    EXPECT_EQ(process.finish(kPatience), 2) << words;
    EXPECT_EQ(process.output(), "");
    const std::string& said = process.error_output();
    EXPECT_NE(said.find(words), std::string::npos) << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  }
}

// ---- Files ---------------------------------------------------------------------

TEST(LoadCommandTest, PartsArePutTogether) {
  EchoServer server;
  const Words plan = {"load", "--target", server.target(), "--clients", "7",        "--hz",
                      "50",   "--json",   "--duration",    "1",         kAnyMachine};
  std::vector<std::unique_ptr<CommandProcess>> processes;
  for (const char* part : {"1/2", "2/2"}) {
    Words words = plan;
    words.insert(words.end(), {"--part", part});
    processes.push_back(std::make_unique<CommandProcess>(words));
  }
  std::vector<json> parts;
  Words files;
  for (auto& process : processes) {
    ASSERT_EQ(process->finish(kPatience), 0) << process->error_output();
    parts.push_back(json::parse(process->output()));
    files.push_back(test_file("part" + std::to_string(files.size())));
    std::ofstream(files.back()) << process->output();
  }
  CommandProcess merge({"load", "merge", files[0], files[1], "--json"});
  merge.finish(kPatience);  // it may not be valid
  const json merged = json::parse(merge.output(), nullptr, false);
  ASSERT_FALSE(merged.is_discarded()) << merge.output() << merge.error_output();
  EXPECT_EQ(ReportSchema().complaint("load", merged), "");
  EXPECT_EQ(merged.at("clients"), 7);
  EXPECT_EQ(merged.at("parts"), 2);
  EXPECT_EQ(merged.at("sent"), 350);
  EXPECT_EQ(merged.at("unaccounted"), 0);
  EXPECT_EQ(merged.at("rtt_us").at("count"), 350);
  const auto max_of = [](const json& report) { return report.at("rtt_us").at("max"); };
  EXPECT_EQ(max_of(merged), std::max(max_of(parts[0]), max_of(parts[1])));
  EXPECT_EQ(merged.at("valid"), parts[0].at("valid").get<bool>() && parts[1].at("valid"));

  // What does not belong together is told, and nothing is printed.
  for (const Words& wrong : std::vector<Words>{{files[0]},
                                               {files[0], files[0]},
                                               {files[0], files[1], files[1]},
                                               {files[0], "/no/such/file"},
                                               {files[0], "/etc/passwd"}}) {
    Words words = {"load", "merge"};
    words.insert(words.end(), wrong.begin(), wrong.end());
    CommandProcess process(words);
    EXPECT_EQ(process.finish(kPatience), 1);
    EXPECT_EQ(process.output(), "");
    EXPECT_TRUE(process.error_output().starts_with("ringpeer: ")) << process.error_output();
  }
}

TEST(LoadCommandTest, TheSeriesGoesIntoAFileOrNothingDoes) {
  EchoServer server;
  const std::string file = test_file("series.csv");
  const json report =
      load(server.target(), {"--hz", "20", "--duration", "1.5", "--csv", file, kAnyMachine});
  std::istringstream lines(text_of(file));
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(line, "t,sent,received,answered,lost,send_missed,p50_us,p99_us,max_us,clients\r");
  for (const json& point : report.at("series").at("points")) {
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_EQ(line.substr(0, line.find(',', line.find(',') + 1)),
              point.at("t").dump() + "," + point.at("sent").dump());
  }
  EXPECT_FALSE(std::getline(lines, line));

  // What was there stays, and nothing half lies about.
  CommandProcess no_folder({"load", "--target", server.target(), "--csv", "/no/such/folder/x"});
  EXPECT_EQ(no_folder.finish(kPatience), 1);
  EXPECT_NE(no_folder.error_output().find("/no/such/folder/x"), std::string::npos);
  const json full = load(server.target(), {"--duration", "0.1", "--csv", "/dev/full"}, 1);
  EXPECT_FALSE(full.at("ok").get<bool>());
  CommandProcess stopped(
      {"load", "--target", server.target(), "--duration", "3600", "--csv", file});
  usleep(300'000);
  stopped.send_signal(SIGKILL);
  stopped.finish(kPatience);
  EXPECT_NE(text_of(file).find("p99_us"), std::string::npos);
}

}  // namespace
}  // namespace ringpeer::tools
