#include "ringpeer/tools/load/load_merge.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/command/report_format.h"
#include "ringpeer/tools/load/cookie_report.h"
#include "ringpeer/tools/load/impairment_report.h"
#include "ringpeer/tools/load/load_report.h"
#include "ringpeer/tools/load/load_series.h"
#include "ringpeer/tools/load/merge_complaints.h"
#include "ringpeer/tools/load/reply_account.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;
using Parts = std::vector<ordered_json>;
using Pointer = ordered_json::json_pointer;

// Parts that start further apart, or by more than this share of the run, were not one load.
constexpr double kMaxStartApart = 2;
constexpr double kMaxStartShare = 0.1;

// ---- Fields -------------------------------------------------------------------

// Null when one of them is.
ordered_json sum_of(const Parts& parts, const char* field) {
  std::uint64_t sum = 0;
  for (const ordered_json& part : parts) {
    const ordered_json& value = part.at(Pointer(field));
    if (value.is_null()) return nullptr;
    sum += value.get<std::uint64_t>();
  }
  return sum;
}

// Of those that are not null.
ordered_json largest_of(const Parts& parts, const char* field) {
  ordered_json largest;
  for (const ordered_json& part : parts) {
    const ordered_json& value = part.at(Pointer(field));
    if (largest.is_null() || (!value.is_null() && largest < value)) largest = value;
  }
  return largest;
}

std::uint64_t count_of(const ordered_json& count) {
  return count.is_null() ? 0 : count.get<std::uint64_t>();
}

std::vector<LatencyHistogram::Bucket> buckets_of(const ordered_json& list) {
  std::vector<LatencyHistogram::Bucket> buckets;
  for (const ordered_json& pair : list) {
    buckets.push_back({pair.at(0).get<std::uint64_t>(), pair.at(1).get<std::uint64_t>()});
  }
  return buckets;
}

std::chrono::nanoseconds nanoseconds_of(const ordered_json& microseconds) {
  constexpr double kMaxMicroseconds = 1e12;  // eleven days
  const double value = microseconds.is_null() ? 0 : microseconds.get<double>();
  return std::chrono::nanoseconds(std::llround(std::clamp(value, 0.0, kMaxMicroseconds) * 1e3));
}

// Writes the sum of a histogram and of the figures that are made of it.
void merge_histogram(const Parts& parts, const char* figures, const char* histogram,
                     ordered_json* merged) {
  LatencyHistogram sum;
  for (const ordered_json& part : parts) {
    const ordered_json& of = part.at(Pointer(figures));
    const double mean = of.at("mean").is_null() ? 0 : of.at("mean").get<double>() * 1e3;
    if (!sum.merge(buckets_of(part.at("histograms").at(histogram)), nanoseconds_of(of.at("min")),
                   nanoseconds_of(of.at("max")), mean)) {
      throw std::runtime_error(fmt::format("histograms.{} has edges of no bucket", histogram));
    }
  }
  (*merged)[Pointer(figures)] = latency_to_json(sum);
  ordered_json list = ordered_json::array();
  for (const auto& bucket : sum.buckets()) list.push_back({bucket.upper_edge, bucket.count});
  (*merged)["histograms"][histogram] = std::move(list);
}

// The items of all parts' lists, those with the same key as one: the first of them, with the sums
// of the fields, which each has, and of those that some may have.
ordered_json sums_by(const Parts& parts, const char* list, const char* key,
                     std::initializer_list<const char*> fields,
                     std::initializer_list<const char*> optional_fields = {}) {
  std::map<std::string, ordered_json> by_key;
  for (const ordered_json& part : parts) {
    if (!part.contains(list)) continue;
    for (const ordered_json& each : part.at(list)) {
      const auto [known, is_new] = by_key.try_emplace(each.at(key), each);
      if (is_new) continue;
      ordered_json& sum = known->second;
      const auto add = [&](const char* field) {
        sum[field] = count_of(sum.at(field)) + count_of(each.at(field));
      };
      for (const char* field : fields) add(field);
      for (const char* field : optional_fields) {
        if (sum.contains(field) && each.contains(field)) add(field);
      }
    }
  }
  ordered_json sums = ordered_json::array();
  for (auto& [value, sum] : by_key) sums.push_back(std::move(sum));
  return sums;
}

