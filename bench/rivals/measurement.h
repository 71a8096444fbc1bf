#ifndef RINGPEER_BENCH_RIVALS_MEASUREMENT_H_
#define RINGPEER_BENCH_RIVALS_MEASUREMENT_H_

#include <cstdint>
#include <limits>
#include <string>

#include <nlohmann/json.hpp>

namespace ringpeer::bench {

// One peer in one round of one case: one line of JSON. A figure that the case does not
// have is NaN here and null there.
// Threads: a plain value.
struct Measurement {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  std::string test_case;
  std::string peer;
  std::string order;  // of a case with several patterns: "grouped", "to_one"; else ""
  bool busy = false;  // both CPUs had other work
  int round = 0;      // from 0, which is the warm-up and not counted
  int size = 0;
  int remotes = 0;
  double offered_pps = kNone;
  double delivered_pps = kNone;
  double cpu_ns_per_packet = kNone;   // the whole measured process, all threads
  double app_ns_per_packet = kNone;   // its application thread
  double call_ns_per_packet = kNone;  // of this: in the calls, without the sleeps between them
  double p50_us = kNone;
  double p99_us = kNone;
  double p999_us = kNone;
  double drops = kNone;  // kernel_drops + engine_drops
  double kernel_drops = kNone;
  double engine_drops = kNone;
  double unaccounted = kNone;  // sent - delivered - drops
  double reordered = kNone;    // packets of a remote that came after a later one
  double sent = kNone;
  double delivered = kNone;
  double ordinary_delivered_share = kNone;  // zero_length: of the packets that are not empty
  double drain_pps = kNone;                 // what a slow application could take
  double longest_call_us = kNone;           // the application thread's CPU time in one call
  double wakeups_per_second = kNone;
  double engine_wakeups_per_second = kNone;  // of these: not the application thread's
  double receive_buffer = kNone;  // bytes of SO_RCVBUF granted, as the kernel counts them
  double incoming_pps = kNone;    // both_ways: what it took while it sent
  double steal_percent = kNone;
  double neighbours_percent = kNone;  // of the measured CPU, had by other programs
  int repeats = 0;                    // void tries before this one
};

void to_json(nlohmann::json& json, const Measurement& measurement);
// Throws nlohmann::json::exception when a field is missing.
void from_json(const nlohmann::json& json, Measurement& measurement);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_MEASUREMENT_H_
