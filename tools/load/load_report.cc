#include "ringpeer/tools/load/load_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "ringpeer/tools/load/cookie_report.h"
#include "ringpeer/tools/load/load_validity.h"
#include "ringpeer/tools/load/reply_account.h"
#include "ringpeer/tools/target/target_address.h"

namespace ringpeer::tools {

std::int64_t unexplained(std::uint64_t sent, std::uint64_t arrived, std::uint64_t explained) {
  const auto missing = static_cast<std::int64_t>(sent - arrived);
  return missing <= 0 ? missing
                      : std::max<std::int64_t>(0, missing - static_cast<std::int64_t>(explained));
}

std::int64_t LoadReport::unaccounted_requests() const {
  const std::uint64_t explained = server_kernel_drops.value_or(0) + connection_refused;
  if (impairment) {
    return is_arena() ? impairment->unaccounted_inputs(explained)
                      : impairment->unaccounted_echoes(explained + client_kernel_drops.value_or(0));
  }
  if (is_arena()) return unexplained(sent, answered(), explained);
  // Without an arena's own count, a packet that came back is one that arrived.
  return unexplained(sent, echoes, explained + client_kernel_drops.value_or(0) + damaged);
}

std::int64_t LoadReport::unaccounted_replies() const {
  if (!is_arena()) return 0;  // echoes: in the requests
  // An arena that is told wrong numbers answers with some: nothing is known of its snapshots.
  if (impairment && impairment->damaged > 0) return 0;
  const std::uint64_t came = impairment ? impairment->snapshots : snapshots;
  return unexplained(snapshots_sent(), came, client_kernel_drops.value_or(0));
}

std::uint64_t LoadReport::arrived() const {
  return impairment ? impairment->of(Direction::kToClient).arrived : received;
}

std::uint64_t LoadReport::answered() const {
  if (!is_arena()) return echoes;
  // What comes damaged to a client is not to be believed. Nor are inputs that an arena takes for
  // others: it may count more than there were.
  return impairment ? std::min(sent, impairment->inputs) : inputs_received;
}

std::uint64_t LoadReport::unanswered_by_impairment() const {
  const std::uint64_t known = answered() + (is_arena() ? 0 : damaged);
  const std::uint64_t client_drops = is_arena() ? 0 : client_kernel_drops.value_or(0);
  const std::uint64_t otherwise =
      server_kernel_drops.value_or(0) + connection_refused + client_drops +
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, unaccounted_requests()));
  // Drops and refusals may have been of copies of what was answered all the same.
  const std::uint64_t least = impairment ? impairment->surely_unanswered() : 0;
  return std::max(least, sent - std::min(sent, known + otherwise));
}

void LoadReport::refuse_send(int error) {
  ++send_refused;
  ++send_errors[error];
  send_error = error;
}

std::optional<double> LoadReport::late_percent() const {
  const std::uint64_t due = sent + send_refused + send_missed;
  if (due == 0) return std::nullopt;
  return 100.0 * static_cast<double>(late_sends + send_missed) / static_cast<double>(due);
}

void LoadReport::add_counts(const LoadReport& other) {
  for (const auto field : {&LoadReport::sent,
                           &LoadReport::send_refused,
                           &LoadReport::send_missed,
                           &LoadReport::received,
                           &LoadReport::echoes,
                           &LoadReport::late,
                           &LoadReport::repeated,
                           &LoadReport::foreign,
                           &LoadReport::corrupted,
                           &LoadReport::damaged,
                           &LoadReport::connection_refused,
                           &LoadReport::replies,
                           &LoadReport::replies_expected,
                           &LoadReport::snapshots,
                           &LoadReport::snapshots_announced,
                           &LoadReport::inputs_received,
                           &LoadReport::joins,
                           &LoadReport::joins_answered,
                           &LoadReport::joins_failed,
                           &LoadReport::late_sends,
                           &LoadReport::delayed_sends_refused}) {
    this->*field += other.*field;
  }
  if (other.impairment) {
    if (!impairment) impairment.emplace();
    impairment->add(*other.impairment);
  }
  cookie.add(other.cookie);
  packet_bytes = std::max(packet_bytes, other.packet_bytes);
  if (client_kernel_drops && other.client_kernel_drops) {
    *client_kernel_drops += *other.client_kernel_drops;
  } else {
    client_kernel_drops.reset();
  }
  round_trip.merge(other.round_trip);
  round_trip_uncorrected.merge(other.round_trip_uncorrected);
  join_round_trip.merge(other.join_round_trip);
  send_lateness.merge(other.send_lateness);
  busiest_thread_percent = std::max(busiest_thread_percent, other.busiest_thread_percent);
  if (!socket_buffer) socket_buffer = other.socket_buffer;
  targets.resize(std::max(targets.size(), other.targets.size()));
  for (std::size_t i = 0; i < other.targets.size(); ++i) {
    targets[i].sent += other.targets[i].sent;
    targets[i].received += other.targets[i].received;
    targets[i].forwarded += other.targets[i].forwarded;
    targets[i].arrived += other.targets[i].arrived;
  }
  for (const auto& [error, count] : other.send_errors) send_errors[error] += count;
  for (const auto error :
       {&LoadReport::join_error, &LoadReport::send_error, &LoadReport::wait_error}) {
    if (other.*error != 0) this->*error = other.*error;
  }
}