ordered_json merge_points(const Parts& parts, std::size_t index) {
  ordered_json sum;
  SparseHistogram times;
  for (const ordered_json& part : parts) {
    const ordered_json& points = part.at("series").at("points");
    if (index >= points.size()) continue;
    const ordered_json& point = points.at(index);
    if (!times.merge(buckets_of(point.at("rtt_ns")), nanoseconds_of(point.at("max_us")))) {
      throw std::runtime_error("series.points.rtt_ns has edges of no bucket");
    }
    const bool is_first = sum.is_null();
    if (is_first) sum = point;
    for (const char* field : {"sent", "received", "answered", "send_missed", "clients"}) {
      const auto count = point.at(field).get<std::uint64_t>();
      sum[field] = is_first ? count : sum[field].get<std::uint64_t>() + count;
    }
    if (is_first) continue;
    const bool unknown = sum.at("lost").is_null() || point.at("lost").is_null();
    sum["lost"] = unknown ? ordered_json(nullptr)
                          : ordered_json(count_of(sum.at("lost")) + count_of(point.at("lost")));
  }
  const auto time = [&times](std::chrono::nanoseconds value) {
    return times.count() == 0 ? ordered_json(nullptr)
                              : ordered_json(static_cast<double>(value.count()) / 1e3);
  };
  sum["p50_us"] = time(times.percentile(0.5));
  sum["p99_us"] = time(times.percentile(0.99));
  sum["max_us"] = time(times.max());
  sum.erase("rtt_ns");
  return sum;
}

void merge_series(const Parts& parts, ordered_json* merged) {
  std::size_t length = 0;
  for (const ordered_json& part : parts) {
    length = std::max(length, part.at("series").at("points").size());
  }
  ordered_json points = ordered_json::array();
  for (std::size_t i = 0; i < std::min(length, LoadSeries::kMaxPoints); ++i) {
    points.push_back(merge_points(parts, i));
  }
  (*merged)["series"]["points"] = std::move(points);
}

// ---- The whole ----------------------------------------------------------------

void merge_counts(const Parts& parts, ordered_json* merged) {
  for (const char* field : {"/clients", "/sent", "/send_refused", "/send_missed", "/received",
                            "/answered", "/late", "/repeated", "/corrupted", "/damaged", "/foreign",
                            "/connection_refused", "/kernel_drops/clients", "/joins/count",
                            "/joins/answered", "/joins/failed", "/parts", "/generator/threads"}) {
    (*merged)[Pointer(field)] = sum_of(parts, field);
  }
  // Each part that sees the server's socket sees the drops of all.
  for (const char* field : {"/kernel_drops/server", "/packet_bytes", "/duration_s", "/server",
                            "/stopped_by_signal", "/steal_percent", "/generator/cpu_percent"}) {
    (*merged)[Pointer(field)] = largest_of(parts, field);
  }
  double cpu = 0;
  std::set<std::string> addresses;
  for (const ordered_json& part : parts) {
    cpu += part.at("cpu_s").get<double>();
    for (const ordered_json& address : part.at("addresses")) addresses.insert(address);
    if (part.contains("snapshots")) (*merged)["snapshots"] = part.at("snapshots");
  }
  (*merged)["send_errors"] = sums_by(parts, "send_errors", "error", {"count"});
  (*merged)["targets"] =
      sums_by(parts, "targets", "address", {"sent", "received"}, {"forwarded", "arrived"});
  (*merged)["cpu_s"] = cpu;
  (*merged)["addresses"] = addresses;
  (*merged)["part"] = {{"number", 1}, {"of", 1}};
}

void merge_snapshots(const Parts& parts, double seconds, ordered_json* merged) {
  if (!merged->contains("snapshots")) return;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  for (const ordered_json& part : parts) {
    if (!part.contains("snapshots")) continue;
    received += count_of(part.at("snapshots").at("received"));
    sent += count_of(part.at("snapshots").at("sent"));
  }
  (*merged)["snapshots"] = {
      {"received", received}, {"received_per_s", per_second(received, seconds)}, {"sent", sent}};
}

void merge_replies(const Parts& parts, double seconds, ordered_json* merged) {
  if (!merged->contains("replies")) return;
  const std::uint64_t received = count_of(sum_of(parts, "/replies/received"));
  const std::uint64_t expected = count_of(sum_of(parts, "/replies/expected"));
  (*merged)["replies"] = replies_to_json(received, expected, seconds);
}

