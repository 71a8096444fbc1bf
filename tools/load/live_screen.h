#ifndef RINGPEER_TOOLS_LOAD_LIVE_SCREEN_H_
#define RINGPEER_TOOLS_LOAD_LIVE_SCREEN_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/tools/command/progress_line.h"
#include "ringpeer/tools/command/terminal.h"
#include "ringpeer/tools/load/live_figures.h"
#include "ringpeer/tools/load/live_view.h"

namespace ringpeer::tools {

// Shows a run that takes more than two seconds while it goes on: on a terminal of 80 columns and
// enough lines as a screen that is drawn over, on a smaller one as one line, of which it shows what
// there is room for, and into a pipe or a file as a line from time to time. A terminal may change
// its size meanwhile. Shorter runs are over before anybody has read it.
// Threads: one. Lifetime: the file must outlive it. Failure: what cannot be written is not shown.
class LiveScreen {
 public:
  // `threads`: generators whose processor time is that of the process.
  LiveScreen(std::FILE* file, std::string title, std::uint32_t threads);
  // Removes what is drawn.
  ~LiveScreen();
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  // Call it some times a second.
  void show(const LiveFigures& figures);
  // Removes what is drawn for words that stay; the next show() draws it again.
  void make_way();

 private:
  using Clock = std::chrono::steady_clock;

  static bool fits(const TerminalSize& size);
  double cpu_percent();
  void log(const LiveFigures& figures);
  void draw(const TerminalSize& size);
  void erase();
  void write(std::string_view text);

  std::FILE* file_;
  bool is_terminal_;
  LiveView view_;
  ProgressLine line_;
  double threads_;
  double next_log_s_ = 0;
  std::vector<std::size_t> drawn_;  // the columns of each line
  TerminalSize drawn_size_;
  Clock::time_point cpu_since_;
  std::chrono::nanoseconds cpu_before_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LIVE_SCREEN_H_
