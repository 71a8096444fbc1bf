#ifndef RINGPEER_TOOLS_LOAD_LOAD_REPORT_H_
#define RINGPEER_TOOLS_LOAD_LOAD_REPORT_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tools/load/cookie_account.h"
#include "ringpeer/tools/load/impairment_account.h"
#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/load/load_series.h"
#include "ringpeer/tools/load/load_steps.h"
#include "ringpeer/tools/measure/latency_histogram.h"
#include "ringpeer/tools/measure/machine_description.h"

namespace ringpeer::tools {

// What the clients of one target sent it, and what they received from there. Between them an
// impairment may be, on whose other side are what left for the target and what arrived from it.
struct TargetCounts {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t forwarded = 0;
  std::uint64_t arrived = 0;

  bool is_silent() const { return forwarded > 0 && arrived == 0; }
};

// What a load run sent, what came back, and where the rest went.
// Threads: a plain value.
struct LoadReport {
  bool is_interim = false;  // of a run that goes on
  double seconds = 0;       // from the first packet to the last
  std::uint64_t packet_bytes = 0;
  std::uint64_t sent = 0;
  // Packets that the schedule asked for and that were not sent: the kernel refused them,
  // or this program came too late.
  std::uint64_t send_refused = 0;
  std::map<int, std::uint64_t> send_errors;  // the refused ones, by errno
  std::uint64_t send_missed = 0;

  std::uint64_t received = 0;
  std::uint64_t echoes = 0;
  std::uint64_t late = 0;
  std::uint64_t repeated = 0;
  std::uint64_t foreign = 0;
  // Answers with wrong bytes to packets of ours; and the packets to which no other answer came.
  std::uint64_t corrupted = 0;
  std::uint64_t damaged = 0;
  // Packets that the target's machine has answered with: nobody listens there.
  std::uint64_t connection_refused = 0;

  // Answers that name no packet (LoadOptions::counts_replies()), and how many were recorded of the
  // packets that were sent.
  std::uint64_t replies = 0;
  std::uint64_t replies_expected = 0;

  std::uint64_t snapshots = 0;
  std::uint64_t snapshots_announced = 0;
  std::uint64_t inputs_received = 0;

  // Clients that came (those of the start, later ones, and those in place of others), those of
  // them whose first packet was answered, and those that got no socket; errno of the last.
  std::uint64_t joins = 0;
  std::uint64_t joins_answered = 0;
  std::uint64_t joins_failed = 0;
  int join_error = 0;

  // How they were let in; all zeros without --cookie.
  CookieAccount cookie;

  // Dropped by the kernel for want of socket buffer: at the clients, and at the server
  // where its socket is to be seen from here. Nothing where the kernel does not tell.
  std::optional<std::uint64_t> client_kernel_drops = 0;
  std::optional<std::uint64_t> server_kernel_drops;

  LatencyHistogram round_trip;  // from when packets were due
  LatencyHistogram round_trip_uncorrected;
  LatencyHistogram join_round_trip;  // of first packets

  // How well the schedule was kept.
  LatencyHistogram send_lateness;
  std::uint64_t late_sends = 0;  // by more than kLateSend
  std::uint32_t threads = 1;
  std::optional<double> busiest_thread_percent;  // of its core while it sent
  std::optional<int> socket_buffer;              // granted for receiving, of one socket

  std::optional<double> steal_percent;
  std::chrono::nanoseconds cpu{0};
  int stopped_by_signal = 0;
  int send_error = 0;  // errno of the packet that was refused last
  int wait_error = 0;  // errno of a wait for replies that the kernel refused; it ended the run

  // What the clients' networks did; nothing without an impairment. Of the packets that left them
  // the kernel refused some, each counted as send_failed there, and by errno in send_errors.
  std::optional<ImpairmentAccount> impairment;
  std::uint64_t delayed_sends_refused = 0;

  LoadSeries series;
  std::vector<LoadStep> steps;
  std::optional<FindMaxResult> find_max;

  MachineDescription machine;
  std::string started_at;
  std::vector<std::string> addresses;  // that the targets came to
  std::vector<TargetCounts> targets;   // by the number of their address

  // Whether the server turned out to be an arena, if only to whoever is between it and an
  // impairment.
  bool is_arena() const { return snapshots > 0 || (impairment && impairment->snapshots > 0); }
  // Packets that came from the server, also those that an impairment kept from the clients.
  std::uint64_t arrived() const;
  // Of the packets sent, those that were echoed, or that an arena says it got.
  std::uint64_t answered() const;
  // What an arena says it sent.
  std::uint64_t snapshots_sent() const {
    return impairment ? impairment->snapshots_announced : snapshots_announced;
  }

  // Packets of ours that the server did not get and of which nobody knows why.
  std::int64_t unaccounted_requests() const;
  // Packets that clients sent and that were not answered because of the impairment: at least those
  // of which nothing went on.
  std::uint64_t unanswered_by_impairment() const;
  // Packets of the server that did not arrive here and of which nobody knows why.
  std::int64_t unaccounted_replies() const;
  // Of the packets that were due, how many left too late or not at all; nothing when none was due.
  std::optional<double> late_percent() const;

  // One packet that was due and is not sent for that errno.
  void refuse_send(int error);
  // Adds what another generator of the same run counted. What is of the whole run (seconds,
  // steal, processor time, series of another start) stays.
  void add_counts(const LoadReport& other);
};

// Of packets that did not arrive those that nothing explains. What was dropped or refused explains
// what is missing and no more: a full buffer of the server drops packets of others, too, and one of
// a client copies of what it has already. Fewer than none are missing where the accounting is
// wrong.
std::int64_t unexplained(std::uint64_t sent, std::uint64_t arrived, std::uint64_t explained);

// Why no whole run came about; an empty text when one did.
std::string broken_run(const LoadReport& report);

// An empty text when the run is good, with nothing unaccounted for; otherwise what is
// wrong and what to do about it. Whether it is valid is another question (load_validity.h), and
// part of this one unless the options allow it to be invalid.
std::string judge_load(const LoadOptions& options, const LoadReport& report);

nlohmann::ordered_json load_report_to_json(const LoadOptions& options, const LoadReport& report);
std::string load_report_to_text(const LoadOptions& options, const LoadReport& report);
// The text of a report in JSON, this program's or another's.
std::string load_json_to_text(const nlohmann::ordered_json& report);

// Answers that name no packet, as reports have them.
nlohmann::ordered_json replies_to_json(std::uint64_t replies, std::uint64_t expected,
                                       double seconds);

// p50, p99 and so on in microseconds, as every report of these tools has them.
nlohmann::ordered_json latency_to_json(const LatencyHistogram& latency);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_REPORT_H_
