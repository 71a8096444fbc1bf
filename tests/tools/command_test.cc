// The ringpeer command from outside: what a user types, sees, and gets as a status.

#include <gtest/gtest.h>
#include <signal.h>

#include <regex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer::tools {
namespace {

using nlohmann::json;
using std::chrono::seconds;

// For a machine that is busy with other tests, and for sanitizers.
constexpr seconds kPatience{60};
// Nothing is measured here: how late this machine is does not matter.
const std::string kAnyMachine = "--allow-invalid";

struct Result {
  int status = 0;
  std::string output;
  std::string error_output;
};

Result run(const std::vector<std::string>& arguments) {
  CommandProcess process(arguments);
  Result result;
  result.status = process.finish(kPatience);
  result.output = process.output();
  result.error_output = process.error_output();
  return result;
}

// Waits until a server listens and reads its port out of what it says; "" when it does not.
std::string port_of(CommandProcess& server) {
  if (!server.wait_for_error_text(" on port ", kPatience)) return "";
  server.wait_for_error_text(", backend ", kPatience);
  std::smatch match;
  const std::string text = server.error_output();
  return std::regex_search(text, match, std::regex(" on port ([0-9]+)")) ? match[1].str() : "";
}

// ---- Both backends ----------------------------------------------------------

class CommandOnBackendTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const Result result = run(
        {"serve", "--mode", "sink", "--port", "0", "--backend", GetParam(), "--duration", "0.01"});
    if (result.status != 0) {
      GTEST_SKIP() << GetParam() << " is not to be had here: " << result.error_output;
    }
  }
};

struct Traffic {
  json server;
  json load;
};

// Runs a server and clients against it, and expects both to end well.
Traffic run_traffic(std::vector<std::string> serve, std::vector<std::string> load) {
  serve.insert(serve.begin(), "serve");
  serve.insert(serve.end(), {"--port", "0", "--address", "127.0.0.1", "--json"});
  CommandProcess server(serve);
  const std::string port = port_of(server);
  EXPECT_NE(port, "") << server.error_output();
  load.insert(load.begin(), "load");
  load.insert(load.end(),
              {"--target", "127.0.0.1:" + port, "--duration", "1", "--json", kAnyMachine});
  const Result clients = run(load);
  EXPECT_EQ(clients.status, 0) << clients.error_output;
  server.send_signal(SIGTERM);
  EXPECT_EQ(server.finish(kPatience), 0) << server.error_output();
  return {json::parse(server.output(), nullptr, false),
          json::parse(clients.output, nullptr, false)};
}

void expect_nothing_lost(const Traffic& traffic) {
  ASSERT_FALSE(traffic.server.is_discarded());
  ASSERT_FALSE(traffic.load.is_discarded());
  EXPECT_GT(traffic.load.at("sent").get<int>(), 0);
  EXPECT_EQ(traffic.server.at("received").get<int>() + traffic.server.at("kernel_drops").get<int>(),
            traffic.load.at("sent").get<int>());
  EXPECT_EQ(traffic.load.at("late"), 0);
  EXPECT_EQ(traffic.load.at("repeated"), 0);
  EXPECT_EQ(traffic.load.at("foreign"), 0);
  for (const auto& [reason, count] : traffic.server.at("drops").items()) {
    EXPECT_EQ(count, 0) << reason;
  }
  for (const auto& [stage, count] : traffic.server.at("unaccounted").items()) {
    EXPECT_EQ(count, 0) << stage;
  }
  EXPECT_TRUE(traffic.server.at("ok").get<bool>());
  EXPECT_EQ(traffic.server.at("stopped_by_signal"), SIGTERM);
}

