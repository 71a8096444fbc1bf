#include "ringpeer/tools/command/progress_line.h"

#include <unistd.h>

namespace ringpeer::tools {
namespace {

// Often enough to look alive, seldom enough to cost nothing.
constexpr std::chrono::milliseconds kUpdateInterval{250};
// Back to the first column, and erase to the end of the line.
constexpr std::string_view kStartOver = "\r\x1b[K";

void write(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

}  // namespace

ProgressLine::ProgressLine(std::FILE* file)
    : file_(file), visible_(file != nullptr && isatty(fileno(file)) != 0) {}

ProgressLine::~ProgressLine() { make_way(); }

void ProgressLine::make_way() {
  if (!visible_) return;
  write(file_, kStartOver);
  std::fflush(file_);
  next_update_ = {};
}

void ProgressLine::update(Clock::time_point now, std::string_view text) {
  if (!wants_update(now)) return;
  next_update_ = now + kUpdateInterval;
  write(file_, kStartOver);
  write(file_, text);
  std::fflush(file_);
}

}  // namespace ringpeer::tools
