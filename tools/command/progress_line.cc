#include "ringpeer/tools/command/progress_line.h"

#include <unistd.h>

#include <string>

#include "ringpeer/tools/command/terminal.h"

namespace ringpeer::tools {
namespace {

// Often enough to look alive, seldom enough to cost nothing.
constexpr std::chrono::milliseconds kUpdateInterval{250};
// Back to the first column, and erase to the end of the line, or of the screen.
constexpr std::string_view kStartOver = "\r\x1b[K";
constexpr std::string_view kStartOverAbove = "\r\x1b[J";

void write(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

}  // namespace

ProgressLine::ProgressLine(std::FILE* file)
    : file_(file), visible_(file != nullptr && isatty(fileno(file)) != 0) {}

ProgressLine::~ProgressLine() { make_way(); }

void ProgressLine::make_way() {
  next_update_ = {};
  if (!visible_ || columns_ == 0) return;
  erase(terminal_size(file_));
  std::fflush(file_);
}

void ProgressLine::update(Clock::time_point now, std::string_view text) {
  if (!wants_update(now)) return;
  next_update_ = now + kUpdateInterval;
  const TerminalSize size = terminal_size(file_);
  erase(size);
  const std::string_view shown = fitting(text, size);
  columns_ = columns_of(shown);
  write(file_, shown);
  std::fflush(file_);
}

// The terminal may have become narrower since: then the line goes on below.
void ProgressLine::erase(const TerminalSize& size) {
  const std::size_t above = lines_taken(columns_, size) - 1;
  if (above > 0) write(file_, "\x1b[" + std::to_string(above) + "A");
  write(file_, above > 0 ? kStartOverAbove : kStartOver);
  columns_ = 0;
}

}  // namespace ringpeer::tools