std::string broken_run(const LoadReport& report) {
  if (report.wait_error != 0) {
    return fmt::format("the kernel does not let this program wait for replies: {}.",
                       std::strerror(report.wait_error));
  }
  const bool has_left =
      !report.impairment || report.impairment->of(Direction::kToServer).forwarded > 0;
  if (report.sent > 0 && (has_left || report.delayed_sends_refused == 0)) return "";
  if (report.send_refused + report.delayed_sends_refused == 0)
    return "nothing was sent: the run ended before the first packet.";
  return fmt::format("nothing was sent: the kernel refused every packet, at last with: {}.",
                     std::strerror(report.send_error));
}

namespace {

// As it was asked for, and where that is a name, the addresses that were tried.
std::string target_of(const LoadOptions& options, const LoadReport& report) {
  std::string_view rest = options.target_text;
  bool has_name = false;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (!parse_target_address(one)) has_name = true;
  }
  if (!has_name || report.addresses.empty()) return options.target_text;
  return fmt::format("{} ({})", options.target_text, fmt::join(report.addresses, ", "));
}

// Of several targets; one alone is judged by the sums.
std::string judge_targets(const LoadReport& report) {
  for (std::size_t i = 0; i < report.targets.size(); ++i) {
    if (!report.targets[i].is_silent()) continue;
    return fmt::format("no reply from {}, one of {} targets. Is a server running there?",
                       report.addresses[i], report.targets.size());
  }
  return "";
}

std::string judge_account(const LoadOptions& options, const LoadReport& report) {
  if (options.expect == ExpectedReply::kNothing) return "";
  if (report.impairment) {
    if (report.impairment->of(Direction::kToServer).unaccounted() != 0 ||
        report.impairment->of(Direction::kToClient).unaccounted() != 0) {
      return "packets are unaccounted for within the impairment: this program has a fault.";
    }
    // All is lost, as was asked for: there is nothing to be said of the server.
    if (report.impairment->of(Direction::kToServer).forwarded == 0) return "";
  }
  const std::uint64_t arrived = report.arrived();
  if (arrived == 0 && report.connection_refused > 0) {
    return fmt::format("nobody listens at {}: start a server there first, ringpeer serve for one.",
                       target_of(options, report));
  }
  // A session that was recorded without its answers has none to expect.
  const bool expects_any = !options.counts_replies() || report.replies_expected > 0;
  if (arrived == 0 && expects_any) {
    return fmt::format(
        "no reply from {}. Is a server running there? For one that never answers "
        "(ringpeer serve --mode sink), add --expect nothing.",
        target_of(options, report));
  }
  if (std::string silent = judge_targets(report); expects_any && !silent.empty()) return silent;
  if (options.counts_replies()) return judge_replies(report.replies, report.replies_expected);
  if (options.has_steps()) return "";  // that packets are lost is what it looks for
  const std::int64_t requests = report.unaccounted_requests();
  const std::int64_t replies = report.unaccounted_replies();
  if (requests == 0 && replies == 0) return "";
  return fmt::format(
      "{} requests and {} replies are unaccounted for: neither answered nor dropped by a kernel "
      "buffer that can be seen from here. {}",
      requests, replies,
      report.server_kernel_drops
          ? "The server's own report says what it dropped itself."
          : "The target is not on this machine: the network may have lost them.");
}

std::string judge_search(const LoadReport& report) {
  const FindMaxResult& found = *report.find_max;
  if (found.limited_by == KneeLimit::kStopped) {
    return "a signal ended the search before it was done.";
  }
  if (!found.knee_per_s && found.limited_by == KneeLimit::kGenerator) {
    return fmt::format("no rate is known to keep the goal: {}. Choose lower rates (--ramp A..B).",
                       fmt::join(reasons_against(report), "; "));
  }
  if (!found.knee_per_s) {
    return "not even the lowest rate keeps the goal: choose a lower one (--ramp A..B), or another "
           "goal (--loss, --p99).";
  }
  if (found.limited_by != KneeLimit::kTarget || found.is_verified()) return "";
  return "the highest rate could not be verified: 0.8 of it does not always keep the goal, or 1.25 "
         "of it sometimes does. Try again, with a longer --step.";
}

}  // namespace

std::string judge_load(const LoadOptions& options, const LoadReport& report) {
  // Of a run that goes on packets are on their way, and the first may be.
  if (report.is_interim && report.wait_error == 0) return "";
  if (options.cookie && report.cookie.entered == 0 && report.wait_error == 0) {
    return no_challenge_text(target_of(options, report), report.connection_refused > 0);
  }
  if (std::string broken = broken_run(report); !broken.empty()) return broken;
  std::string bad = judge_account(options, report);
  if (bad.empty() && report.find_max) bad = judge_search(report);
  if (!bad.empty() || options.allow_invalid) return bad;
  for (const std::string& reason : reasons_against(report)) {
    bad += (bad.empty() ? "the run is not valid: " : "; ") + reason;
  }
  return bad.empty() ? "" : bad + ".";
}

}  // namespace ringpeer::tools
