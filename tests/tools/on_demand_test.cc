// Reports of runs that go on: SIGUSR1 has the command tell what it has done so far, and ends
// nothing.

#include <gtest/gtest.h>
#include <signal.h>

#include <sstream>
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

std::string port_of(CommandProcess& process) {
  process.wait_for_error_text(" on port ", kPatience);
  process.wait_for_error_text("\n", kPatience);
  const std::string& said = process.error_output();
  const std::size_t at = said.find(" on port ");
  return at == std::string::npos ? "" : std::to_string(std::stoi(said.substr(at + 9)));
}

// The lines of JSON among what was said.
std::vector<json> interims_of(const CommandProcess& process) {
  std::istringstream lines(process.error_output());
  std::vector<json> interims;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('{')) interims.push_back(json::parse(line, nullptr, false));
  }
  return interims;
}

// Asks twice, and ends the run.
void expect_interims(CommandProcess& process, const std::string& definition, bool is_ended = true) {
  for (std::size_t asked = 1; asked <= 2; ++asked) {
    process.send_signal(SIGUSR1);
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (interims_of(process).size() < asked && std::chrono::steady_clock::now() < deadline) {
      // Reads what comes within a second.
      process.wait_for_error_text("words that nobody says", std::chrono::seconds(1));
    }
  }
  if (is_ended) process.send_signal(SIGTERM);
  EXPECT_EQ(process.finish(kPatience), 0) << process.error_output();
  const std::vector<json> interims = interims_of(process);
  ASSERT_EQ(interims.size(), 2U) << process.error_output();
  for (const json& interim : interims) {
    EXPECT_EQ(ReportSchema().complaint(definition, interim), "");
    EXPECT_EQ(interim.value("interim", false), true);
    EXPECT_TRUE(interim.at("ok").get<bool>());
  }
  EXPECT_GE(interims[1].at("duration_s").get<double>(), interims[0].at("duration_s").get<double>());
  const json report = json::parse(process.output(), nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << process.output();
  EXPECT_FALSE(report.contains("interim"));
}

TEST(OnDemandTest, ServerRelayAndClientsTellAndGoOn) {
  CommandProcess server({"serve", "--mode", "echo", "--port", "0", "--json"});
  CommandProcess relay(
      {"impair", "--target", "127.0.0.1:" + port_of(server), "--port", "0", "--json"});
  CommandProcess clients({"load", "--target", "127.0.0.1:" + port_of(relay), "--clients", "4",
                          "--threads", "2", "--duration", "600", "--json", "--allow-invalid"});
  ASSERT_TRUE(clients.wait_for_error_text(" clients, sent ", kPatience));
  expect_interims(clients, "load");
  expect_interims(relay, "impair");
  expect_interims(server, "serve");
  ASSERT_FALSE(HasFatalFailure());
  const json load = interims_of(clients).back();
  const json end = json::parse(clients.output());
  EXPECT_GT(load.at("sent"), 0);
  EXPECT_LE(load.at("sent"), end.at("sent"));
  EXPECT_LE(load.at("answered"), end.at("answered"));
  EXPECT_TRUE(load.at("lost").is_null());
  EXPECT_EQ(end.at("lost"), 0);
}

// Generators that have ended their part of a step have handed over all that they know.
TEST(OnDemandTest, StepsTellToo) {
  CommandProcess server({"serve", "--mode", "echo", "--port", "0"});
  CommandProcess clients({"load", "--target", "127.0.0.1:" + port_of(server), "--clients", "4",
                          "--threads", "2", "--ramp", "40..400", "--steps", "8", "--step", "0.5s",
                          "--json", "--allow-invalid"});
  ASSERT_TRUE(clients.wait_for_error_text(" clients, sent ", kPatience));
  expect_interims(clients, "load", false);
}

TEST(OnDemandTest, TheDemoTellsOfItsLoad) {
  CommandProcess demo({"demo", "--clients", "4", "--duration", "600", "--json"});
  ASSERT_TRUE(demo.wait_for_error_text("players for", kPatience));
  expect_interims(demo, "load");
}

TEST(OnDemandTest, TextIsLinesLikeAllOthers) {
  CommandProcess server({"serve", "--mode", "echo", "--port", "0"});
  ASSERT_NE(port_of(server), "");
  server.send_signal(SIGUSR1);
  EXPECT_TRUE(server.wait_for_error_text("processor time stolen", kPatience));
  server.send_signal(SIGTERM);
  EXPECT_EQ(server.finish(kPatience), 0);
  EXPECT_NE(server.error_output().find("ringpeer: so far: echo on port"), std::string::npos);
  std::istringstream lines(server.error_output());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.starts_with("ringpeer: ")) << line;
  }
  EXPECT_EQ(server.output().find("so far"), std::string::npos);
}

TEST(OnDemandTest, WhatIsIgnoredAtTheStartStaysIgnored) {
  CommandProcess server({"serve", "--mode", "sink", "--port", "0", "--json"},
                        [] { signal(SIGUSR1, SIG_IGN); });
  ASSERT_NE(port_of(server), "");
  server.send_signal(SIGUSR1);
  server.send_signal(SIGTERM);
  EXPECT_EQ(server.finish(kPatience), 0);
  EXPECT_TRUE(interims_of(server).empty());
}

}  // namespace
}  // namespace ringpeer::tools
