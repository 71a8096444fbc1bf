#include "ringpeer/tests/soak/relayed_account.h"

#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <initializer_list>
#include <stdexcept>
#include <utility>
#include <vector>

#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer::soak {
namespace {

using nlohmann::json;
using tools::CommandProcess;
using Words = std::vector<std::string>;

constexpr std::chrono::seconds kPatience{30};
// For load's last answers, and a machine that is busy.
constexpr std::chrono::seconds kRest{120};
// Of a client's link, what is asked for of it: so a part is refused by it, on the way to the
// server.
constexpr double kShareOfLink = 0.95;
constexpr double kBitsOfPacket = (64 + 28) * 8;

// Between two reads of a pipe the port may be cut in half: the text behind it has been seen.
int port_of(const CommandProcess& process) {
  const std::string before = " on port ";
  const std::size_t at = process.error_output().find(before);
  return at == std::string::npos ? 0
                                 : std::atoi(process.error_output().c_str() + at + before.size());
}

void await(CommandProcess* process, const std::string& text) {
  if (process->wait_for_error_text(text, kPatience)) return;
  throw std::runtime_error("a process does not start: " + process->error_output());
}

json report_of(CommandProcess* process, std::chrono::seconds patience) {
  const int status = process->finish(patience);
  json report = json::parse(process->output(), nullptr, false);
  if (report.is_discarded()) {
    throw std::runtime_error(fmt::format("a process ends with status {} and without a report: {}",
                                         status, process->error_output()));
  }
  return report;
}

json end(CommandProcess* process) {
  process->send_signal(SIGINT);
  return report_of(process, kPatience);
}

std::uint64_t sum(const json& object, std::initializer_list<const char*> fields) {
  std::uint64_t total = 0;
  for (const char* field : fields) {
    const json& value = object.at(json::json_pointer(std::string("/") + field));
    total += value.is_null() ? 0 : value.get<std::uint64_t>();
  }
  return total;
}

// What the server received and did not send back, with its reasons.
std::uint64_t not_sent(const json& serve) {
  std::uint64_t total =
      sum(serve, {"service/malformed", "service/own", "service/empty", "service/replies_refused",
                  "counters/send_failed_queue_full", "counters/send_failed_refused",
                  "counters/send_failed_unverified", "counters/send_failed_other",
                  "counters/send_failed_closed"});
  for (const auto& [reason, packets] : serve.at("drops").items()) {
    total += packets.get<std::uint64_t>();
  }
  return total;
}

Words words_of_relay(const RelayedRun& run, int server_port) {
  const double rate_of_client = run.packets_per_second / run.clients;
  return {"impair",
          "--port",
          "0",
          "--address",
          "127.0.0.1",
          "--target",
          fmt::format("127.0.0.1:{}", server_port),
          "--loss",
          "3/2",
          "--burst",
          "3/",
          "--delay",
          "5",
          "--jitter",
          "4",
          "--duplicate",
          "2/3",
          "--reorder",
          "2",
          "--truncate",
          "5/2",
          "--corrupt",
          "1",
          "--rate",
          fmt::format("{:.0f}/", std::ceil(rate_of_client * kBitsOfPacket * kShareOfLink / 1000)),
          "--queue",
          "10",
          "--seed",
          std::to_string(run.seed),
          "--json"};
}

}  // namespace

RelayedReports run_relayed(const RelayedRun& run) {
  CommandProcess server(
      {"serve", "--mode", "echo", "--port", "0", "--address", "127.0.0.1", "--json"});
  await(&server, ", backend ");
  CommandProcess relay(words_of_relay(run, port_of(server)));
  await(&relay, ", seed ");
  // Half a packet less, so that no rounding makes it one more.
  const double seconds = (static_cast<double>(run.packets) - 0.5) / run.packets_per_second;
  CommandProcess load({"load", "--target", fmt::format("127.0.0.1:{}", port_of(relay)), "--clients",
                       std::to_string(run.clients), "--hz",
                       std::to_string(run.packets_per_second / run.clients), "--duration",
                       std::to_string(seconds), "--allow-invalid", "--json"});
  RelayedReports reports;
  reports.load = report_of(&load, std::chrono::seconds(std::lround(seconds)) + kRest);
  reports.impair = end(&relay);
  reports.serve = end(&server);
  return reports;
}