TEST_P(CommandOnBackendTest, EchoAnswersEveryRawPacket) {
  const Traffic traffic =
      run_traffic({"--mode", "echo", "--backend", GetParam()},
                  {"--clients", "20", "--hz", "50", "--payload", "raw", "--size", "200"});
  expect_nothing_lost(traffic);
  EXPECT_EQ(traffic.server.at("backend"), GetParam());
  EXPECT_EQ(traffic.load.at("server"), "echo");
  EXPECT_EQ(traffic.load.at("packet_bytes"), 200);
  EXPECT_EQ(traffic.load.at("unaccounted"), 0);
  EXPECT_EQ(traffic.load.at("rtt_us").at("count"), traffic.load.at("answered"));
}

TEST_P(CommandOnBackendTest, EchoDecodesAndEncodesVariants) {
  const Traffic traffic =
      run_traffic({"--mode", "echo", "--payload", "var", "--backend", GetParam()},
                  {"--clients", "10", "--hz", "60", "--payload", "var", "--size", "400"});
  expect_nothing_lost(traffic);
  EXPECT_EQ(traffic.server.at("service").at("malformed"), 0);
  EXPECT_EQ(traffic.load.at("server"), "echo");
  EXPECT_EQ(traffic.load.at("packet_bytes"), 400);
}

// 100 clients: that the kernel gives all of them to one of the sockets is not to be expected.
TEST_P(CommandOnBackendTest, SeveralWorkersAnswerEveryPacketOnOnePort) {
  const Traffic traffic = run_traffic({"--mode", "echo", "--backend", GetParam(), "--workers", "2"},
                                      {"--clients", "100", "--hz", "20", "--payload", "raw"});
  expect_nothing_lost(traffic);
  EXPECT_EQ(traffic.server.at("workers"), 2);
  EXPECT_EQ(traffic.load.at("unaccounted"), 0);
  EXPECT_EQ(traffic.load.at("answered"), traffic.load.at("sent"));
}

TEST_P(CommandOnBackendTest, TheArenaPlaysWithTheClientsOfSeveralWorkers) {
  const Traffic traffic =
      run_traffic({"--mode", "arena", "--backend", GetParam(), "--workers", "2"},
                  {"--clients", "30", "--hz", "60", "--payload", "var"});
  expect_nothing_lost(traffic);
  EXPECT_EQ(traffic.load.at("unaccounted"), 0);
  EXPECT_EQ(traffic.server.at("arena").at("most_players"), 30);
}

TEST_P(CommandOnBackendTest, ASinkTakesEverythingInSilence) {
  const Traffic traffic = run_traffic({"--mode", "sink", "--backend", GetParam()},
                                      {"--clients", "5", "--hz", "100", "--expect", "nothing"});
  expect_nothing_lost(traffic);
  EXPECT_EQ(traffic.server.at("sent"), 0);
  EXPECT_TRUE(traffic.load.at("unaccounted").is_null());
}

TEST_P(CommandOnBackendTest, TheArenaPlaysWithEveryClient) {
  const Traffic traffic = run_traffic({"--mode", "arena", "--backend", GetParam()},
                                      {"--clients", "30", "--hz", "60", "--payload", "var"});
  expect_nothing_lost(traffic);
  EXPECT_EQ(traffic.load.at("server"), "arena");
  EXPECT_EQ(traffic.load.at("unaccounted"), 0);
  EXPECT_EQ(traffic.server.at("arena").at("most_players"), 30);
  EXPECT_EQ(traffic.server.at("service").at("malformed"), 0);
  // About one snapshot a tick and player; a busy machine skips ticks.
  EXPECT_GT(traffic.load.at("snapshots").at("received").get<int>(), 30);
}

