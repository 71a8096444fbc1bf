#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "ringpeer/tools/command/error_text.h"
#include "ringpeer/tools/command/report_format.h"
#include "ringpeer/tools/command/version.h"
#include "ringpeer/tools/load/cookie_report.h"
#include "ringpeer/tools/load/impairment_report.h"
#include "ringpeer/tools/load/load_report.h"
#include "ringpeer/tools/load/load_validity.h"
#include "ringpeer/tools/load/server_drops.h"
#include "ringpeer/tools/load/varying_field.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

double to_microseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e3;
}

// In microseconds; of nothing recorded null.
template <typename Histogram>
ordered_json microseconds_of(const Histogram& latency, std::chrono::nanoseconds duration) {
  return latency.count() > 0 ? ordered_json(to_microseconds(duration)) : ordered_json(nullptr);
}

ordered_json buckets_to_json(const std::vector<LatencyHistogram::Bucket>& buckets) {
  ordered_json list = ordered_json::array();
  for (const auto& bucket : buckets) list.push_back({bucket.upper_edge, bucket.count});
  return list;
}

const char* server_kind(const LoadOptions& options, const LoadReport& report) {
  if (options.expect == ExpectedReply::kNothing) return "silent";
  if (report.is_arena()) return "arena";
  if (report.arrived() == 0) return nullptr;
  return options.counts_replies() ? "replies" : "echo";
}

// Whether answers are waited for, and say which packet they answer.
bool names_packets(const LoadOptions& options) {
  return options.expect != ExpectedReply::kNothing && !options.counts_replies();
}

const char* name_of(ExpectedReply expected) {
  switch (expected) {
    case ExpectedReply::kEcho:
      return "echo";
    case ExpectedReply::kNothing:
      return "nothing";
    case ExpectedReply::kAnything:
      break;
  }
  return "anything";
}

// As a text: few programs read all digits of so large a number.
ordered_json digest_or_null(const std::optional<std::uint64_t>& digest) {
  return digest ? ordered_json(fmt::format("{:016x}", *digest)) : ordered_json(nullptr);
}

// What all parts of a plan have to have in common.
ordered_json plan_to_json(const LoadOptions& options) {
  ordered_json fields = ordered_json::array();
  for (const VaryingField& field : options.fields) fields.push_back(to_text(field));
  return {
      {"clients", options.clients},
      {"size", or_null(options.size)},
      {"burst", options.burst},
      {"cookie", options.cookie},
      {"duration_s", options.has_steps() ? ordered_json(nullptr) : ordered_json(options.seconds)},
      {"expect", name_of(options.expect)},
      {"join_rate_per_s", or_null(options.join_rate)},
      {"session_s", or_null(options.session_seconds)},
      {"vary", std::move(fields)},
      {"payload_digest", digest_or_null(options.payload_digest)},
      {"seed", options.seed}};
}

ordered_json text_or_null(const char* text) {
  return text != nullptr ? ordered_json(text) : ordered_json(nullptr);
}

ordered_json generator_to_json(const LoadReport& report) {
  return {{"threads", report.threads},
          {"late_percent", or_null(report.late_percent())},
          {"late_us", latency_to_json(report.send_lateness)},
          {"cpu_percent", or_null(report.busiest_thread_percent)},
          {"socket_buffer_bytes", or_null(report.socket_buffer)}};
}

ordered_json point_to_json(const LoadOptions& options, const LoadReport& report,
                           const LoadSeries::Point& point, double t) {
  // Of a sink nothing is answered, and of an arena's inputs only the sum is known.
  const bool is_answered = names_packets(options) && !report.is_arena();
  const SparseHistogram& times = point.round_trip;
  ordered_json json = {
      {"t", t},
      {"sent", point.sent},
      {"received", point.received},
      {"answered", point.answered},
      {"lost", is_answered ? ordered_json(point.sent - std::min(point.sent, point.answered))
                           : ordered_json(nullptr)},
      {"send_missed", point.send_missed},
      {"p50_us", microseconds_of(times, times.percentile(0.5))},
      {"p99_us", microseconds_of(times, times.percentile(0.99))},
      {"max_us", microseconds_of(times, times.max())},
      {"clients", point.clients}};
  // For whoever puts the parts together.
  if (options.part.of > 1) json["rtt_ns"] = buckets_to_json(times.buckets());
  return json;
}

