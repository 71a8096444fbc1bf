// The account of `ringpeer load` on a network that is not perfect: what the relay lost is what is
// missing, and nothing is taken for something else.

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer::tools {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

constexpr std::chrono::seconds kPatience{60};

std::unique_ptr<CommandProcess> start(const Words& words) {
  auto process = std::make_unique<CommandProcess>(words);
  EXPECT_TRUE(process->wait_for_error_text(" on port ", kPatience)) << process->error_output();
  process->wait_for_error_text("\n", kPatience);
  return process;
}

std::string port_of(const CommandProcess& process) {
  const std::string& said = process.error_output();
  const std::size_t at = said.find(" on port ");
  return at == std::string::npos ? "" : std::to_string(std::stoi(said.substr(at + 9)));
}

std::unique_ptr<CommandProcess> serve(const std::string& mode, const std::string& port = "0") {
  return start({"serve", "--mode", mode, "--port", port, "--address", "127.0.0.1", "--json"});
}

json end(CommandProcess& process) {
  process.send_signal(SIGTERM);
  EXPECT_EQ(process.finish(kPatience), 0) << process.error_output();
  return json::parse(process.output(), nullptr, false);
}

Words load_words(const std::string& port, Words more) {
  more.insert(more.begin(), {"load", "--target", "127.0.0.1:" + port, "--json", "--allow-invalid"});
  return more;
}

json report_of(CommandProcess& clients) {
  clients.finish(kPatience);  // what is missing makes it 1
  json report = json::parse(clients.output(), nullptr, false);
  EXPECT_TRUE(report.is_object()) << clients.output() << clients.error_output();
  return report;
}

int number(const json& report, const char* pointer) {
  return report.at(json::json_pointer(pointer)).get<int>();
}

TEST(LoadNetworkTest, LossAndCopiesAreToldApart) {
  for (const std::string mode : {"echo", "arena"}) {
    SCOPED_TRACE(mode);
    const auto server = serve(mode);
    const auto relay =
        start({"impair", "--target", "127.0.0.1:" + port_of(*server), "--port", "0", "--address",
               "127.0.0.1", "--loss", "20", "--duplicate", "25", "--seed", "7", "--json"});
    CommandProcess clients(load_words(port_of(*relay), {"--payload", "var", "--clients", "10",
                                                        "--hz", "60", "--duration", "1.5"}));
    const json load = report_of(clients);
    const json network = end(*relay);
    const json served = end(*server);
    // What the relay lost, whichever way, is what nobody else explains.
    const int lost_there = number(network, "/to_server/lost");
    const int lost_back = number(network, "/to_client/lost");
    EXPECT_GT(number(network, "/to_server/duplicated"), 0);
    EXPECT_GT(number(load, "/repeated"), 0);
    if (mode == "arena") {
      EXPECT_EQ(number(load, "/lost"), lost_there);
      EXPECT_EQ(number(load, "/unaccounted"), lost_there + lost_back);
      EXPECT_EQ(number(load, "/answered"),
                number(served, "/service/taken") - number(served, "/service/repeated"));
    } else {
      // Of a request whose copy came through nothing is missing, and the same of an answer.
      EXPECT_EQ(number(load, "/answered") + number(load, "/lost"), number(load, "/sent"));
      EXPECT_EQ(number(load, "/received"), number(load, "/answered") + number(load, "/repeated"));
      EXPECT_LE(number(load, "/lost"), lost_there + lost_back);
    }
    EXPECT_EQ(number(load, "/foreign"), 0);
    EXPECT_EQ(number(load, "/corrupted"), 0);
  }
}

// What is sent while nobody listens is refused; both servers' packets count.
TEST(LoadNetworkTest, AServerThatStartsAgainIsTheSameTarget) {
  for (const std::string mode : {"echo", "arena"}) {
    SCOPED_TRACE(mode);
    auto server = serve(mode);
    const std::string port = port_of(*server);
    CommandProcess clients(load_words(
        port, {"--payload", "var", "--clients", "5", "--hz", "50", "--duration", "2.5"}));
    clients.wait_for_error_text("nothing that it says", std::chrono::seconds(1));
    const json first = end(*server);
    clients.wait_for_error_text("nothing that it says", std::chrono::seconds(1));
    server = serve(mode, port);
    const json load = report_of(clients);
    const json second = end(*server);
    EXPECT_GT(number(load, "/connection_refused"), 0);
    EXPECT_EQ(number(load, "/repeated"), 0);
    EXPECT_EQ(number(load, "/foreign"), 0);
    EXPECT_EQ(
        number(load, "/answered") + number(load, "/connection_refused") + number(load, "/lost"),
        number(load, "/sent"));
    // What lay in the first one's socket when it closed, at most.
    EXPECT_LE(number(load, "/lost"), 10);
    EXPECT_GT(number(second, "/received"), 0);
    if (mode == "arena") {
      EXPECT_EQ(number(load, "/snapshots/received"),
                number(first, "/sent") + number(second, "/sent"));
    }
  }
}

// A relay that forgets its clients gives them other ports, as a NAT does.
TEST(LoadNetworkTest, ClientsWhosePortChangesLoseNothing) {
  const auto server = serve("echo");
  const auto relay = start({"impair", "--target", "127.0.0.1:" + port_of(*server), "--port", "0",
                            "--address", "127.0.0.1", "--idle", "1", "--json"});
  CommandProcess clients(
      load_words(port_of(*relay), {"--clients", "2", "--hz", "0.4", "--duration", "7.5"}));
  const json load = report_of(clients);
  EXPECT_GT(number(end(*relay), "/clients"), 2);
  EXPECT_EQ(number(load, "/unaccounted"), 0);
  EXPECT_EQ(number(load, "/repeated"), 0);
  EXPECT_EQ(number(load, "/answered"), number(load, "/sent"));
}

// Longer than what the round trips suggest, and no longer than told.
TEST(LoadNetworkTest, RepliesAreWaitedForAsLongAsIsAskedFor) {
  const auto server = serve("echo");
  const auto relay = start({"impair", "--target", "127.0.0.1:" + port_of(*server), "--port", "0",
                            "--address", "127.0.0.1", "--delay", "/6500", "--json"});
  const Words plan = {"--clients", "2", "--hz", "4", "--duration", "0.5"};
  Words patient = plan;
  patient.insert(patient.end(), {"--wait", "15s"});
  CommandProcess waits(load_words(port_of(*relay), patient));
  const json answered = report_of(waits);
  EXPECT_EQ(number(answered, "/answered"), number(answered, "/sent"));
  Words hasty = plan;
  hasty.insert(hasty.end(), {"--wait", "100ms"});
  const auto begin = std::chrono::steady_clock::now();
  CommandProcess ends(load_words(port_of(*relay), hasty));
  const json missing = report_of(ends);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_EQ(number(missing, "/answered"), 0);
}

}  // namespace
}  // namespace ringpeer::tools
