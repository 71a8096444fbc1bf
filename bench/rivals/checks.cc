#include "ringpeer/bench/rivals/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "ringpeer/bench/rivals/cases.h"

namespace ringpeer::bench {
namespace {

constexpr auto kCpu = &Measurement::cpu_ns_per_packet;
constexpr auto kApplication = &Measurement::app_ns_per_packet;
constexpr auto kDelivered = &Measurement::delivered_pps;
constexpr const char* kWorker = "ringpeer/io_uring";
constexpr const char* kInline = "ringpeer/inline";
constexpr const char* kFixed = "ringpeer/fixed";
constexpr const char* kFrame = "recvmmsg_frame";

// What a wake-up costs depends on what the CPU does meanwhile.
struct Limits {
  double busy;
  double quiet;
};

Series::Key key(const char* test_case) { return {test_case, "", kQuickSize, kQuickRemotes}; }

double share_delivered(const Series& series, const Series::Key& key, const char* peer) {
  return series.median_of(key, peer, &Measurement::delivered) /
         series.median_of(key, peer, &Measurement::sent);
}

class CheckList {
 public:
  explicit CheckList(const Series& series) : series_(series) {}

  void at_most(std::string text, double value, double limit) {
    checks_.push_back({std::move(text), value, limit, true});
  }
  void at_most(std::string text, double value, Limits limits) {
    at_most(std::move(text), value, series_.busy() ? limits.busy : limits.quiet);
  }
  void at_least(std::string text, double value, double limit) {
    checks_.push_back({std::move(text), value, limit, false});
  }
  void shown(std::string text, double value) {
    checks_.push_back({std::move(text), value, Check::kNoLimit, true});
  }
  template <typename Limit>
  void cpu_ratio(const char* test_case, const char* peer, const char* other, Limit limit) {
    at_most(fmt::format("{}: {} CPU a packet / {}", test_case, peer, other),
            series_.ratio(key(test_case), peer, other, kCpu), limit);
  }

  void rivals();
  void floor();
  void waiting();
  void frames();
  void large_frames();
  void idle();
  void trains();
  void losses();
  void sending();
  void overload();
  void terms();

  std::vector<Check> take() { return std::move(checks_); }