TEST_P(CommandOnBackendTest, TheArenaCountsWhatItDoesNotUnderstand) {
  CommandProcess server(
      {"serve", "--mode", "arena", "--port", "0", "--backend", GetParam(), "--json"});
  const std::string port = port_of(server);
  const Result clients =
      run({"load", "--target", "127.0.0.1:" + port, "--clients", "3", "--hz", "50", "--duration",
           "0.5", "--expect", "nothing", "--json", kAnyMachine});
  EXPECT_EQ(clients.status, 0) << clients.error_output;
  server.send_signal(SIGINT);
  EXPECT_EQ(server.finish(kPatience), 0) << server.error_output();
  const json report = json::parse(server.output());
  EXPECT_EQ(report.at("arena").at("most_players"), 0);
  // What came after the last tick is the engine's drop: closed before it was read.
  EXPECT_EQ(report.at("service").at("malformed").get<int>() +
                report.at("drops").at("drop_closed").get<int>() +
                report.at("kernel_drops").get<int>(),
            json::parse(clients.output).at("sent").get<int>());
  EXPECT_EQ(report.at("sent"), 0);
}

TEST_P(CommandOnBackendTest, TheDemoAccountsForEveryPacket) {
  const Result result =
      run({"demo", "--clients", "40", "--duration", "1", "--backend", GetParam(), "--json"});
  ASSERT_EQ(result.status, 0) << result.error_output;
  const json report = json::parse(result.output);
  EXPECT_EQ(report.at("command"), "demo");
  EXPECT_EQ(report.at("backend"), GetParam());
  EXPECT_EQ(report.at("unaccounted"), 0);
  EXPECT_EQ(report.at("engine_drops"), 0);
  EXPECT_GT(report.at("rtt_us").at("p99").get<double>(), 0);
  EXPECT_GT(report.at("cpu_ns_per_packet").get<double>(), 0);
  EXPECT_EQ(report.at("server").at("arena").at("most_players"), 40);
}

TEST_P(CommandOnBackendTest, TheDemoAccountsForEveryPacketWithCookiesToo) {
  const Result result = run({"demo", "--cookie", "--clients", "40", "--duration", "1", "--backend",
                             GetParam(), "--json"});
  ASSERT_EQ(result.status, 0) << result.error_output;
  const json report = json::parse(result.output);
  EXPECT_EQ(report.at("unaccounted"), 0);
  const json& cookie = report.at("load").at("cookie");
  EXPECT_EQ(cookie.at("entered"), 40);
  EXPECT_GE(cookie.at("answers"), 40);
  EXPECT_EQ(report.at("server").at("arena").at("most_players"), 40);
}

INSTANTIATE_TEST_SUITE_P(Backends, CommandOnBackendTest, testing::Values("io_uring", "recvmmsg"),
                         [](const auto& backend) { return std::string(backend.param); });

// ---- Ends -------------------------------------------------------------------

TEST(CommandTest, AServerEndsAfterItsDuration) {
  const Result result = run({"serve", "--mode", "echo", "--port", "0", "--duration", "0.2"});
  EXPECT_EQ(result.status, 0) << result.error_output;
  EXPECT_NE(result.output.find("packets in"), std::string::npos);
  EXPECT_NE(result.output.find("dropped by the engine"), std::string::npos);
}

TEST(CommandTest, SignalsEndServersAndClientsWithAReport) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    CommandProcess server({"serve", "--mode", "echo", "--port", "0", "--json"});
    const std::string port = port_of(server);
    CommandProcess clients(
        {"load", "--target", "127.0.0.1:" + port, "--duration", "3600", "--json", kAnyMachine});
    // Long enough to be at work; nothing depends on how far it got.
    usleep(300'000);
    clients.send_signal(number);
    EXPECT_EQ(clients.finish(kPatience), 0) << clients.error_output();
    const json load = json::parse(clients.output(), nullptr, false);
    ASSERT_FALSE(load.is_discarded()) << clients.output();
    EXPECT_EQ(load.at("stopped_by_signal"), number);
    EXPECT_EQ(load.at("unaccounted"), 0);
    server.send_signal(number);
    EXPECT_EQ(server.finish(kPatience), 0) << server.error_output();
    EXPECT_EQ(json::parse(server.output()).at("stopped_by_signal"), number);
  }
}

