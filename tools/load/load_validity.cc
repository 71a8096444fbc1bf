#include "ringpeer/tools/load/load_validity.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "ringpeer/tools/load/client_socket.h"

namespace ringpeer::tools {

GeneratorHealth health_of(const LoadReport& report) {
  return {.late_percent = report.late_percent(),
          .busiest_thread_percent = report.busiest_thread_percent,
          .steal_percent = report.steal_percent,
          .client_kernel_drops = report.client_kernel_drops.value_or(0),
          .joins_failed = report.joins_failed,
          .join_error = report.join_error,
          .send_refused = report.send_refused + report.delayed_sends_refused,
          .send_error = report.send_error};
}

std::vector<std::string> reasons_against(const GeneratorHealth& health) {
  std::vector<std::string> reasons;
  if (health.late_percent && *health.late_percent > kMaxLatePercent) {
    reasons.push_back(
        fmt::format("{:.1f} % of the sends were late by more than {} ms, or left out: use fewer "
                    "packets, more --threads, or an idle machine",
                    *health.late_percent, kLateSend.count()));
  }
  if (health.busiest_thread_percent && *health.busiest_thread_percent > kMaxThreadPercent) {
    reasons.push_back(
        fmt::format("a thread used {:.0f} % of its core: use more --threads, or several processes",
                    *health.busiest_thread_percent));
  }
  if (health.steal_percent && *health.steal_percent > kMaxStealPercent) {
    reasons.push_back(fmt::format(
        "the host took {:.1f} % of the processors' time: use a machine of your own, or try again",
        *health.steal_percent));
  }
  if (health.client_kernel_drops > 0) {
    reasons.push_back(
        fmt::format("{} answers were dropped for want of socket buffer at the clients: use more "
                    "--threads, or larger buffers (sysctl net.core.rmem_default)",
                    health.client_kernel_drops));
  }
  if (health.joins_failed > 0) {
    reasons.push_back(fmt::format("{} clients got no socket: {}. {}", health.joins_failed,
                                  std::strerror(health.join_error),
                                  way_out_of_socket_error(health.join_error)));
  }
  const bool no_buffer = health.send_error == EAGAIN || health.send_error == ENOBUFS;
  if (health.send_refused > 0 && no_buffer) {
    reasons.push_back(
        fmt::format("{} packets found no room in the socket buffer or the device's queue: use "
                    "fewer packets, or more clients",
                    health.send_refused));
  }
  return reasons;
}

namespace {

// A search tries rates that are too much for this program; they count when they are what ended it.
std::vector<std::string> reasons_of_search(const LoadReport& report) {
  if (report.find_max->limited_by != KneeLimit::kGenerator) return {};
  std::string why = "it cannot offer more";
  for (const LoadStep& step : report.steps) {
    if (!step.holds && !step.why.empty()) why = step.why;
  }
  return {fmt::format("this program, not the target, is the limit: {}", why)};
}

std::vector<std::string> reasons_of_steps(const LoadReport& report) {
  std::size_t invalid = 0;
  std::string why;
  for (const LoadStep& step : report.steps) {
    if (step.valid) continue;
    ++invalid;
    why = step.why;
  }
  if (invalid == 0) return {};
  return {fmt::format("{} of {} steps are not valid, the last because {}", invalid,
                      report.steps.size(), why)};
}

}  // namespace

std::vector<std::string> reasons_against(const LoadReport& report) {
  if (report.find_max) return reasons_of_search(report);
  return report.steps.empty() ? reasons_against(health_of(report)) : reasons_of_steps(report);
}

}  // namespace ringpeer::tools
