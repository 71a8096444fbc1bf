#include "ringpeer/bench/overload/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "ringpeer/tools/command/report_format.h"

namespace ringpeer::bench {
namespace {

using Json = nlohmann::ordered_json;

const char* verdict_of(const OverloadResult& result) {
  if (result.is_kept()) return "kept";
  return result.may_count() ? "missed" : "does not count";
}

Json to_json(const OverloadRound& round) {
  Json json = {{"loop", round.loop},
               {"backend", round.backend},
               {"workers", round.workers},
               {"work_us", round.work_us}};
  const OverloadResult& result = round.result;
  if (!result.error.empty()) {
    json["error"] = result.error;
    return json;
  }
  json["measured"] = {
      {"verdict", verdict_of(result)},
      {"ticks", result.ticks},
      {"longest_tick_ms", result.longest_tick_ms},
      {"most_ticks_late", result.most_ticks_late},
      {"flood_sent", result.flood_sent},
      {"flood_taken", result.flood_taken},
      {"quiet_sent", result.quiet_sent},
      {"quiet_taken", result.quiet_taken},
      {"kernel_drops", result.kernel_drops},
      {"others_drops", result.others_drops},
      {"steal_percent",
       result.steal_percent.has_value() ? Json(*result.steal_percent) : Json(nullptr)}};
  return json;
}

}  // namespace

bool OverloadReport::is_good() const {
  return std::ranges::all_of(rounds, [](const auto& round) { return round.result.is_good(); });
}

Json to_json(const OverloadReport& report) {
  Json rounds = Json::array();
  for (const OverloadRound& round : report.rounds) rounds.push_back(to_json(round));
  return {{"schema", tools::kReportSchema},
          {"command", "bench overload"},
          {"seconds", report.seconds},
          {"promised",
           {{"longest_tick_ms", kMaxTickMs},
            {"most_ticks_late", kMaxTicksLate},
            {"steal_percent", kMaxStealPercent}}},
          {"rounds", rounds},
          {"ok", report.is_good()}};
}

std::string overload_table_head() {
  return fmt::format("{:<8} {:<21} {:>4} {:>6} {:>10} {:>11} {:>11} {:>14} {:>5} {:>8} {:>6}\n",
                     "loop", "engine", "us", "ticks", "longest ms", "flood sent", "flood taken",
                     "quiet taken", "late", "dropped", "steal");
}

std::string to_row(const OverloadRound& round) {
  const OverloadResult& result = round.result;
  const std::string engine = round.backend + (round.workers == 0 ? ", no threads" : "");
  if (!result.error.empty()) {
    return fmt::format("{:<8} {:<21} {:>4} not measured: {}\n", round.loop, engine, round.work_us,
                       result.error);
  }
  return fmt::format(
      "{:<8} {:<21} {:>4} {:>6} {:>10.1f} {:>11} {:>11} {:>6} of {:>4} {:>5} {:>8} {:>6}  {}\n",
      round.loop, engine, round.work_us, result.ticks, result.longest_tick_ms, result.flood_sent,
      result.flood_taken, result.quiet_taken, result.quiet_sent, result.most_ticks_late,
      result.others_drops,
      result.steal_percent ? fmt::format("{:.1f}%", *result.steal_percent) : "unknown",
      verdict_of(result));
}

}  // namespace ringpeer::bench