TEST(CommandTest, SignalsThatAreIgnoredAtTheStartStayIgnored) {
  CommandProcess server({"serve", "--mode", "sink", "--port", "0", "--json"}, [] {
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
  });
  ASSERT_NE(port_of(server), "");
  server.send_signal(SIGINT);
  server.send_signal(SIGHUP);
  server.send_signal(SIGTERM);
  EXPECT_EQ(server.finish(kPatience), 0) << server.error_output();
  EXPECT_EQ(json::parse(server.output()).at("stopped_by_signal"), SIGTERM);
}

// The demo ends its own server whatever its starter ignores.
TEST(CommandTest, TheDemoEndsWithAllSignalsIgnored) {
  CommandProcess demo({"demo", "--clients", "2", "--duration", "0.2", "--json"}, [] {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_IGN);
  });
  EXPECT_EQ(demo.finish(kPatience), 0) << demo.error_output();
}

TEST(CommandTest, NothingIsDrawnWhereThereIsNoTerminal) {
  const Result result = run({"demo", "--clients", "2", "--duration", "0.6"});
  EXPECT_EQ(result.status, 0) << result.error_output;
  EXPECT_EQ(result.error_output.find('\r'), std::string::npos);
  EXPECT_EQ(result.error_output.find('\x1b'), std::string::npos);
}

// ---- Errors -----------------------------------------------------------------

TEST(CommandTest, HelpIsNoError) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"serve", "--help"},
                                             {"variant", "decode", "--help"},
                                             {"load", "--help"},
                                             {"demo", "--help"}}) {
    const Result result = run(arguments);
    EXPECT_EQ(result.status, 0);
    EXPECT_NE(result.output.find("Usage:"), std::string::npos);
  }
}

void expect_usage_errors(const std::vector<std::vector<std::string>>& wrong) {
  for (const auto& arguments : wrong) {
    const Result result = run(arguments);
    std::string line;
    for (const std::string& argument : arguments) line += argument + " ";
    EXPECT_EQ(result.status, 2) << line;
    EXPECT_EQ(result.output, "") << line;
    EXPECT_EQ(result.error_output.rfind("ringpeer: ", 0), 0U) << line << result.error_output;
    EXPECT_EQ(result.error_output.find('\n'), result.error_output.size() - 1) << line;
  }
}

TEST(CommandTest, AWrongCommandLineIsToldAndExitsWith2) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"dance"},
      {"serve"},
      {"serve", "--mode", "echo"},
      {"serve", "--port", "0"},
      {"serve", "--mode", "dance", "--port", "0"},
      {"serve", "--mode", "echo", "--port", "65536"},
      {"serve", "--mode", "echo", "--port", "-1"},
      {"serve", "--mode", "echo", "--port", "x"},
      {"serve", "--mode", "echo", "--port", "0", "--backend", "epoll"},
      {"serve", "--mode", "echo", "--port", "0", "--workers", "65"},
      {"serve", "--mode", "echo", "--port", "0", "--workers", "-1"},
      {"serve", "--mode", "echo", "--port", "0", "--duration", "-1"},
      {"serve", "--mode", "echo", "--port", "0", "--duration", "nan"},
      {"serve", "--mode", "echo", "--port", "0", "--duration", "1e-12"},
      {"serve", "--mode", "echo", "--port", "0", "--latency-budget", "-1"},
      {"serve", "--mode", "echo", "--port", "0", "--latency-budget", "100001"},
      {"serve", "--mode", "echo", "--port", "0", "--latency-budget", "1000000"},
      {"serve", "--mode", "echo", "--port", "0", "--address", "localhost"},
      {"serve", "--mode", "echo", "--port", "0", "--address", "127.0.0.256"},
      {"serve", "--mode", "echo", "--port", "0", "--address", ""},
      {"serve", "--mode", "arena", "--port", "0", "--payload", "raw"},
      {"serve", "--mode", "arena", "--port", "0", "--payload", "var"},
      {"serve", "--mode", "echo", "--port", "0", "--backend", "recvmmsg", "--without", "min-wait"},
      {"serve", "--mode", "echo", "--port", "0", "--backend", "recvmmsg", "--without",
       "incremental-buffers"},
      {"serve", "--mode", "echo", "--port", "0", "--without", "luck"},
      {"load"},
      {"load", "--target", "localhost"},
      {"load", "--target", "127.0.0.1:4000,"},
      {"load", "--target", "::1:4000"},
      {"load", "--target", "127.0.0.1"},
      {"load", "--target", "127.0.0.1:4000", "--clients", "0"},
      {"load", "--target", "127.0.0.1:4000", "--clients", "-1"},
      {"load", "--target", "127.0.0.1:4000", "--hz", "0"},
      {"load", "--target", "127.0.0.1:4000", "--hz", "nan"},
      {"load", "--target", "127.0.0.1:4000", "--size", "23"},
      {"load", "--target", "127.0.0.1:4000", "--size", "65508"},
      {"load", "--target", "127.0.0.1:4000", "--payload", "json"},
      {"load", "--target", "127.0.0.1:4000", "--payload", "var", "--size", "65504"},
      {"load", "--target", "127.0.0.1:4000", "--duration", "0"},
      {"load", "--target", "127.0.0.1:4000", "--duration", "1e-12"},
      {"demo", "--duration", "1e-12"},
      {"serve", "--mode", "echo", "--port", "0", "--latency-budget", "0100001"},
      {"demo", "--clients", "0"},
      {"demo", "--backend", "epoll"},
      {"variant"},
      {"variant", "translate"},
      {"variant", "decode", "--full-objects"},
  };
  expect_usage_errors(wrong);
}