ordered_json series_to_json(const LoadOptions& options, const LoadReport& report) {
  const double interval = std::chrono::duration<double>(report.series.interval()).count();
  ordered_json points = ordered_json::array();
  for (const LoadSeries::Point& point : report.series.points()) {
    const double t = interval * static_cast<double>(points.size());
    points.push_back(point_to_json(options, report, point, t));
  }
  return {{"interval_s", interval}, {"points", std::move(points)}};
}

ordered_json step_to_json(const LoadOptions& options, const LoadStep& step) {
  return {{"offered_per_s", step.offered_per_s},
          {"hz", step.offered_per_s / options.clients},
          {"clients", options.clients},
          {"seconds", step.seconds},
          {"sent", step.sent},
          {"lost_percent", or_null(step.lost_percent)},
          {"p99_us", or_null(step.p99_us)},
          {"holds", or_null(step.holds)},
          {"valid", step.valid},
          {"why", step.why}};
}

const char* limit_name(KneeLimit limit) {
  switch (limit) {
    case KneeLimit::kTarget:
      return "target";
    case KneeLimit::kGenerator:
      return "generator";
    case KneeLimit::kRange:
      return "range";
    case KneeLimit::kStopped:
      return "stopped";
  }
  return "";
}

ordered_json find_max_to_json(const FindMaxResult& found) {
  ordered_json verified = ordered_json::array();
  for (const auto& each : found.verified) {
    verified.push_back({{"factor", each.factor}, {"held", each.held}, {"of", each.of}});
  }
  return {{"goal", {{"loss_percent", found.goal.loss_percent}, {"p99_us", found.goal.p99_us}}},
          {"knee_per_s", or_null(found.knee_per_s)},
          {"limited_by", limit_name(found.limited_by)},
          {"verified", std::move(verified)}};
}

ordered_json send_errors_to_json(const LoadReport& report) {
  ordered_json errors = ordered_json::array();
  for (const auto& [error, count] : report.send_errors) {
    errors.push_back(
        {{"error", error_number_name(error)}, {"message", std::strerror(error)}, {"count", count}});
  }
  return errors;
}

// What was counted of packets.
void add_counts(const LoadOptions& options, const LoadReport& report, ordered_json* json) {
  // Of a run that goes on the missing ones may be on their way.
  const bool is_accounted = names_packets(options) && !report.is_interim;
  const std::uint64_t answered = report.answered();
  const bool is_explained = is_accounted && owns_server_drops(options, report);
  const auto if_known = [](bool is_known, std::int64_t count) {
    return is_known ? ordered_json(count) : ordered_json(nullptr);
  };
  const auto unanswered = static_cast<std::int64_t>(report.sent - std::min(report.sent, answered));
  json->update(
      {{"server", text_or_null(server_kind(options, report))},
       {"sent", report.sent},
       {"sent_per_s", per_second(report.sent, report.seconds)},
       {"send_refused", report.send_refused},
       {"send_errors", send_errors_to_json(report)},
       {"send_missed", report.send_missed},
       {"received", report.received},
       {"answered", answered},
       {"answered_per_s", per_second(answered, report.seconds)},
       {"unanswered", if_known(is_accounted, unanswered)},
       {"lost", if_known(is_explained, std::max<std::int64_t>(0, report.unaccounted_requests()))},
       {"late", report.late},
       {"repeated", report.repeated},
       {"corrupted", report.corrupted},
       {"damaged", report.damaged},
       {"foreign", report.foreign},
       {"connection_refused", report.connection_refused},
       {"kernel_drops",
        {{"server", or_null(report.server_kernel_drops)},
         {"clients", or_null(report.client_kernel_drops)}}},
       {"unaccounted", if_known(is_explained, std::abs(report.unaccounted_requests()) +
                                                  std::abs(report.unaccounted_replies()))},
       {"joins",
        {{"count", report.joins},
         {"answered", report.joins_answered},
         {"failed", report.joins_failed},
         {"rtt_us", latency_to_json(report.join_round_trip)}}},
       {"cookie", cookie_to_json(options, report)}});
}

