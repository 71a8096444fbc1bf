#include "ringpeer/tools/load/replay_schedule.h"

#include <algorithm>

namespace ringpeer::tools {

ReplaySchedule::ReplaySchedule(const SessionReplay* replay, std::vector<Visit> visits,
                               Missed missed)
    : replay_(replay), visits_(std::move(visits)), missed_(std::move(missed)) {
  for (std::size_t place = 0; place < visits_.size(); ++place) {
    taken_ = place;
    put_back();
  }
}

SendSchedule::Clock::time_point ReplaySchedule::due_of(const Visit& visit,
                                                       std::uint64_t index) const {
  return visit.begins + replay_->offset(index);
}

void ReplaySchedule::put_back() {
  if (!taken_) return;
  const Visit& visit = visits_[*taken_];
  queue_.emplace(std::min(due_of(visit, visit.next), visit.leaves_at), *taken_);
  taken_.reset();
}

std::optional<SendSchedule::Due> ReplaySchedule::take(Clock::time_point until) {
  put_back();
  if (queue_.empty() || queue_.top().first > until) return std::nullopt;
  const std::size_t place = queue_.top().second;
  queue_.pop();
  taken_ = place;
  Visit& visit = visits_[place];
  if (due_of(visit, visit.next) >= visit.leaves_at) visit = {.begins = visit.leaves_at};
  leave_out_old(&visit, until);
  const std::uint64_t index = visit.next++;
  return Due{.place = place, .index = index, .time = due_of(visit, index)};
}

// However many they are: a recording may have thousands of rounds in a pause of this program.
void ReplaySchedule::leave_out_old(Visit* visit, Clock::time_point until) const {
  const auto first_at = [&](Clock::time_point time) {
    return replay_->first_at(time - visit->begins);
  };
  const Clock::time_point oldest = until - kMaxCatchUp;
  if (due_of(*visit, visit->next) >= oldest) return;
  // Of those that are due while their client is there, the newest stays.
  const std::uint64_t due_before = first_at(until + std::chrono::nanoseconds(1));
  const std::uint64_t newest = std::min(due_before, first_at(visit->leaves_at)) - 1;
  const std::uint64_t end = std::min(first_at(oldest), newest);
  tell_missed(missed_, visit->next, end,
              [&](std::uint64_t index) { return due_of(*visit, index); });
  visit->next = end;
}

SendSchedule::Clock::time_point ReplaySchedule::next_due() {
  put_back();
  return queue_.empty() ? Clock::time_point::max() : queue_.top().first;
}

std::uint64_t ReplaySchedule::begin(const Due& taken, Clock::time_point leaves_at) {
  visits_[taken.place] = {.begins = taken.time, .leaves_at = leaves_at, .next = 1};
  return 0;
}

}  // namespace ringpeer::tools
