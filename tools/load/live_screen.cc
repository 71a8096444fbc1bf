#include "ringpeer/tools/load/live_screen.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "ringpeer/tools/command/terminal.h"
#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::tools {
namespace {

constexpr double kLongRun = 2;  // seconds
// A log has a line a second, and of a long run about as many as a screen or three hold.
constexpr double kLogLines = 60;
// What the view takes, and the line that the cursor stands in.
constexpr std::size_t kFewestLines = 16;
constexpr double kPercent = 100;

}  // namespace

LiveScreen::LiveScreen(std::FILE* file, std::string title, std::uint32_t threads)
    : file_(file),
      is_terminal_(isatty(fileno(file)) != 0),
      view_(std::move(title), environment_is_utf8()),
      line_(file),
      threads_(std::max<double>(threads, 1)),
      cpu_since_(Clock::now()),
      cpu_before_(process_cpu_time()) {}

LiveScreen::~LiveScreen() { make_way(); }

void LiveScreen::make_way() {
  erase();
  line_.make_way();
  std::fflush(file_);
}

double LiveScreen::cpu_percent() {
  const Clock::time_point now = Clock::now();
  const auto cpu = process_cpu_time();
  const auto passed = std::chrono::duration<double>(now - std::exchange(cpu_since_, now)).count();
  const auto used = std::chrono::duration<double>(cpu - std::exchange(cpu_before_, cpu)).count();
  return passed > 0 ? kPercent * used / passed / threads_ : 0;
}

void LiveScreen::show(const LiveFigures& figures) {
  if (figures.planned_s <= kLongRun) return;
  // Processor time is of a whole moment, as the rates are.
  if (!view_.add(figures, view_.completes_moment(figures) ? cpu_percent() : 0)) return;
  if (!is_terminal_) return log(figures);
  const TerminalSize size = terminal_size(file_);
  if (fits(size)) {
    line_.make_way();
    draw(size);
  } else {
    erase();
    line_.update(Clock::now(), view_.line());
  }
}

bool LiveScreen::fits(const TerminalSize& size) {
  return size.columns >= LiveView::kColumns && size.lines >= kFewestLines;
}

void LiveScreen::log(const LiveFigures& figures) {
  if (figures.elapsed_s < next_log_s_) return;
  next_log_s_ = figures.elapsed_s + std::max(1.0, figures.planned_s / kLogLines);
  write(view_.line() + "\n");
  std::fflush(file_);
}

// Over what is drawn, unless the terminal has put that somewhere else.
void LiveScreen::draw(const TerminalSize& size) {
  if (size != drawn_size_) erase();
  std::string text = drawn_.empty() ? "\r" : fmt::format("\r\x1b[{}A", drawn_.size());
  drawn_.clear();
  for (const std::string& line : view_.screen()) {
    text += line + "\x1b[K\r\n";
    drawn_.push_back(columns_of(line));
  }
  drawn_size_ = size;
  write(text);
  std::fflush(file_);
}

// A terminal that has become narrower has broken the lines; what left it at the top is no longer
// to be had.
void LiveScreen::erase() {
  if (drawn_.empty()) return;
  const TerminalSize size = terminal_size(file_);
  std::size_t lines = 0;
  for (const std::size_t columns : drawn_) lines += lines_taken(columns, size);
  write(fmt::format("\r\x1b[{}A\x1b[J", lines));
  drawn_.clear();
}

void LiveScreen::write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), file_); }

}  // namespace ringpeer::tools
