#include "ringpeer/tools/impair/impair_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/tools/command/run_duration.h"
#include "ringpeer/tools/load/target_address.h"

namespace ringpeer::tools {
namespace {

constexpr double kPercent = 0.01;
constexpr double kKilobit = 1000;
// Percent, and a minute in ms: longer than any network keeps a datagram.
constexpr double kMaxPercent = 100;
constexpr double kMaxDelay = 60'000;
// A longer burst is an outage, and too rare to come about in a run.
constexpr double kMaxBurst = 1000;
// kbit/s: the fastest network cards make a hundred times as much, and this relay does not.
constexpr double kMaxRate = 10'000'000;
// Each takes memory.
constexpr double kMaxQueue = 100'000;

std::chrono::nanoseconds milliseconds(double number) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double, std::milli>(number));
}

constexpr ImpairmentOption kOptions[] = {
    {"--loss", "%", 0, kMaxPercent, "0", "percent of the datagrams that are lost",
     [](Impairment* to, double number) { to->loss = number * kPercent; }},
    {"--burst", "datagrams", 1, kMaxBurst, "",
     "lose them in bursts of so many on average (Gilbert's model), not each by itself",
     [](Impairment* to, double number) { to->burst = number; }},
    {"--delay", "ms", 0, kMaxDelay, "0", "milliseconds that each takes longer",
     [](Impairment* to, double number) { to->delay = milliseconds(number); }},
    {"--jitter", "ms", 0, kMaxDelay, "0", "milliseconds by which delays differ from --delay",
     [](Impairment* to, double number) { to->jitter = milliseconds(number); }},
    {"--duplicate", "%", 0, kMaxPercent, "0", "percent that come twice",
     [](Impairment* to, double number) { to->duplicate = number * kPercent; }},
    {"--reorder", "%", 0, kMaxPercent, "0",
     "percent that leave after the next one of the same client",
     [](Impairment* to, double number) { to->reorder = number * kPercent; }},
    {"--truncate", "%", 0, kMaxPercent, "0", "percent that are cut to a random size",
     [](Impairment* to, double number) { to->truncate = number * kPercent; }},
    {"--corrupt", "%", 0, kMaxPercent, "0", "percent of which one bit is turned over",
     [](Impairment* to, double number) { to->corrupt = number * kPercent; }},
    {"--rate", "kbit/s", 1, kMaxRate, "",
     "kilobits a second of each client's link, headers included",
     [](Impairment* to, double number) { to->bits_per_second = number * kKilobit; }},
    {"--queue", "datagrams", 1, kMaxQueue, "100", "how many may wait for the link of --rate",
     [](Impairment* to, double number) { to->queue = static_cast<std::size_t>(number); }},
};

// An option that would change nothing is a mistake; who gave it hears of it.
std::string complaint_about_unused(const ImpairOptions& options) {
  const auto any = [&](auto has) { return std::ranges::any_of(options.impairments, has); };
  const bool jitter = any([](const Impairment& asked) { return asked.jitter.count() > 0; });
  if (any([](const Impairment& asked) { return asked.burst > 0; }) &&
      !any([](const Impairment& asked) { return asked.burst > 0 && asked.loss > 0; })) {
    return "--burst: how losses come together. Add --loss.";
  }
  if (any([](const Impairment& asked) { return asked.queue != Impairment().queue; }) &&
      !any([](const Impairment& asked) { return asked.bits_per_second > 0; })) {
    return "--queue: how many wait for the link. Add --rate.";
  }
  if (options.keep_order && any([](const Impairment& asked) { return asked.reorder > 0; })) {
    return "--keep-order and --reorder: choose one of them.";
  }
  if (options.keep_order && !jitter) return "--keep-order: of what --jitter lets pass. Add it.";
  if (options.shape != JitterShape::kUniform && !jitter) {
    return "--distribution: of --jitter. Add it.";
  }
  return "";
}

std::string complaint_about_bursts(const Impairment& asked) {
  const double most = asked.burst / (asked.burst + 1);
  if (asked.burst == 0 || asked.loss <= most) return "";
  return fmt::format(
      "--burst {}: at least one datagram comes through between two bursts, so at most {:.1f} % can "
      "be lost. Choose a smaller --loss or longer bursts.",
      asked.burst, most / kPercent);
}

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

std::span<const ImpairmentOption> impairment_options() { return kOptions; }

std::string read_impairment(const ImpairmentOption& option, const std::string& text,
                            ImpairOptions* options) {
  const std::string_view whole = text;
  const std::size_t slash = whole.find('/');
  const bool is_one = slash == std::string_view::npos;
  const std::array<std::string_view, kDirections.size()> sides = {
      whole.substr(0, slash), is_one ? whole : whole.substr(slash + 1)};
  bool is_right = whole != "/" && !whole.empty();
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const std::string_view side = sides[i];
    if (side.empty()) continue;
    double number = 0;
    const auto [end, error] = std::from_chars(side.data(), side.data() + side.size(), number);
    is_right = is_right && error == std::errc() && end == side.data() + side.size() &&
               number >= option.least && number <= option.most;
    if (is_right) option.set(&options->impairments[i], number);
  }
  if (is_right) return "";
  return fmt::format(
      "{} {}: choose {} to {} {}. Two, like {}/{}, are for the way to the server and the way to "
      "the client; one side may be left out.",
      option.name, text, option.least, option.most, option.unit, option.least, option.most);
}

std::string check_impair_options(ImpairOptions* options) {
  std::string complaint = complaint_about_addresses(options);
  if (complaint.empty() &&
      (options->clients < 1 || options->clients > ImpairOptions::kMaxImpairedClients)) {
    complaint = fmt::format("--clients {}: choose 1 to {}.", options->clients,
                            ImpairOptions::kMaxImpairedClients);
  }
  if (complaint.empty()) complaint = complaint_about_times(*options);
  if (complaint.empty()) complaint = complaint_about_unused(*options);
  for (Impairment& impairment : options->impairments) {
    impairment.shape = options->shape;
    impairment.keep_order = options->keep_order;
    if (complaint.empty()) complaint = complaint_about_bursts(impairment);
  }
  return complaint;
}

}  // namespace ringpeer::tools
