#include "ringpeer/tests/tools/report/sample_reports.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <map>
#include <random>
#include <utility>

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

// As LatencyHistogram has them: 128 in each power of two.
std::uint64_t upper_edge(double ns) {
  const auto value = static_cast<std::uint64_t>(ns);
  if (value < 128) return value;
  const int shift = std::bit_width(value) - 8;
  return (((value >> shift) + 1) << shift) - 1;
}

class Latencies {
 public:
  void add(double us) {
    values_.push_back(us);
    is_sorted_ = false;
  }

  ordered_json at(double fraction) const {
    if (values_.empty()) return nullptr;
    sort();
    const auto rank =
        static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(values_.size())));
    return values_[std::max<std::size_t>(rank, 1) - 1];
  }

  ordered_json summary() const {
    double sum = 0;
    for (const double value : values_) sum += value;
    const auto count = static_cast<double>(values_.size());
    return {{"count", values_.size()},
            {"min", at(0)},
            {"mean", values_.empty() ? ordered_json(nullptr) : ordered_json(sum / count)},
            {"p50", at(0.5)},
            {"p90", at(0.9)},
            {"p99", at(0.99)},
            {"p999", at(0.999)},
            {"p9999", at(0.9999)},
            {"max", at(1)}};
  }

  ordered_json histogram() const {
    std::map<std::uint64_t, std::uint64_t> buckets;
    for (const double value : values_) ++buckets[upper_edge(value * 1000)];
    ordered_json pairs = ordered_json::array();
    for (const auto& [edge, count] : buckets) pairs.push_back({edge, count});
    return pairs;
  }

 private:
  void sort() const {
    if (!is_sorted_) std::sort(values_.begin(), values_.end());
    is_sorted_ = true;
  }

  mutable std::vector<double> values_;
  mutable bool is_sorted_ = false;
};

// One way of a bad network: it lost what did not go on.
ordered_json impaired_way(double loss_percent, const ordered_json& in, const ordered_json& out) {
  return {{"asked",
           {{"loss_percent", loss_percent},
            {"burst", nullptr},
            {"delay_ms", 40.0},
            {"jitter_ms", 12.5},
            {"duplicate_percent", 0.0},
            {"reorder_percent", 1.0},
            {"truncate_percent", 0.0},
            {"corrupt_percent", 0.0},
            {"rate_kbit_s", 512.0},
            {"queue", 100},
            {"distribution", "uniform"},
            {"keep_order", false}}},
          {"arrived", in},
          {"forwarded", out},
          {"lost", in.get<std::uint64_t>() - out.get<std::uint64_t>()},
          {"queue_full", 0}};
}

ordered_json impairment_of(const ordered_json& report) {
  return {{"seed", 7},
          {"unanswered",
           report.at("sent").get<std::uint64_t>() - report.at("answered").get<std::uint64_t>()},
          {"to_server", impaired_way(2, report.at("sent"), report.at("answered"))},
          {"to_client", impaired_way(0, report.at("answered"), report.at("answered"))}};
}

class Simulation {
 public:
  explicit Simulation(const SampleRun& run) : run_(run), random_(run.seed) {}

  ordered_json report() {
    ordered_json points = ordered_json::array();
    for (int second = 0; second < run_.seconds; ++second) points.push_back(interval(second));
    ordered_json report = sums();
    report["series"] = {{"interval_s", 1.0}, {"points", std::move(points)}};
    report["histograms"] = {{"rtt_ns", corrected_.histogram()},
                            {"rtt_uncorrected_ns", uncorrected_.histogram()},
                            {"late_ns", late_.histogram()}};
    if (run_.finds_max) add_steps(&report);
    report["impairment"] = run_.is_impaired ? impairment_of(report) : ordered_json(nullptr);
    report["parts"] = 1;
    report["stopped_by_signal"] = run_.is_stopped ? 15 : 0;
    if (run_.is_impaired) report["lost"] = 0;
    if (run_.drops_at_server) {
      report["kernel_drops"]["server"] = lost_;
      report["lost"] = 0;
    }
    if (!run_.expects_reply) report["kernel_drops"]["clients"] = nullptr;
    report["ok"] = !run_.is_late;
    return report;
  }

 private:
  int clients_at(int second) const {
    if (!run_.churns) return run_.clients;
    const double phase = std::min(1.0, (second + 1) / (0.4 * run_.seconds));
    return std::max(1, static_cast<int>(run_.clients * phase) - (second * 7) % 5);
  }

