#include "ringpeer/bench/rivals/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ringpeer/bench/rivals/cases.h"

namespace ringpeer::bench {
namespace {

constexpr auto kCpu = &Measurement::cpu_ns_per_packet;
constexpr auto kApplication = &Measurement::app_ns_per_packet;
constexpr auto kDelivered = &Measurement::delivered_pps;
constexpr const char* kWorker = "ringpeer/io_uring";
constexpr const char* kInline = "ringpeer/inline";

Series::Key key(const char* test_case) { return {test_case, "", kQuickSize, kQuickRemotes}; }

class CheckList {
 public:
  explicit CheckList(const Series& series) : series_(series) {}

  void at_most(std::string text, double value, double limit) {
    checks_.push_back({std::move(text), value, limit, true});
  }
  void at_least(std::string text, double value, double limit) {
    checks_.push_back({std::move(text), value, limit, false});
  }
  void cpu_ratio(const char* test_case, const char* peer, const char* other, double limit) {
    at_most(fmt::format("{}: {} CPU a packet / {}", test_case, peer, other),
            series_.ratio(key(test_case), peer, other, kCpu), limit);
  }

  void rivals();
  void floor();
  void frames();
  void quiet();
  void trains();
  void losses();
  void sending();
  void overload();

  std::vector<Check> take() { return std::move(checks_); }

 private:
  const Series& series_;
  std::vector<Check> checks_;
};

void CheckList::rivals() {
  for (const char* test_case : {"paced_100k", "flood"}) {
    cpu_ratio(test_case, kInline, "recvmmsg_cadence", 0.95);
    cpu_ratio(test_case, kWorker, "recvmmsg_cadence", 1.10);
  }
  for (const char* other : {"recvmmsg_epoll", "asio", "libuv"}) {
    cpu_ratio("paced_100k", kWorker, other, 0.45);
  }
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

void CheckList::frames() {
  const Series::Key paced = key("frame_100k");
  const Series::Key flood = key("frame_flood");
  const double delivered = series_.median_of(paced, kWorker, &Measurement::delivered);
  const double sent = series_.median_of(paced, kWorker, &Measurement::sent);
  at_least("frame_100k: share delivered, %", 100 * delivered / sent, 99.8);
  at_least("frame_100k: packets/s / recvfrom",
           series_.ratio(paced, kWorker, "recvfrom", kDelivered), 5.5);
  at_most("frame_100k: application CPU a packet / recvfrom",
          series_.ratio(paced, kWorker, "recvfrom", kApplication), 0.1);
  at_least("frame_flood: packets/s / recvfrom",
           series_.ratio(flood, kWorker, "recvfrom", kDelivered), 15);
}

void CheckList::quiet() {
  at_most("paced_1k: p50 - that of wake-at-once, us",
          series_.paired_difference(key("paced_1k"), kWorker, "ringpeer/wake_at_once",
                                    &Measurement::p50_us),
          60);
  cpu_ratio("paced_10k", kWorker, "recvmmsg_epoll", 1.3);
  for (const char* peer : {kWorker, "ringpeer/recvmmsg"}) {
    at_most(fmt::format("idle: {} wake-ups a second", peer),
            series_.median_of(key("idle"), peer, &Measurement::wakeups_per_second), 10);
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
  at_most("fan_out: put_packet in bursts of 64, calling thread's ns a packet",
          series_.median_of({"fan_out", "", kQuickSize, 1000}, kWorker, kApplication), 150);
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

}  // namespace

Check::State Check::state() const {
  if (std::isnan(value)) return State::kNotMeasured;
  const bool pass = at_most ? value <= limit : value >= limit;
  return pass ? State::kPass : State::kMiss;
}

std::vector<Check> evaluate_checks(const Series& series) {
  CheckList checks(series);
  checks.rivals();
  checks.floor();
  checks.frames();
  checks.quiet();
  checks.trains();
  checks.losses();
  checks.sending();
  checks.overload();
  return checks.take();
}

}  // namespace ringpeer::bench