 private:
  const Series& series_;
  std::vector<Check> checks_;
};

void CheckList::rivals() {
  for (const char* test_case : {"paced_100k", "flood"}) {
    cpu_ratio(test_case, kInline, "recvmmsg_cadence", 0.95);
  }
  cpu_ratio("flood", kWorker, "recvmmsg_cadence", 1.10);
  for (const char* other : {"asio", "libuv"}) cpu_ratio("paced_100k", kWorker, other, 0.45);
  cpu_ratio("flood", kWorker, "recvmmsg", 0.68);
  cpu_ratio("flood", kWorker, "recvmmsg_epoll", 0.52);
  for (const char* other : {"recvmmsg", "recvmmsg_epoll"}) {
    at_least(fmt::format("flood: {} packets/s / {}", kWorker, other),
             series_.ratio(key("flood"), kWorker, other, kDelivered), 1.05);
  }
  for (const char* test_case : {"paced_100k", "flood"}) {
    at_most(fmt::format("{}: {} p99 - recvmmsg_cadence, us", test_case, kWorker),
            series_.paired_difference(key(test_case), kWorker, "recvmmsg_cadence",
                                      &Measurement::p99_us),
            300);
  }
}

void CheckList::floor() {
  for (const char* test_case : {"paced_100k", "flood"}) {
    at_most(fmt::format("{}: {} CPU a packet / floor, paired", test_case, kWorker),
            series_.paired_ratio(key(test_case), kWorker, "floor", kCpu), 1.15);
    at_most(fmt::format("{}: {} application ns a packet", test_case, kWorker),
            series_.median_of(key(test_case), kWorker, kApplication), 80);
  }
}

// Whichever of the two ways of waiting is cheaper on this machine, the engine is to find it.
void CheckList::waiting() {
  for (const char* test_case :
       {"paced_1k", "paced_10k", "paced_100k", "paced_1k_1ms", "paced_10k_1ms", "paced_100k_1ms"}) {
    const double epoll = series_.median_of(key(test_case), "recvmmsg_epoll", kCpu);
    const double cadence = series_.median_of(key(test_case), "recvmmsg_cadence", kCpu);
    // Not measured unless both are.
    const double better =
        std::isnan(epoll + cadence) ? Measurement::kNone : std::fmin(epoll, cadence);
    at_most(fmt::format("{}: {} CPU a packet / the better of recvmmsg_epoll and recvmmsg_cadence",
                        test_case, kWorker),
            series_.median_of(key(test_case), kWorker, kCpu) / better,
            Limits{.busy = 1.10, .quiet = 1.20});
    const std::string text = fmt::format("{}: {} p50 / recvmmsg_epoll", test_case, kWorker);
    const double p50 =
        series_.ratio(key(test_case), kWorker, "recvmmsg_epoll", &Measurement::p50_us);
    // Packets so rare are to wake at once; others may wait, up to the bound.
    if (std::string_view(test_case) == "paced_1k") {
      at_most(text, p50, Limits{.busy = 1.5, .quiet = 1.2});
    } else {
      shown(text, p50);
    }
  }
}

void CheckList::frames() {
  for (const char* test_case : {"frame_10k", "frame_20k", "frame_100k"}) {
    cpu_ratio(test_case, kWorker, kFixed, 1.0);
    const double ours = share_delivered(series_, key(test_case), kWorker);
    // Two measurements of one receiver differ by so much.
    constexpr double kNoise = 0.001;
    at_least(fmt::format("{}: {} share delivered / {}", test_case, kWorker, kFixed),
             ours / share_delivered(series_, key(test_case), kFixed), 1 - kNoise);
  }
  at_least("frame_100k: packets/s / recvfrom",
           series_.ratio(key("frame_100k"), kWorker, "recvfrom", kDelivered), 5.5);
  at_least("frame_flood: packets/s / recvfrom",
           series_.ratio(key("frame_flood"), kWorker, "recvfrom", kDelivered), 15);
}

// The socket's buffer holds all of a frame: the rival needs no thread to lose nothing.
void CheckList::large_frames() {
  cpu_ratio("frame_10k_large", kWorker, kFixed, 0.2);
  cpu_ratio("frame_20k_large", kWorker, kFixed, 0.3);
  cpu_ratio("frame_100k_large", kWorker, kFixed, 0.6);
  cpu_ratio("frame_10k_large", kWorker, kFrame, Limits{.busy = 1.8, .quiet = 2.0});
  cpu_ratio("frame_100k_large", kWorker, kFrame, 1.3);
  for (const char* test_case : {"frame_10k_large", "frame_100k_large"}) {
    cpu_ratio(test_case, kInline, kFrame, 1.15);
    // Who leaves packets to a later frame has an easy life.
    for (const char* ours : {kWorker, kInline}) {
      at_least(fmt::format("{}: {} packets/s / {}", test_case, ours, kFrame),
               series_.ratio(key(test_case), ours, kFrame, kDelivered), 0.99);
    }
    at_most(fmt::format("{}: {} application CPU a packet / {}", test_case, kWorker, kFrame),
            series_.ratio(key(test_case), kWorker, kFrame, kApplication), 0.15);
    // Both sleep once a frame, which is most of what few packets cost.
    shown(fmt::format("{}: {} CPU of the calls a packet / {}", test_case, kWorker, kFrame),
          series_.ratio(key(test_case), kWorker, kFrame, &Measurement::call_ns_per_packet));
  }
  for (const char* test_case : {"frame_10k_large", "frame_20k_large", "frame_100k_large"}) {
    at_most(fmt::format("{}: {} p50 - {}, us", test_case, kWorker, kFixed),
            series_.paired_difference(key(test_case), kWorker, kFixed, &Measurement::p50_us), 500);
  }
}

void CheckList::idle() {
  for (const char* peer : {kWorker, "ringpeer/recvmmsg"}) {
    at_most(fmt::format("idle: {} wake-ups a second", peer),
            series_.median_of(key("idle"), peer, &Measurement::wakeups_per_second), 4);
    at_most(fmt::format("idle_polled: {} wake-ups a second, without the application's", peer),
            series_.median_of(key("idle_polled"), peer, &Measurement::engine_wakeups_per_second),
            4);
  }
}

void CheckList::trains() {
  at_least("gso: packets/s with GRO / recvmmsg without",
           series_.ratio(key("gso"), kWorker, "recvmmsg", kDelivered), 10);
  cpu_ratio("gso", kWorker, "recvmmsg", 0.06);
}

void CheckList::losses() {
  at_most("every case: packets of ringpeer unaccounted for",
          series_.worst("ringpeer/", {}, &Measurement::unaccounted), 0);
  at_most("every case: packets of a remote out of order in ringpeer",
          series_.worst("ringpeer/", {}, &Measurement::reordered), 0);
  at_most("every case but overload and zero_length: drops by ringpeer",
          series_.worst("ringpeer/", {"overload", "zero_length"}, &Measurement::engine_drops), 0);
  at_most("zero_length: CPU a packet / flood",
          series_.median_of(key("zero_length"), kWorker, kCpu) /
              series_.median_of(key("flood"), kWorker, kCpu),
          2.2);
  // Starved would be a smaller share than the flooding remote's own.
  const double sent = series_.median_of(key("zero_length"), kWorker, &Measurement::sent);
  const double got = series_.median_of(key("zero_length"), kWorker, &Measurement::delivered);
  at_least("zero_length: share of ordinary packets delivered / share of all",
           series_.median_of(key("zero_length"), kWorker, &Measurement::ordinary_delivered_share) /
               (got / sent),
           0.95);
}

void CheckList::sending() {
  constexpr double kPut = 100;
  at_most("fan_out: put_packet in bursts of 64, calling thread's ns a packet",
          series_.median_of({"fan_out", "", kQuickSize, 1000}, kWorker, kApplication), kPut);
  for (const char* test_case : {"both_ways_10k", "both_ways_100k"}) {
    for (const char* order : {"fan_out", "to_one"}) {
      at_most(fmt::format("{} {}: put_packet in bursts of 64, calling thread's ns a packet",
                          test_case, order),
              series_.median_of({test_case, order, kQuickSize, find_case(test_case)->destinations},
                                kWorker, kApplication),
              kPut);
    }
  }
  for (const char* order : {"grouped", "round_robin"}) {
    at_most(fmt::format("runs_of_8 {}: CPU a packet / sendmmsg", order),
            series_.ratio({"runs_of_8", order, kQuickSize, 100}, kWorker, "recvmmsg", kCpu), 0.60);
  }
}

void CheckList::overload() {
  for (const char* peer : {kWorker, "ringpeer/recvmmsg"}) {
    const double drain_pps = series_.median_of(key("overload"), peer, &Measurement::drain_pps);
    at_least(fmt::format("overload: {} packets/s / drain rate", peer),
             series_.median_of(key("overload"), peer, kDelivered) / drain_pps, 0.9);
    // The budget's own work, and a quarter more for what is around it.
    const double budget_us = static_cast<double>(kSlowBudget) * 1e6 / drain_pps;
    at_most(fmt::format("overload: {} longest call / its budget", peer),
            series_.median_of(key("overload"), peer, &Measurement::longest_call_us) / budget_us,
            1.25);
  }
}

void CheckList::terms() {
  at_most("every case: largest socket buffer granted / smallest",
          series_.widest_ratio(&Measurement::receive_buffer), 1);
}

}  // namespace

bool Check::has_limit() const { return !std::isnan(limit); }

Check::State Check::state() const {
  if (std::isnan(value)) return State::kNotMeasured;
  if (!has_limit()) return State::kNoLimit;
  const bool pass = at_most ? value <= limit : value >= limit;
  return pass ? State::kPass : State::kMiss;
}

std::vector<Check> evaluate_checks(const Series& series) {
  CheckList checks(series);
  checks.rivals();
  checks.floor();
  checks.waiting();
  checks.frames();
  checks.large_frames();
  checks.idle();
  checks.trains();
  checks.losses();
  checks.sending();
  checks.overload();
  checks.terms();
  return checks.take();
}

}  // namespace ringpeer::bench
