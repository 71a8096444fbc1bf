#include "ringpeer/tools/impairment/impairment_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>

#include "ringpeer/tools/command/printable_text.h"

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

constexpr std::string_view kQueue = "queue";

constexpr ImpairmentOption kOptions[] = {
    {"loss", "%", 0, kMaxPercent, "0", "percent of the datagrams that are lost",
     [](Impairment* to, double number) { to->loss = number * kPercent; }},
    {"burst", "datagrams", 1, kMaxBurst, "",
     "lose them in bursts of so many on average (Gilbert's model), not each by itself",
     [](Impairment* to, double number) { to->burst = number; }},
    {"delay", "ms", 0, kMaxDelay, "0", "milliseconds that each takes longer",
     [](Impairment* to, double number) { to->delay = milliseconds(number); }},
    {"jitter", "ms", 0, kMaxDelay, "0", "milliseconds by which delays differ from the delay",
     [](Impairment* to, double number) { to->jitter = milliseconds(number); }},
    {"duplicate", "%", 0, kMaxPercent, "0", "percent that come twice",
     [](Impairment* to, double number) { to->duplicate = number * kPercent; }},
    {"reorder", "%", 0, kMaxPercent, "0",
     "percent that leave after the next one of the same client",
     [](Impairment* to, double number) { to->reorder = number * kPercent; }},
    {"truncate", "%", 0, kMaxPercent, "0", "percent that are cut to a random size",
     [](Impairment* to, double number) { to->truncate = number * kPercent; }},
    {"corrupt", "%", 0, kMaxPercent, "0", "percent of which one bit is turned over",
     [](Impairment* to, double number) { to->corrupt = number * kPercent; }},
    {"rate", "kbit/s", 1, kMaxRate, "", "kilobits a second of each client's link, headers included",
     [](Impairment* to, double number) { to->bits_per_second = number * kKilobit; }},
    {kQueue.data(), "datagrams", 1, kMaxQueue, "100", "how many may wait for the link of the rate",
     [](Impairment* to, double number) { to->queue = static_cast<std::size_t>(number); }},
};

// An option that would change nothing is a mistake; who gave it hears of it.
std::string complaint_about_unused(const std::string& prefix, const ImpairmentPlan& plan) {
  const auto any = [&](auto has) { return std::ranges::any_of(plan.impairments, has); };
  const bool jitter = any([](const Impairment& asked) { return asked.jitter.count() > 0; });
  if (any([](const Impairment& asked) { return asked.burst > 0; }) &&
      !any([](const Impairment& asked) { return asked.burst > 0 && asked.loss > 0; })) {
    return fmt::format("{0}burst: how losses come together. Add {0}loss.", prefix);
  }
  if (plan.has_queue && !any([](const Impairment& asked) { return asked.bits_per_second > 0; })) {
    return fmt::format("{0}queue: how many wait for the link. Add {0}rate.", prefix);
  }
  if (plan.keep_order && any([](const Impairment& asked) { return asked.reorder > 0; })) {
    return fmt::format("{0}keep-order and {0}reorder: choose one of them.", prefix);
  }
  if (plan.keep_order && !jitter) {
    return fmt::format("{0}keep-order: of what {0}jitter lets pass. Add it.", prefix);
  }
  if (plan.shape != JitterShape::kUniform && !jitter) {
    return fmt::format("{0}distribution: of {0}jitter. Add it.", prefix);
  }
  return "";
}

std::string complaint_about_bursts(const std::string& prefix, const Impairment& asked) {
  const double most = asked.burst / (asked.burst + 1);
  if (asked.burst == 0 || asked.loss <= most) return "";
  return fmt::format(
      "{0}burst {1}: at least one datagram comes through between two bursts, so at most {2:.1f} % "
      "can be lost. Choose a smaller {0}loss or longer bursts.",
      prefix, asked.burst, most / kPercent);
}

}  // namespace

std::span<const ImpairmentOption> impairment_options() { return kOptions; }

const char* name_of(JitterShape shape) {
  return std::ranges::find(kJitterShapes, shape, &std::pair<const char*, JitterShape>::second)
      ->first;
}

std::string read_impairment(const ImpairmentOption& option, const std::string& prefix,
                            const std::string& text, ImpairmentPlan* plan) {
  plan->is_given = true;
  plan->has_queue = plan->has_queue || option.name == kQueue;
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
    if (is_right) option.set(&plan->impairments[i], number);
  }
  if (is_right) return "";
  return fmt::format(
      "{}{} {}: choose {} to {} {}. Two, like {}/{}, are for the way to the server and the way to "
      "the client; one side may be left out.",
      prefix, option.name, printable_text(text), option.least, option.most, option.unit,
      option.least, option.most);
}

std::string check_impairment_plan(const std::string& prefix, ImpairmentPlan* plan) {
  std::string complaint = complaint_about_unused(prefix, *plan);
  for (Impairment& impairment : plan->impairments) {
    impairment.shape = plan->shape;
    impairment.keep_order = plan->keep_order;
    if (complaint.empty()) complaint = complaint_about_bursts(prefix, impairment);
  }
  return complaint;
}

}  // namespace ringpeer::tools
