#include "ringpeer/tools/load/live_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "ringpeer/tools/command/text_table.h"
#include "ringpeer/tools/load/load_validity.h"

namespace ringpeer::tools {
namespace {

// In front of a figure, and of a curve.
constexpr std::size_t kLabelColumns = 12;
constexpr std::size_t kCurveColumns = LiveView::kColumns - kLabelColumns - 14;
constexpr std::size_t kBarColumns = 48;
// Long enough for a rate of a few packets a second, short enough to look alive.
constexpr double kMomentSeconds = 0.5;
// A generator beyond it has to be looked at, though the run is valid for some percent more.
constexpr double kBusyPercent = 85;

double microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e3;
}

std::string time_text(double us) {
  if (us <= 0) return "-";
  if (us < 1000) return fmt::format("{:.0f} us", us);
  if (us < 1e6) return fmt::format("{:.2f} ms", us / 1e3);
  return fmt::format("{:.2f} s", us / 1e6);
}

std::string whole(double number) { return with_thousands(std::llround(number)); }

std::string row(std::string_view label, const std::string& text) {
  return fmt::format(" {:<{}}{}", label, kLabelColumns, text);
}

// As many columns as there are bytes, but for the block characters of a curve.
std::string shortened(std::string text) {
  if (text.size() > LiveView::kColumns) text.resize(LiveView::kColumns);
  return text;
}

}  // namespace

bool LiveView::completes_moment(const LiveFigures& figures) const {
  return figures.elapsed_s - now_.elapsed_s >= kMomentSeconds;
}

bool LiveView::add(const LiveFigures& figures, double cpu_percent) {
  begun_.merge(figures.recent);
  if (!completes_moment(figures)) return false;
  const double seconds = figures.elapsed_s - now_.elapsed_s;
  last_.sent_per_s = static_cast<double>(figures.sent - now_.sent) / seconds;
  last_.answered_per_s = static_cast<double>(figures.answered - now_.answered) / seconds;
  last_.p99_us = microseconds(begun_.percentile(0.99));
  moments_.push_back(last_);
  if (moments_.size() > kCurveColumns) moments_.pop_front();
  now_ = figures;
  now_.recent = std::exchange(begun_, LatencyHistogram());
  cpu_percent_ = cpu_percent;
  return true;
}

std::string LiveView::bar() const {
  const double share =
      now_.planned_s > 0 ? std::clamp(now_.elapsed_s / now_.planned_s, 0.0, 1.0) : 0;
  const auto full = static_cast<std::size_t>(share * kBarColumns);
  const double left = std::max(0.0, now_.planned_s - now_.elapsed_s);
  return fmt::format(" [{}{}] {:3.0f} %, {:.0f} s left", std::string(full, '#'),
                     std::string(kBarColumns - full, '-'), share * 100, left);
}

std::string LiveView::curve(double Moment::*figure) const {
  static constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄",
                                                              "▅", "▆", "▇", "█"};
  static constexpr std::array<std::string_view, 8> kLetters = {"_", ".", "-", "=",
                                                               "+", "*", "%", "#"};
  double most = 0;
  for (const Moment& moment : moments_) most = std::max(most, moment.*figure);
  std::string text;
  for (const Moment& moment : moments_) {
    const double height = most > 0 ? moment.*figure / most : 0;
    const auto step = std::min<std::size_t>(7, static_cast<std::size_t>(height * 8));
    text += height == 0 ? " " : (utf8_ ? kBlocks : kLetters)[step];
  }
  return text;
}

// Of what answers nothing (a sink) there is no share.
std::string LiveView::unanswered() const {
  if (now_.answered == 0 || now_.answers_due == 0) return "nothing answered";
  const std::uint64_t missing = now_.answers_due - std::min(now_.answered, now_.answers_due);
  return fmt::format("{:.3f} % unanswered",
                     100.0 * static_cast<double>(missing) / static_cast<double>(now_.answers_due));
}

std::string LiveView::health() const {
  const double late = now_.sent == 0 ? 0
                                     : 100.0 * static_cast<double>(now_.late_sends) /
                                           static_cast<double>(now_.sent);
  const char* const verdict = late > kMaxLatePercent || now_.send_missed > 0 ? "not valid"
                              : cpu_percent_ > kBusyPercent                  ? "near its limit"
                                                                             : "keeps its time";
  return fmt::format("{:.2f} % late, {} missed, {:.0f} % of a core: {}", late,
                     with_thousands(static_cast<std::int64_t>(now_.send_missed)), cpu_percent_,
                     verdict);
}

std::vector<std::string> LiveView::screen() const {
  const auto count = [](std::uint64_t number) {
    return with_thousands(static_cast<std::int64_t>(number));
  };
  std::vector<std::string> lines = {
      shortened(" " + title_),
      bar(),
      "",
      row("offered",
          fmt::format("{:>11}/s   by {} clients", whole(now_.offered_per_s), count(now_.clients))),
      row("sent", fmt::format("{:>11}/s   {} in all", whole(last_.sent_per_s), count(now_.sent))),
      row("answered",
          fmt::format("{:>11}/s   {} in all", whole(last_.answered_per_s), count(now_.answered))),
      row("", fmt::format("  {}, those on their way included", unanswered())),
      "",
      row("round trip", fmt::format("p50 {}   p99 {}   p99.9 {}   max {}",
                                    time_text(microseconds(now_.recent.percentile(0.5))),
                                    time_text(microseconds(now_.recent.percentile(0.99))),
                                    time_text(microseconds(now_.recent.percentile(0.999))),
                                    time_text(microseconds(now_.recent.max())))),
      row("generator", health()),
      "",
  };
  for (std::string& line : lines) line = shortened(std::move(line));
  lines.push_back(row("answered/s", curve(&Moment::answered_per_s)));
  lines.push_back(row("p99", curve(&Moment::p99_us)));
  return lines;
}

std::string LiveView::line() const {
  return fmt::format(
      "{:.0f} of {:.0f} s: {} clients, sent {}/s, answered {}/s, {}, p50 {}, "
      "p99 {}, {}",
      now_.elapsed_s, now_.planned_s, with_thousands(now_.clients), whole(last_.sent_per_s),
      whole(last_.answered_per_s), unanswered(),
      time_text(microseconds(now_.recent.percentile(0.5))),
      time_text(microseconds(now_.recent.percentile(0.99))), health());
}

bool environment_is_utf8() {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text(value);
    return text.find("UTF-8") != text.npos || text.find("utf8") != text.npos ||
           text.find("UTF8") != text.npos || text.find("utf-8") != text.npos;
  }
  return false;
}

}  // namespace ringpeer::tools
