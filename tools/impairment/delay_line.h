#ifndef RINGPEER_TOOLS_IMPAIRMENT_DELAY_LINE_H_
#define RINGPEER_TOOLS_IMPAIRMENT_DELAY_LINE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "ringpeer/tools/impairment/flow.h"

namespace ringpeer::tools {

// Datagrams in the order in which they leave: by time, and of one time as they came in.
// Threads: one.
class DelayLine {
 public:
  using Clock = std::chrono::steady_clock;

  Place add(Clock::time_point due, Traveller traveller);
  // To another time, behind all that have this one.
  void move(const Place& place, Clock::time_point due);

  bool is_empty() const { return waiting_.empty(); }
  Clock::time_point next_due() const { return waiting_.begin()->first.first; }  // not when empty
  // The next one that is due; nothing when none is.
  std::optional<std::pair<Place, Traveller>> take_due(Clock::time_point now);

  std::uint64_t count(Direction direction) const;
  std::size_t size() const { return waiting_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::map<Place, Traveller> waiting_;
  std::uint64_t next_number_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIRMENT_DELAY_LINE_H_