void compare(const RelayedReports& reports, Balance* balance) {
  const json& load = reports.load;
  const json& serve = reports.serve;
  const json& out = reports.impair.at("to_server");
  const json& in = reports.impair.at("to_client");
  balance->expect_equal("load sent = arrived at impair + kernel drops", sum(load, {"sent"}),
                        sum(out, {"arrived", "kernel_drops"}));
  for (const auto& [name, way] : {std::pair("to the server", &out), {"to the client", &in}}) {
    balance->expect_equal(
        fmt::format("impair, {}: out = in + copies - lost - over the rate - refused", name),
        sum(*way, {"forwarded", "lost", "queue_full", "relay_full", "send_failed"}),
        sum(*way, {"arrived", "duplicated"}));
    balance->expect_equal(fmt::format("impair, {}: nothing still waits", name), 0,
                          sum(*way, {"waiting"}));
  }
  balance->expect_equal("impair sent = serve received + kernel drops", sum(out, {"forwarded"}),
                        sum(serve, {"received", "kernel_drops"}));
  balance->expect_equal("serve received = serve sent + not sent", sum(serve, {"received"}),
                        sum(serve, {"sent"}) + not_sent(serve));
  balance->expect_equal("serve sent = arrived at impair + kernel drops", sum(serve, {"sent"}),
                        sum(in, {"arrived", "kernel_drops"}));
  balance->expect_equal("impair sent = load received + kernel drops", sum(in, {"forwarded"}),
                        sum(load, {"received", "kernel_drops/clients"}));
  balance->expect_equal("load received = answered + repeated + corrupted + foreign",
                        sum(load, {"received"}),
                        sum(load, {"answered", "repeated", "corrupted", "foreign"}));
}

std::string to_text(const RelayedReports& reports) {
  const auto number = [](const json& object, const char* field) { return sum(object, {field}); };
  std::string text = fmt::format("load     sent {} of {} that were due, in {:.1f} s\n",
                                 number(reports.load, "sent"),
                                 sum(reports.load, {"sent", "send_missed", "send_refused"}),
                                 reports.load.at("duration_s").get<double>());
  const auto add_way = [&](const char* name, const json& way) {
    text += fmt::format(
        "{}  {} in, {} copies, {} lost, {} over the rate, {} out; {} truncated, {} corrupted, {} "
        "reordered; {} dropped by the kernel before\n",
        name, number(way, "arrived"), number(way, "duplicated"), number(way, "lost"),
        number(way, "queue_full"), number(way, "forwarded"), number(way, "truncated"),
        number(way, "corrupted"), number(way, "reordered"), number(way, "kernel_drops"));
  };
  add_way("impair >", reports.impair.at("to_server"));
  text += fmt::format(
      "serve    received {}, sent {}, did not send {}; {} dropped by the kernel before\n",
      number(reports.serve, "received"), number(reports.serve, "sent"), not_sent(reports.serve),
      number(reports.serve, "kernel_drops"));
  add_way("impair <", reports.impair.at("to_client"));
  return text + fmt::format(
                    "load     received {}: {} answered, {} repeated, {} corrupted, {} foreign; {} "
                    "dropped by the kernel before\n",
                    number(reports.load, "received"), number(reports.load, "answered"),
                    number(reports.load, "repeated"), number(reports.load, "corrupted"),
                    number(reports.load, "foreign"), number(reports.load, "kernel_drops/clients"));
}

}  // namespace ringpeer::soak