TEST(CommandTest, AWrongPlanOfALoadIsToldAndExitsWith2) {
  expect_usage_errors({
      {"load", "--target", "127.0.0.1:4000", "--threads", "0"},
      {"load", "--target", "127.0.0.1:4000", "--threads", "2"},
      {"load", "--target", "127.0.0.1:4000", "--session", "soon"},
      {"load", "--target", "127.0.0.1:4000", "--part", "2"},
      {"load", "--target", "127.0.0.1:4000", "--part", "3/2"},
      {"load", "--target", "127.0.0.1:4000", "--part", "0/2"},
      {"load", "--target", "127.0.0.1:4000", "--ramp", "5"},
      {"load", "--target", "127.0.0.1:4000", "--ramp", "5..2"},
      {"load", "--target", "127.0.0.1:4000", "--ramp", "0..2"},
      {"load", "--target", "127.0.0.1:4000", "--ramp", "1..1e9"},
      {"load", "--target", "127.0.0.1:4000", "--ramp", "1..2", "--duration", "3"},
      {"load", "--target", "127.0.0.1:4000", "--ramp", "1..2", "--join-rate", "3"},
      {"load", "--target", "127.0.0.1:4000", "--find-max", "--steps", "3"},
      {"load", "--target", "127.0.0.1:4000", "--find-max", "--expect", "nothing"},
      {"load", "--target", "127.0.0.1:4000", "--loss", "1%"},
      {"load", "--target", "127.0.0.1:4000", "--step", "1s"},
      {"load", "--target", "127.0.0.1:4000", "--find-max", "--loss", "few"},
      {"load", "--target", "127.0.0.1:4000", "--find-max", "--loss", "100%"},
      {"load", "--target", "127.0.0.1:4000", "--find-max", "--p99", "5 parsecs"},
      {"load", "--target", "127.0.0.1:4000", "--find-max", "--p99", "0"},
  });
}

