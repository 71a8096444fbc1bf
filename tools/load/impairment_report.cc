#include "ringpeer/tools/load/impairment_report.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "ringpeer/tools/command/report_format.h"
#include "ringpeer/tools/impairment/impairment_options.h"
#include "ringpeer/tools/load/server_drops.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

constexpr double kPercent = 100;
constexpr double kKilobit = 1000;

// Their names in a report. What follows from others is not among them.
constexpr std::pair<const char*, std::uint64_t ImpairCounts::*> kCounts[] = {
    {"arrived", &ImpairCounts::arrived},         {"duplicated", &ImpairCounts::duplicated},
    {"forwarded", &ImpairCounts::forwarded},     {"lost", &ImpairCounts::lost},
    {"queue_full", &ImpairCounts::queue_full},   {"relay_full", &ImpairCounts::relay_full},
    {"send_failed", &ImpairCounts::send_failed}, {"waiting", &ImpairCounts::waiting},
    {"reordered", &ImpairCounts::reordered},     {"truncated", &ImpairCounts::truncated},
    {"corrupted", &ImpairCounts::corrupted},
};

constexpr std::pair<const char*, std::uint64_t ImpairmentAccount::*> kSeenBeyond[] = {
    {"requests", &ImpairmentAccount::requests},
    {"damaged", &ImpairmentAccount::damaged},
    {"answered", &ImpairmentAccount::answered},
    {"answered_damaged", &ImpairmentAccount::answered_damaged},
    {"repeated", &ImpairmentAccount::repeated},
    {"corrupted", &ImpairmentAccount::corrupted},
    {"foreign", &ImpairmentAccount::foreign},
    {"inputs", &ImpairmentAccount::inputs},
    {"snapshots", &ImpairmentAccount::snapshots},
    {"snapshots_sent", &ImpairmentAccount::snapshots_announced},
};

constexpr std::array<const char*, kDirections.size()> kWays = {"to_server", "to_client"};

double milliseconds_of(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

// As they were written on the command line.
ordered_json asked_to_json(const Impairment& asked) {
  const auto unless_0 = [](double value) {
    return value > 0 ? ordered_json(value) : ordered_json(nullptr);
  };
  return {{"loss_percent", asked.loss * kPercent},
          {"burst", unless_0(asked.burst)},
          {"delay_ms", milliseconds_of(asked.delay)},
          {"jitter_ms", milliseconds_of(asked.jitter)},
          {"duplicate_percent", asked.duplicate * kPercent},
          {"reorder_percent", asked.reorder * kPercent},
          {"truncate_percent", asked.truncate * kPercent},
          {"corrupt_percent", asked.corrupt * kPercent},
          {"rate_kbit_s", unless_0(asked.bits_per_second / kKilobit)},
          {"queue", asked.queue},
          {"distribution", name_of(asked.shape)},
          {"keep_order", asked.keep_order}};
}

ordered_json way_to_json(const Impairment& asked, const ImpairCounts& counts) {
  ordered_json json = {{"asked", asked_to_json(asked)}};
  for (const auto& [name, count] : kCounts) json[name] = counts.*count;
  json["unaccounted"] = counts.unaccounted();
  json["added_delay_us"] = latency_to_json(counts.added_delay);
  return json;
}

std::string delay_text(const ordered_json& delay) {
  if (delay["count"] == 0) return "unknown: nothing went on";
  const auto text = [&](const char* name) {
    return number_text(delay[name].get<double>() / 1e3, 1);
  };
  return fmt::format("{}, {}, {} ms", text("p50"), text("p99"), text("max"));
}

}  // namespace

ordered_json impairment_to_json(const LoadOptions& options, const LoadReport& report) {
  if (!report.impairment) return nullptr;
  ordered_json json = {{"seed", options.seed}};
  for (std::size_t i = 0; i < kWays.size(); ++i) {
    json[kWays[i]] =
        way_to_json(options.impairment.impairments[i], report.impairment->of(kDirections[i]));
  }
  for (const auto& [name, count] : kSeenBeyond) json["beyond"][name] = (*report.impairment).*count;
  const bool is_known = options.expect != ExpectedReply::kNothing && !report.is_interim &&
                        owns_server_drops(options, report);
  json["unanswered"] =
      is_known ? ordered_json(report.unanswered_by_impairment()) : ordered_json(nullptr);
  return json;
}

ImpairmentAccount impairment_from_json(const ordered_json& impairment) {
  ImpairmentAccount account;
  for (std::size_t i = 0; i < kWays.size(); ++i) {
    const ordered_json& way = impairment.at(kWays[i]);
    for (const auto& [name, count] : kCounts) {
      account.counts[i].*count = way.at(name).get<std::uint64_t>();
    }
  }
  for (const auto& [name, count] : kSeenBeyond) {
    account.*count = impairment.at("beyond").at(name).get<std::uint64_t>();
  }
  return account;
}

ordered_json sum_of_impairments(const std::vector<ordered_json>& impairments) {
  ordered_json sum = impairments.front();
  if (sum.is_null()) return sum;
  ImpairmentAccount account;
  for (const ordered_json& each : impairments) account.add(impairment_from_json(each));
  for (std::size_t i = 0; i < kWays.size(); ++i) {
    ordered_json& way = sum.at(kWays[i]);
    for (const auto& [name, count] : kCounts) way[name] = account.counts[i].*count;
    way["unaccounted"] = account.counts[i].unaccounted();
  }
  for (const auto& [name, count] : kSeenBeyond) sum.at("beyond")[name] = account.*count;
  return sum;
}

void add_impairment_rows(const ordered_json& impairment, TextTable* table) {
  if (impairment.is_null()) return;
  table->add("impaired with the seed", std::to_string(impairment["seed"].get<std::uint64_t>()));
  for (const auto& [name, words] :
       {std::pair("to_server", "to the server"), {"to_client", "to the clients"}}) {
    const ordered_json& way = impairment[name];
    const auto text = [&](const char* count) { return count_text(way[count]); };
    table->add(fmt::format("{}: in, copies, out", words),
               fmt::format("{}, {}, {}", text("arrived"), text("duplicated"), text("forwarded")));
    table->add("  lost, over the rate, over the memory",
               fmt::format("{}, {}, {}", text("lost"), text("queue_full"), text("relay_full")));
    table->add(
        "  not sent, still waiting, unaccounted for",
        fmt::format("{}, {}, {}", text("send_failed"), text("waiting"), text("unaccounted")));
    table->add("  reordered, truncated, corrupted",
               fmt::format("{}, {}, {}", text("reordered"), text("truncated"), text("corrupted")));
    table->add("  added delay p50, p99, max", delay_text(way["added_delay_us"]));
  }
  if (!impairment["unanswered"].is_null()) {
    table->add("not answered because of it", count_text(impairment["unanswered"]));
  }
}

}  // namespace ringpeer::tools
