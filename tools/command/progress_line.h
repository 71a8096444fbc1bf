#ifndef RINGPEER_TOOLS_COMMAND_PROGRESS_LINE_H_
#define RINGPEER_TOOLS_COMMAND_PROGRESS_LINE_H_

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string_view>

#include "ringpeer/tools/command/terminal.h"

namespace ringpeer::tools {

// One line on a terminal that is written over, as much of it as the terminal is wide; silent when
// `file` is null, a pipe or a file, so that logs hold no carriage returns.
// Threads: one. Lifetime: the file must outlive it. Failure: what cannot be written is not shown.
class ProgressLine {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ProgressLine(std::FILE* file);
  // Removes the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // True a few times a second, and never when the line is silent: ask before composing.
  bool wants_update(Clock::time_point now) const { return visible_ && now >= next_update_; }
  void update(Clock::time_point now, std::string_view text);
  // Removes it for words that stay; the next update() draws it again.
  void make_way();

 private:
  void erase(const TerminalSize& size);

  std::FILE* file_;
  bool visible_;
  std::size_t columns_ = 0;  // of what is drawn
  Clock::time_point next_update_{};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_PROGRESS_LINE_H_