// As "$RATE" is where nobody has set it. 0, or none, would be a guess.
TEST(CommandTest, AnEmptyValueIsNoValue) {
  for (const char* option : {"--clients", "--hz", "--duration", "--size", "--seed", "--csv",
                             "--html", "--json-file", "--source", "--session", "--part", "--ramp",
                             "--loss", "--step", "--wait", "--threads", "--join-rate"}) {
    expect_usage_errors({{"load", "--target", "127.0.0.1:4000", option, ""}});
  }
  expect_usage_errors({{"load", "--target", ""},
                       {"serve", "--mode", "echo", "--port", ""},
                       {"serve", "--mode", "echo", "--port", "0", "--pin", ""},
                       {"impair", "--target", "127.0.0.1:4000", "--port", ""},
                       {"impair", "--target", "127.0.0.1:4000", "--port", "0", "--loss", ""},
                       {"demo", "--clients", ""},
                       {"doctor", "--rate", ""},
                       {"report", ""},
                       {"load", "merge", ""}});
}

TEST(CommandTest, ACpuThatIsNotToBeHadIsTold) {
  const Result result = run({"serve", "--mode", "echo", "--port", "0", "--pin", "1023"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.error_output.find("--pin 1023: no worker can run there"), std::string::npos)
      << result.error_output;
}

TEST(CommandTest, APortInUseIsToldWithAWayOut) {
  CommandProcess first({"serve", "--mode", "echo", "--port", "0"});
  const std::string port = port_of(first);
  ASSERT_NE(port, "");
  const Result second = run({"serve", "--mode", "echo", "--port", port});
  EXPECT_EQ(second.status, 1);
  EXPECT_NE(second.error_output.find("--port 0"), std::string::npos) << second.error_output;
  const Result relay = run({"impair", "--target", "127.0.0.1:9", "--port", port});
  EXPECT_EQ(relay.status, 1);
  EXPECT_NE(relay.error_output.find("Choose another one"), std::string::npos) << relay.error_output;
}

TEST(CommandTest, ZerosInFrontOfANumberAreNoOctalNumber) {
  std::string port;
  {
    CommandProcess first({"serve", "--mode", "sink", "--port", "0"});
    port = port_of(first);
    ASSERT_NE(port, "");
  }
  CommandProcess server({"serve", "--mode", "echo", "--port", "0" + port, "--workers", "01"});
  EXPECT_EQ(port_of(server), port) << server.error_output();
  const Result load = run({"load", "--target", "127.0.0.1:0" + port, "--clients", "010", "--size",
                           "0100", "--duration", "0.1", "--json", kAnyMachine});
  EXPECT_EQ(load.status, 0) << load.error_output;
  const json report = json::parse(load.output, nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << load.output;
  EXPECT_EQ(report.at("clients"), 10);
  EXPECT_EQ(report.at("packet_bytes"), 100);
}

TEST(CommandTest, TheLargestLatencyBudgetIsTheEngines) {
  const Result result = run({"serve", "--mode", "sink", "--port", "0", "--duration", "0.01",
                             "--latency-budget", "100000"});
  EXPECT_EQ(result.status, 0) << result.error_output;
}

// The words are those of the reason, not of the most usual one.
TEST(CommandTest, AddressesThatCannotBeHadAreTold) {
  const Result listening =
      run({"serve", "--mode", "echo", "--port", "0", "--address", "192.0.2.1"});
  EXPECT_EQ(listening.status, 1);
  EXPECT_NE(listening.error_output.find("no such address"), std::string::npos)
      << listening.error_output;
  const Result sending = run({"load", "--target", "255.255.255.255:4000", "--duration", "0.1"});
  EXPECT_EQ(sending.status, 1);
  EXPECT_NE(sending.error_output.find("broadcast"), std::string::npos) << sending.error_output;
}

TEST(CommandTest, ATargetWithoutAServerIsTold) {
  // A port that was free a moment ago.
  std::string port;
  {
    CommandProcess server({"serve", "--mode", "echo", "--port", "0"});
    port = port_of(server);
    server.send_signal(SIGTERM);
    ASSERT_EQ(server.finish(kPatience), 0);
  }
  const Result result = run({"load", "--target", "127.0.0.1:" + port, "--duration", "0.3"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.error_output.find("ringpeer serve"), std::string::npos) << result.error_output;
}

}  // namespace
}  // namespace ringpeer::tools
