#ifndef RINGPEER_TOOLS_LOAD_LIVE_VIEW_H_
#define RINGPEER_TOOLS_LOAD_LIVE_VIEW_H_

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "ringpeer/tools/load/live_figures.h"
#include "ringpeer/tools/measure/latency_histogram.h"

namespace ringpeer::tools {

// A run while it goes on, as people read it: what is offered, sent and answered a second, how
// long answers take, and whether the generator keeps its time. It knows of no terminal:
// LiveScreen draws what it composes.
// Threads: one.
class LiveView {
 public:
  // What a line takes at most, in columns, and a screen, in lines: the smallest terminal that
  // people still use.
  static constexpr std::size_t kColumns = 80;
  static constexpr std::size_t kLines = 24;

  // `title` says what runs against what; `utf8`: whether the terminal shows block characters.
  LiveView(std::string title, bool utf8) : title_(std::move(title)), utf8_(utf8) {}

  // Whether the look at these makes a moment whole.
  bool completes_moment(const LiveFigures& figures) const;
  // The next look, some time after the one before; `cpu_percent` is what the generators took of
  // a core each in a moment that becomes whole. Looks of half a second make one moment: true when
  // one has become whole, and there is something new to show.
  bool add(const LiveFigures& figures, double cpu_percent);

  // At most kLines lines of at most kColumns columns, without line ends.
  std::vector<std::string> screen() const;
  // The same in one line, for a log.
  std::string line() const;

 private:
  struct Moment {
    double sent_per_s = 0;
    double answered_per_s = 0;
    double p99_us = 0;  // 0 without an answer
  };

  std::string bar() const;
  std::string curve(double Moment::*figure) const;
  std::string health() const;
  std::string unanswered() const;

  std::string title_;
  bool utf8_;
  double cpu_percent_ = 0;
  LiveFigures now_;  // `recent` of the last whole moment
  Moment last_;
  LatencyHistogram begun_;      // of the moment that is not whole
  std::deque<Moment> moments_;  // the last ones, as many as a line has room for
};

// Whether the environment (LC_ALL, LC_CTYPE, LANG, in this order) says UTF-8.
bool environment_is_utf8();

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LIVE_VIEW_H_
