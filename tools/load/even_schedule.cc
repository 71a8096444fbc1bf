#include "ringpeer/tools/load/even_schedule.h"

#include <algorithm>

namespace ringpeer::tools {
namespace {

// Bursts.
std::uint64_t most_at_once(double bursts_per_second) {
  const double seconds = std::chrono::duration<double>(SendSchedule::kMaxCatchUp).count();
  return static_cast<std::uint64_t>(bursts_per_second * seconds) + 1;
}

}  // namespace

EvenSchedule::EvenSchedule(double packets_per_second, std::uint32_t burst, Clock::time_point start,
                           std::size_t places, Missed missed)
    : burst_(burst),
      pacer_(packets_per_second / burst, start, most_at_once(packets_per_second / burst)),
      places_(places),
      missed_(std::move(missed)) {}

std::optional<SendSchedule::Due> EvenSchedule::take(Clock::time_point until) {
  if (next_ == end_) {
    const std::uint64_t missed_before = pacer_.missed();
    const Pacer::Due due = pacer_.take_due(until);
    next_ = due.first * burst_;
    end_ = (due.first + due.count) * burst_;
    tell_missed(next_ - (pacer_.missed() - missed_before) * burst_, next_);
  }
  if (next_ == end_) return std::nullopt;
  leave_out_old(until);
  const std::uint64_t packet = next_++;
  return Due{.place = packet % places_, .index = packet / places_, .time = due_time(packet)};
}

SendSchedule::Clock::time_point EvenSchedule::next_due() {
  return next_ < end_ ? due_time(next_) : pacer_.next_due();
}

// Not older than kMaxCatchUp when they were found due, and since then become so once more.
void EvenSchedule::leave_out_old(Clock::time_point until) {
  const Clock::time_point oldest = until - 2 * kMaxCatchUp;
  const std::uint64_t first = next_;
  while (next_ + 1 < end_ && due_time(next_) < oldest) ++next_;
  tell_missed(first, next_);
}

void EvenSchedule::tell_missed(std::uint64_t first, std::uint64_t end) const {
  SendSchedule::tell_missed(missed_, first, end,
                            [this](std::uint64_t packet) { return due_time(packet); });
}

}  // namespace ringpeer::tools