void merge_impairments(const Parts& parts, ordered_json* merged) {
  std::vector<ordered_json> impairments;
  for (const ordered_json& part : parts) impairments.push_back(part.at("impairment"));
  (*merged)["impairment"] = sum_of_impairments(impairments);
  if ((*merged)["impairment"].is_null()) return;
  merge_histogram(parts, "/impairment/to_server/added_delay_us", "delay_to_server_ns", merged);
  merge_histogram(parts, "/impairment/to_client/added_delay_us", "delay_to_client_ns", merged);
}

// The sums as one generator would have counted them, so that one account serves both.
LoadReport counted(const ordered_json& m) {
  LoadReport report;
  report.sent = count_of(m["sent"]);
  report.damaged = count_of(m["damaged"]);
  report.connection_refused = count_of(m["connection_refused"]);
  report.server_kernel_drops = count_of(m["kernel_drops"]["server"]);
  report.client_kernel_drops = count_of(m["kernel_drops"]["clients"]);
  if (m.contains("snapshots")) {
    report.inputs_received = count_of(m["answered"]);
    report.snapshots = count_of(m["snapshots"]["received"]);
    report.snapshots_announced = count_of(m["snapshots"]["sent"]);
  } else {
    report.echoes = count_of(m["answered"]);
  }
  if (m["impairment"].is_null()) return report;
  report.impairment = impairment_from_json(m["impairment"]);
  report.delayed_sends_refused = report.impairment->of(Direction::kToServer).send_failed;
  return report;
}

// What follows from the sums.
void derive(ordered_json* merged) {
  ordered_json& m = *merged;
  const double seconds = m["duration_s"];
  m["sent_per_s"] = per_second(m["sent"], seconds);
  m["answered_per_s"] = per_second(m["answered"], seconds);
  if (m["server"] == "silent" || m.contains("replies")) return;
  const std::uint64_t sent = count_of(m["sent"]);
  m["unanswered"] = sent - std::min(sent, count_of(m["answered"]));
  const LoadReport sums = counted(m);
  const std::int64_t requests = sums.unaccounted_requests();
  const std::int64_t replies = sums.unaccounted_replies();
  m["lost"] = std::max<std::int64_t>(0, requests);
  m["unaccounted"] = std::abs(requests) + std::abs(replies);
  if (sums.impairment) m["impairment"]["unanswered"] = sums.unanswered_by_impairment();
}

std::optional<double> late_percent_of(const Parts& parts) {
  double late = 0;
  double due = 0;
  for (const ordered_json& part : parts) {
    const ordered_json& percent = part.at("generator").at("late_percent");
    if (percent.is_null()) continue;
    const auto packets =
        static_cast<double>(count_of(part.at("sent")) + count_of(part.at("send_refused")) +
                            count_of(part.at("send_missed")));
    late += percent.get<double>() * packets;
    due += packets;
  }
  if (due == 0) return std::nullopt;
  return late / due;
}

double seconds_apart(const Parts& parts) {
  std::optional<double> first;
  double last = 0;
  for (const ordered_json& part : parts) {
    tm time = {};
    const std::string text = part.at("started_at");
    if (strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time) == nullptr) continue;
    const auto seconds = static_cast<double>(timegm(&time));
    last = first ? std::max(last, seconds) : seconds;
    first = std::min(first.value_or(seconds), seconds);
  }
  return first ? last - *first : 0;
}

void merge_validity(const Parts& parts, ordered_json* merged) {
  ordered_json reasons = ordered_json::array();
  for (const ordered_json& part : parts) {
    for (const ordered_json& reason : part.at("invalid_because")) {
      reasons.push_back(fmt::format("part {}: {}", part.at("part").at("number").get<int>(),
                                    reason.get<std::string>()));
    }
  }
  const double apart = seconds_apart(parts);
  if (apart > std::max(kMaxStartApart, kMaxStartShare * (*merged)["duration_s"].get<double>())) {
    reasons.push_back(fmt::format(
        "the parts started {:.0f} s apart, so they were not one load: start them together", apart));
  }
  (*merged)["valid"] = reasons.empty();
  (*merged)["invalid_because"] = std::move(reasons);
}