  double draw_latency(double t) {
    double us = run_.median_us * std::exp(0.35 * normal_(random_));
    if (share_(random_) < 0.004) us *= 4;  // a scheduler's slice now and then
    return us + std::max(0.0, pause_left(t)) * 1e6;
  }

  // Seconds until the server goes on.
  double pause_left(double t) const {
    if (run_.pause_at_s < 0 || t < run_.pause_at_s) return 0;
    return run_.pause_at_s + run_.pause_ms / 1e3 - t;
  }

  ordered_json interval(int second) {
    const int clients = clients_at(second);
    const int due = static_cast<int>(clients * run_.hz);
    std::uint64_t lost = 0;
    std::uint64_t missed = 0;
    Latencies latencies;
    for (int i = 0; i < due; ++i) {
      const double t = second + static_cast<double>(i) / due;
      const bool late = run_.is_late && share_(random_) < 0.04;
      late_.add((late ? 2000 : 15) * std::exp(0.8 * normal_(random_)));
      if (late && share_(random_) < 0.1) {
        ++missed;
        continue;
      }
      const bool in_burst = second == run_.burst_at_s && share_(random_) < 0.1;
      if (in_burst || share_(random_) < run_.loss_share) {
        ++lost;
        continue;
      }
      if (!run_.expects_reply || run_.counts_replies) continue;
      const double us = draw_latency(t);
      latencies.add(us);
      corrected_.add(us);
      // Of a pause each client that waits sees one packet.
      if (pause_left(t) <= 0 || t - run_.pause_at_s < 1 / run_.hz) uncorrected_.add(us);
    }
    const std::uint64_t sent = static_cast<std::uint64_t>(due) - missed;
    const bool is_answered = run_.expects_reply && !run_.counts_replies;
    const std::uint64_t answered = is_answered ? sent - lost : 0;
    const std::uint64_t replies = run_.counts_replies ? 2 * (sent - lost) : 0;
    sent_ += sent;
    lost_ += lost;
    missed_ += missed;
    answered_ += answered;
    replies_ += replies;
    return {{"t", static_cast<double>(second)},
            {"sent", sent},
            {"received", answered + replies},
            {"answered", answered},
            {"lost", known(lost)},
            {"send_missed", missed},
            {"p50_us", latencies.at(0.5)},
            {"p99_us", latencies.at(0.99)},
            {"max_us", latencies.at(1)},
            {"clients", clients}};
  }

  // Nothing is known of packets to a sink, or whose answers do not name them.
  ordered_json known(std::uint64_t count) const {
    return run_.expects_reply && !run_.counts_replies ? ordered_json(count) : ordered_json(nullptr);
  }

  ordered_json sums() {
    const double seconds = run_.seconds;
    ordered_json report = {
        {"schema", 2},
        {"command", "load"},
        {"version", "0.1.0"},
        {"started_at", "2026-03-14T09:26:53Z"},
        {"target", "203.0.113.7:4000"},
        {"clients", run_.clients},
        {"hz", run_.hz},
        {"payload", run_.counts_replies ? "like" : "raw"},
        {"packet_bytes", 64},
        {"duration_s", seconds},
        {"server", run_.counts_replies  ? "replies"
                   : run_.expects_reply ? "echo"
                                        : "silent"},
        {"valid", !run_.is_late},
        {"invalid_because", ordered_json::array()},
        {"sent", sent_},
        {"sent_per_s", static_cast<double>(sent_) / seconds},
        {"send_refused", 0},
        {"send_missed", missed_},
        {"received", replies_ + answered_ + lost_ / 20},
        {"answered", answered_},
        {"answered_per_s", static_cast<double>(answered_) / seconds},
        {"lost", known(lost_)},
        {"late", lost_ / 10},
        {"repeated", lost_ / 20},
        {"corrupted", 0},
        {"foreign", 0},
        {"connection_refused", 0},
        {"kernel_drops", {{"server", nullptr}, {"clients", 0}}},
        {"unaccounted", known(0)},
        {"rtt_us", corrected_.summary()},
        {"rtt_uncorrected_us", uncorrected_.summary()},
        {"steal_percent", 0.4},
        {"cpu_s", 0.21 * seconds},
        {"machine",
         {{"kernel", "6.1.0-21-amd64"}, {"processors", 8}, {"processor", "AMD EPYC 7763"}}},
        {"generator",
         {{"threads", 2},
          {"late_percent", run_.is_late ? 3.1 : 0.02},
          {"late_us", late_.summary()},
          {"cpu_percent", run_.is_late ? 99.2 : 34.5},
          {"socket_buffer_bytes", 425984}}},
    };
    if (run_.counts_replies) {
      report["received"] = replies_;
      report["late"] = report["repeated"] = 0;
      report["replies"] = {
          {"received", replies_},
          {"received_per_s", static_cast<double>(replies_) / seconds},
          {"expected", 2 * sent_},
          {"percent", 100.0 * static_cast<double>(replies_) / static_cast<double>(2 * sent_)}};
    }
    if (run_.is_late) {
      report["invalid_because"] = {"3.1 % of sends were more than 1 ms late: use --threads 4",
                                   "a thread used 99 % of its core"};
    }
    return report;
  }

