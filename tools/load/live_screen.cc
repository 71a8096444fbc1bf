#include "ringpeer/tools/load/live_screen.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::tools {
namespace {

constexpr double kLongRun = 2;  // seconds
// A log has a line a second, and of a long run about as many as a screen or three hold.
constexpr double kLogLines = 60;
// What the view takes, and the line that the cursor stands in.
constexpr int kFewestLines = 16;
constexpr double kPercent = 100;

}  // namespace

LiveScreen::LiveScreen(std::FILE* file, std::string title, std::uint32_t threads)
    : file_(file),
      form_(form_for(file)),
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

LiveScreen::Form LiveScreen::form_for(std::FILE* file) {
  const int descriptor = fileno(file);
  if (isatty(descriptor) == 0) return Form::kLog;
  winsize size = {};
  const bool is_known = ioctl(descriptor, TIOCGWINSZ, &size) == 0;
  return is_known && size.ws_col >= LiveView::kColumns && size.ws_row >= kFewestLines
             ? Form::kScreen
             : Form::kLine;
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
  switch (form_) {
    case Form::kScreen:
      draw();
      return;
    case Form::kLine:
      line_.update(Clock::now(), view_.line());
      return;
    case Form::kLog:
      if (figures.elapsed_s < next_log_s_) return;
      next_log_s_ = figures.elapsed_s + std::max(1.0, figures.planned_s / kLogLines);
      write(view_.line() + "\n");
      std::fflush(file_);
  }
}

void LiveScreen::draw() {
  std::string text = drawn_lines_ > 0 ? fmt::format("\r\x1b[{}A", drawn_lines_) : "\r";
  const auto lines = view_.screen();
  for (const std::string& line : lines) text += line + "\x1b[K\r\n";
  write(text);
  std::fflush(file_);
  drawn_lines_ = lines.size();
}

void LiveScreen::erase() {
  if (drawn_lines_ == 0) return;
  write(fmt::format("\r\x1b[{}A\x1b[J", drawn_lines_));
  drawn_lines_ = 0;
}

void LiveScreen::write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), file_); }

}  // namespace ringpeer::tools