// The address of a target that answered nothing. Reports of older programs do not say what an
// impairment let through.
std::string silent_target(const ordered_json& report) {
  for (const ordered_json& target : report.at("targets")) {
    const bool is_known = target.contains("forwarded") && target.contains("arrived");
    if (!is_known && !report.at("impairment").is_null()) continue;
    const TargetCounts counts = {.forwarded = count_of(target.at(is_known ? "forwarded" : "sent")),
                                 .arrived = count_of(target.at(is_known ? "arrived" : "received"))};
    if (counts.is_silent()) return printable_text(target.at("address").get<std::string>());
  }
  return "";
}

// Of one run broken_run() says it.
std::string judge_sending(const ordered_json& report) {
  if (report.at("sent") == 0) return "nothing was sent.";
  if (report.at("impairment").is_null()) return "";
  const ordered_json& out = report.at("impairment").at("to_server");
  if (out.at("forwarded") != 0 || out.at("send_failed") == 0) return "";
  return "nothing was sent: the kernel refused every packet.";
}

// What the servers did with what came to them, where answers are expected: as of one run.
std::string judge_answers(const ordered_json& report) {
  const bool counts_replies = report.contains("replies");
  const std::uint64_t expected = counts_replies ? count_of(report.at("replies").at("expected")) : 1;
  if (report.at("server") == "silent") return "";
  bool has_any = !report.at("server").is_null();
  if (!report.at("impairment").is_null()) {
    const ImpairmentAccount account = impairment_from_json(report.at("impairment"));
    for (const Direction way : kDirections) {
      if (account.of(way).unaccounted() == 0) continue;
      return "packets are unaccounted for within the impairment.";
    }
    // All is lost, as was asked for: there is nothing to be said of the server.
    if (account.of(Direction::kToServer).forwarded == 0) return "";
    has_any = account.of(Direction::kToClient).arrived > 0;
  }
  if (!has_any && expected > 0) return "no reply came.";
  if (std::string silent = silent_target(report); expected > 0 && !silent.empty()) {
    return fmt::format("no reply came from {}.", silent);
  }
  if (counts_replies) return judge_replies(count_of(report.at("replies").at("received")), expected);
  if (report.at("unaccounted").is_null() || report.at("unaccounted") == 0) return "";
  return fmt::format("{} packets are unaccounted for.",
                     report.at("unaccounted").get<std::int64_t>());
}

ordered_json merged_of(const Parts& parts) {
  ordered_json merged = parts.front();
  merge_counts(parts, &merged);
  merge_snapshots(parts, merged["duration_s"], &merged);
  merge_replies(parts, merged["duration_s"], &merged);
  merge_impairments(parts, &merged);
  merged["cookie"] = sum_of_cookies(parts);
  derive(&merged);
  merge_histogram(parts, "/rtt_us", "rtt_ns", &merged);
  merge_histogram(parts, "/rtt_uncorrected_us", "rtt_uncorrected_ns", &merged);
  merge_histogram(parts, "/generator/late_us", "late_ns", &merged);
  merge_histogram(parts, "/joins/rtt_us", "join_rtt_ns", &merged);
  merge_series(parts, &merged);
  merged["generator"]["late_percent"] = or_null(late_percent_of(parts));
  merge_validity(parts, &merged);
  merged["ok"] = judge_merged(merged).empty();
  return merged;
}

}  // namespace

MergedReport merge_load_reports(const Parts& parts) {
  MergedReport merged;
  try {
    merged.error = complaint_about_parts(parts);
    if (merged.error.empty()) merged.report = merged_of(parts);
  } catch (const ordered_json::exception& exception) {
    merged.error = fmt::format("the reports are damaged: {}.", exception.what());
  } catch (const std::runtime_error& exception) {
    merged.error = fmt::format("the reports are damaged: {}.", exception.what());
  }
  return merged;
}

std::string judge_merged(const ordered_json& report) {
  if (std::string bad = judge_sending(report); !bad.empty()) return bad;
  if (std::string bad = judge_answers(report); !bad.empty()) return bad;
  if (report.at("valid").get<bool>()) return "";
  std::string reasons;
  for (const ordered_json& reason : report.at("invalid_because")) {
    reasons += (reasons.empty() ? "" : "; ") + printable_text(reason.get<std::string>());
  }
  return "the run is not valid: " + reasons + ".";
}

}  // namespace ringpeer::tools
