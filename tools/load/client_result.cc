#include "ringpeer/tools/load/client_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace ringpeer::tools {
namespace {

double microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

}  // namespace

ClientResult result_of(const LoadClient& account, const LoadClient& known,
                       const SparseHistogram& round_trips) {
  ClientResult result{
      .id = account.id(),
      .sent = account.packets_sent(),
      .answered = known.snapshots() > 0 ? known.inputs_received() : account.echoes(),
      .late = account.late(),
      .repeated = account.repeated(),
      .corrupted = account.corrupted(),
      .round_trips = std::nullopt};
  if (round_trips.count() == 0) return result;
  result.round_trips = {.p50 = round_trips.percentile(0.5),
                        .p99 = round_trips.percentile(0.99),
                        .max = round_trips.max()};
  return result;
}

double most_client_results(const LoadOptions& options, double seconds) {
  const double clients = clients_of_part(options);
  // Those of the start leave one after the other, and so one more of each place.
  return options.session_seconds ? clients * (std::ceil(seconds / *options.session_seconds) + 1)
                                 : clients;
}

std::string clients_to_csv(const LoadOptions& options, std::vector<ClientResult> results) {
  std::sort(results.begin(), results.end(),
            [](const ClientResult& a, const ClientResult& b) { return a.id < b.id; });
  // Answers that name no packet are of none of those sent.
  const bool is_accounted = options.expect != ExpectedReply::kNothing && !options.counts_replies();
  std::string text =
      "client,target,sent,answered,lost,late,repeated,corrupted,p50_us,p99_us,max_us\r\n";
  auto out = std::back_inserter(text);
  for (const ClientResult& client : results) {
    fmt::format_to(out, "{},{},{},", client.id,
                   options.targets[client.id % options.targets.size()].to_string(), client.sent);
    if (is_accounted) {
      fmt::format_to(out, "{},{},{},{},{},", client.answered,
                     client.sent - std::min(client.sent, client.answered), client.late,
                     client.repeated, client.corrupted);
    } else {
      text += ",,,,,";
    }
    if (client.round_trips) {
      const ClientResult::RoundTrips& times = *client.round_trips;
      fmt::format_to(out, "{},{},{}\r\n", microseconds(times.p50), microseconds(times.p99),
                     microseconds(times.max));
    } else {
      text += ",,\r\n";
    }
  }
  return text;
}

}  // namespace ringpeer::tools