void add_measurements(const LoadOptions& options, const LoadReport& report, ordered_json* json) {
  json->update({{"rtt_us", latency_to_json(report.round_trip)},
                {"rtt_uncorrected_us", latency_to_json(report.round_trip_uncorrected)},
                {"generator", generator_to_json(report)},
                {"steal_percent", or_null(report.steal_percent)},
                {"cpu_s", static_cast<double>(report.cpu.count()) / 1e9},
                {"stopped_by_signal", report.stopped_by_signal},
                {"series", series_to_json(options, report)},
                {"histograms",
                 {{"rtt_ns", buckets_to_json(report.round_trip.buckets())},
                  {"rtt_uncorrected_ns", buckets_to_json(report.round_trip_uncorrected.buckets())},
                  {"join_rtt_ns", buckets_to_json(report.join_round_trip.buckets())},
                  {"late_ns", buckets_to_json(report.send_lateness.buckets())}}},
                {"impairment", impairment_to_json(options, report)}});
  if (report.impairment) {
    ordered_json& histograms = (*json)["histograms"];
    const auto delays = [&report](Direction way) {
      return buckets_to_json(report.impairment->of(way).added_delay.buckets());
    };
    histograms["delay_to_server_ns"] = delays(Direction::kToServer);
    histograms["delay_to_client_ns"] = delays(Direction::kToClient);
  }
  if (report.is_arena()) {
    (*json)["snapshots"] = {{"received", report.snapshots},
                            {"received_per_s", per_second(report.snapshots, report.seconds)},
                            {"sent", report.snapshots_sent()}};
  }
  if (options.counts_replies()) {
    (*json)["replies"] = replies_to_json(report.replies, report.replies_expected, report.seconds);
  }
  if (options.has_steps()) {
    ordered_json steps = ordered_json::array();
    for (const LoadStep& step : report.steps) steps.push_back(step_to_json(options, step));
    (*json)["steps"] = std::move(steps);
  }
  if (report.find_max) (*json)["find_max"] = find_max_to_json(*report.find_max);
}

}  // namespace

ordered_json latency_to_json(const LatencyHistogram& latency) {
  return {{"count", latency.count()},
          {"min", microseconds_of(latency, latency.min())},
          {"mean", microseconds_of(latency, latency.mean())},
          {"p50", microseconds_of(latency, latency.percentile(0.5))},
          {"p90", microseconds_of(latency, latency.percentile(0.9))},
          {"p99", microseconds_of(latency, latency.percentile(0.99))},
          {"p999", microseconds_of(latency, latency.percentile(0.999))},
          {"p9999", microseconds_of(latency, latency.percentile(0.9999))},
          {"max", microseconds_of(latency, latency.max())}};
}

ordered_json replies_to_json(std::uint64_t replies, std::uint64_t expected, double seconds) {
  return {{"received", replies},
          {"received_per_s", per_second(replies, seconds)},
          {"expected", expected},
          {"percent", ratio(100.0 * static_cast<double>(replies), static_cast<double>(expected))}};
}

ordered_json targets_to_json(const LoadReport& report) {
  ordered_json targets = ordered_json::array();
  for (std::size_t i = 0; i < report.addresses.size(); ++i) {
    const TargetCounts target = i < report.targets.size() ? report.targets[i] : TargetCounts();
    targets.push_back({{"address", report.addresses[i]},
                       {"sent", target.sent},
                       {"received", target.received},
                       {"forwarded", target.forwarded},
                       {"arrived", target.arrived}});
  }
  return targets;
}

ordered_json load_report_to_json(const LoadOptions& options, const LoadReport& report) {
  const std::vector<std::string> reasons = reasons_against(report);
  ordered_json json = {
      {"schema", kReportSchema},
      {"command", "load"},
      {"version", kVersion},
      {"started_at", report.started_at},
      {"machine",
       {{"kernel", report.machine.kernel},
        {"processors", report.machine.processors},
        {"processor", report.machine.processor}}},
      {"target", options.target_text},
      {"addresses", report.addresses},
      {"targets", targets_to_json(report)},
      {"clients", clients_of_part(options)},
      {"hz", options.rate},
      {"payload", name_of(options.payload)},
      {"packet_bytes", report.sent > 0 ? ordered_json(report.packet_bytes) : ordered_json(nullptr)},
      {"duration_s", report.seconds},
      {"part", {{"number", options.part.number}, {"of", options.part.of}}},
      {"parts", 1},
      {"plan", plan_to_json(options)},
      {"valid", reasons.empty()},
      {"invalid_because", reasons}};
  add_counts(options, report, &json);
  add_measurements(options, report, &json);
  if (report.is_interim) json["interim"] = true;
  json["ok"] = judge_load(options, report).empty();
  return json;
}

}  // namespace ringpeer::tools