  void add_steps(ordered_json* report) {
    constexpr double kKnee = 41'200;
    const bool judges = run_.has_goal;
    const auto step = [&](double offered) {
      const double over = std::max(0.0, offered / kKnee - 1);
      const double p99 = 420 / (1.02 - std::min(0.98, offered / (1.3 * kKnee))) + 60'000 * over;
      const double loss = over > 0 ? 4 * over : 0.0;
      const bool holds = p99 <= 5000 && loss <= 0.1;
      return ordered_json{{"offered_per_s", offered},
                          {"hz", offered / run_.clients},
                          {"clients", run_.clients},
                          {"seconds", 5.0},
                          {"sent", static_cast<std::uint64_t>(offered * 5)},
                          {"lost_percent", loss},
                          {"p99_us", p99},
                          {"holds", judges ? ordered_json(holds) : ordered_json(nullptr)},
                          {"valid", true},
                          {"why", !judges || holds ? "" : "more than 0.1 % lost"}};
    };
    ordered_json steps = ordered_json::array();
    for (const double offered : {1000.0, 2000.0, 4000.0, 8000.0, 16'000.0, 32'000.0, 64'000.0,
                                 48'000.0, 40'000.0, 44'000.0, 42'000.0, 41'000.0}) {
      steps.push_back(step(offered));
    }
    (*report)["steps"] = std::move(steps);
    if (!judges) return;
    (*report)["find_max"] = {
        {"goal", {{"loss_percent", 0.1}, {"p99_us", 5000.0}}},
        {"knee_per_s", 42'000.0},
        {"limited_by", "target"},
        {"verified",
         {{{"factor", 0.8}, {"held", 3}, {"of", 3}}, {{"factor", 1.25}, {"held", 0}, {"of", 3}}}}};
  }

  SampleRun run_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::uniform_real_distribution<double> share_{0, 1};
  Latencies corrected_;
  Latencies uncorrected_;
  Latencies late_;
  std::uint64_t sent_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t missed_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t replies_ = 0;
};

}  // namespace

ordered_json sample_report(const SampleRun& run) { return Simulation(run).report(); }

const std::vector<NamedReport>& sample_runs() {
  const SampleRun paused{.seed = 2,
                         .loss_share = 0.0002,
                         .burst_at_s = 21,
                         .pause_at_s = 12,
                         .churns = true,
                         .is_impaired = true};
  static const auto& runs = *new std::vector<NamedReport>{
      {"calm.json", sample_report({})},
      {"paused.json", sample_report(paused)},
      {"sink.json", sample_report({.seed = 3, .seconds = 12, .expects_reply = false})},
      {"late.json", sample_report({.seed = 4, .median_us = 260, .is_late = true})},
      {"find-max.json", sample_report({.seed = 5, .median_us = 300, .finds_max = true})},
      {"ramp.json", sample_report({.seed = 6, .finds_max = true, .has_goal = false})},
      {"like.json",
       sample_report({.seed = 8, .seconds = 12, .loss_share = 0.04, .counts_replies = true})},
      {"dropped.json", sample_report({.seed = 9,
                                      .seconds = 12,
                                      .loss_share = 0.03,
                                      .drops_at_server = true,
                                      .is_stopped = true})},
  };
  return runs;
}

ordered_json hostile_report() {
  const std::string text =
      "</script><script>window.broken = 1</script><!--<img src=x onerror=\"window.broken = 2\">"
      "]]>\u2028'\"\\ \u202e=cmd()";
  ordered_json report =
      sample_report({.seed = 7, .seconds = 5, .clients = 20, .is_late = true, .finds_max = true});
  for (const char* name : {"target", "version", "started_at", "payload", "server"}) {
    report[name] = text;
  }
  report["machine"]["kernel"] = report["machine"]["processor"] = text;
  report["invalid_because"] = {text};
  report["steps"][0]["why"] = report["find_max"]["limited_by"] = text;
  report["impairment"] = {{text, {{text, text}}}};
  report["not in the schema"] = {{text, text}};
  return report;
}

}  // namespace ringpeer::tools
