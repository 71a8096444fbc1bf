#ifndef RINGPEER_TESTS_TOOLS_REPORT_SAMPLE_REPORTS_H_
#define RINGPEER_TESTS_TOOLS_REPORT_SAMPLE_REPORTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tools/report/named_report.h"

namespace ringpeer::tools {

// A run that did not take place: each packet has a latency, a lateness and a fate drawn by the
// seed.
struct SampleRun {
  std::uint64_t seed = 1;
  int seconds = 30;
  int clients = 100;
  double hz = 20;
  double median_us = 180;        // of the round trip
  double loss_share = 0;         // of all packets
  bool drops_at_server = false;  // what is lost is dropped at the server's socket, and known to be
  int burst_at_s = -1;           // a second in which every tenth packet is lost; -1: none
  int pause_at_s = -1;           // when the server stops for pause_ms; -1: never
  int pause_ms = 200;
  bool expects_reply = true;  // otherwise a sink, of which no loss and no latency is known
  // A recorded session, whose answers name no packet: two are expected of each.
  bool counts_replies = false;
  bool churns = false;       // clients come and go
  bool is_impaired = false;  // by a network within its clients
  bool is_late = false;      // the generator does not keep up: not valid
  bool is_stopped = false;   // by a signal
  bool finds_max = false;    // with steps and a knee
  bool has_goal = true;      // otherwise the steps are those of a ramp
};

// What `ringpeer load --json` of schema 2 prints of such a run: its sums, series, percentiles and
// histograms fit together.
nlohmann::ordered_json sample_report(const SampleRun& run);

// Runs that look different: calm, one with a pause and a burst of loss, a sink, one whose generator
// is late, one that looks for its maximum, a ramp, a session, one whose server dropped packets. The
// name says which.
const std::vector<NamedReport>& sample_runs();

// A report in which each text that may be of others tries to end the script or to add an element.
nlohmann::ordered_json hostile_report();

}  // namespace ringpeer::tools

#endif  // RINGPEER_TESTS_TOOLS_REPORT_SAMPLE_REPORTS_H_
