#include "ringpeer/tools/impair/impair_options.h"

#include <fmt/format.h>

#include <optional>

#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/tools/command/run_duration.h"
#include "ringpeer/tools/target/target_address.h"

namespace ringpeer::tools {
namespace {

std::string complaint_about_times(const ImpairOptions& options) {
  // Negated, so that NaN is refused too.
  if (!(options.idle_seconds >= ImpairOptions::kMinIdle &&
        options.idle_seconds <= ImpairOptions::kMaxIdle)) {
    return fmt::format("--idle {}: choose {} to {} seconds.", options.idle_seconds,
                       ImpairOptions::kMinIdle, ImpairOptions::kMaxIdle);
  }
  if (options.seconds != 0 && !is_duration(options.seconds)) {
    return fmt::format("--duration {}: choose {} to {} seconds, or 0 to run until a signal.",
                       options.seconds, kMinDuration, kMaxDuration);
  }
  if (options.report_seconds != 0 &&
      !(options.report_seconds >= ImpairOptions::kMinReportInterval &&
        options.report_seconds <= kMaxDuration)) {
    return fmt::format("--report {}: choose {} to {} seconds, or 0 for none before the end.",
                       options.report_seconds, ImpairOptions::kMinReportInterval, kMaxDuration);
  }
  return "";
}

std::string complaint_about_addresses(ImpairOptions* options) {
  const std::optional<net::Endpoint> target = parse_target_address(options->target_text);
  if (!target) {
    return fmt::format(
        "--target {}: write an address and a port, like 127.0.0.1:4000 or [::1]:4000. Names are "
        "not resolved.",
        options->target_text);
  }
  options->target = *target;
  if (options->port < 0 || options->port > kMaxPort) {
    return fmt::format("--port {}: choose 1 to {}, or 0 for any free port.", options->port,
                       kMaxPort);
  }
  if (!parse_listen_address(options->address, options->port)) {
    return fmt::format(
        "--address {}: write an address of this machine, like 127.0.0.1, ::1 or fe80::1%eth0, or * "
        "for all of them. Names are not resolved.",
        options->address);
  }
  return "";
}

}  // namespace

std::string check_impair_options(ImpairOptions* options) {
  std::string complaint = complaint_about_addresses(options);
  if (complaint.empty() &&
      (options->clients < 1 || options->clients > ImpairOptions::kMaxImpairedClients)) {
    complaint = fmt::format("--clients {}: choose 1 to {}.", options->clients,
                            ImpairOptions::kMaxImpairedClients);
  }
  if (complaint.empty()) complaint = complaint_about_times(*options);
  if (complaint.empty()) complaint = check_impairment_plan(kImpairPrefix, &options->plan);
  return complaint;
}

}  // namespace ringpeer::tools
