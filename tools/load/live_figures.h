#ifndef RINGPEER_TOOLS_LOAD_LIVE_FIGURES_H_
#define RINGPEER_TOOLS_LOAD_LIVE_FIGURES_H_

#include <cstdint>
#include <mutex>

#include "ringpeer/tools/measure/latency_histogram.h"

namespace ringpeer::tools {

// What is to be seen of a run while it goes on, of all its generators: all that a view of it
// needs. Threads: a plain value.
struct LiveFigures {
  double elapsed_s = 0;  // of planned_s, settling included
  double planned_s = 0;
  double offered_per_s = 0;  // packets/s in all that the schedule asks for now
  std::uint32_t clients = 0;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t answered = 0;
  std::uint64_t answers_due = 0;  // to those that were sent: one each, or as many as were recorded
  std::uint64_t late_sends = 0;
  std::uint64_t send_missed = 0;
  LatencyHistogram recent;  // round trips, corrected, since the look before
};

// Where generators leave their figures and the one that shows them picks them up. Threads: any.
class LiveBoard {
 public:
  // Of one generator since its last call; `clients` as many as it has more than then.
  void add(const LiveFigures& since, std::int64_t clients) {
    const std::lock_guard lock(mutex_);
    sum_.clients = static_cast<std::uint32_t>(sum_.clients + clients);
    sum_.sent += since.sent;
    sum_.received += since.received;
    sum_.answered += since.answered;
    sum_.answers_due += since.answers_due;
    sum_.late_sends += since.late_sends;
    sum_.send_missed += since.send_missed;
    sum_.recent.merge(since.recent);
  }
  LiveFigures look() {
    const std::lock_guard lock(mutex_);
    const LiveFigures seen = sum_;
    sum_.recent = LatencyHistogram();
    return seen;
  }

 private:
  std::mutex mutex_;
  LiveFigures sum_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LIVE_FIGURES_H_
