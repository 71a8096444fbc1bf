#include "ringpeer/engine/send/send_marks.h"

#include <cassert>

namespace ringpeer::worker {

bool SendMarks::update() {
  // One at a time, and none that nobody has asked for.
  assert(passed_ <= begun_ && begun_ <= passed_ + 1 && begun_ <= requested_);
  const std::uint64_t before = passed_;
  if (begun_ > passed_ && is_reached()) passed_ = begun_;
  if (begun_ == passed_ && requested_ > begun_) {
    begin();
    if (is_reached()) passed_ = begun_;
  }
  return passed_ != before;
}

std::size_t SendMarks::pop(std::span<SendItem*> items) const {
  std::size_t count = 0;
  if (begun_ == passed_) return count;
  store_.for_each_lane([&](SendLane& lane) { count += lane.pop_to_mark(items.subspan(count)); });
  return count;
}

void SendMarks::begin() {
  ++begun_;
  store_.for_each_lane([](SendLane& lane) { lane.set_mark(); });
}

// A lane that was not there when the mark began has none, and is past it.
bool SendMarks::is_reached() const {
  bool reached = true;
  store_.for_each_lane(
      [&reached](const SendLane& lane) { reached = reached && lane.has_reached_mark(); });
  return reached;
}

}  // namespace ringpeer::worker
