#ifndef RINGPEER_TOOLS_LOAD_REPLAY_SCHEDULE_H_
#define RINGPEER_TOOLS_LOAD_REPLAY_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "ringpeer/tools/load/send_schedule.h"
#include "ringpeer/tools/load/session_replay.h"

namespace ringpeer::tools {

// Each place's client sends at the times of a recorded session, counted from when it came, and who
// comes in its place begins with the first packet. Of what is due a client leaves out all that is
// older than kMaxCatchUp, but for the newest.
// Threads: one. Lifetime: the replay must outlive it.
class ReplaySchedule : public SendSchedule {
 public:
  // A client's time in its place.
  struct Visit {
    Clock::time_point begins;  // its first packet is due
    Clock::time_point leaves_at = Clock::time_point::max();
    std::uint64_t next = 0;  // its next packet
  };

  ReplaySchedule(const SessionReplay* replay, std::vector<Visit> visits, Missed missed);

  // Of one time, the place with the lower number comes first.
  std::optional<Due> take(Clock::time_point until) override;
  Clock::time_point next_due() override;
  std::uint64_t begin(const Due& taken, Clock::time_point leaves_at) override;

 private:
  using Entry = std::pair<Clock::time_point, std::size_t>;

  Clock::time_point due_of(const Visit& visit, std::uint64_t index) const;
  void leave_out_old(Visit* visit, Clock::time_point until) const;
  void put_back();

  const SessionReplay* replay_;
  std::vector<Visit> visits_;
  Missed missed_;
  // The next event of each place: its client sends, or leaves.
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
  // The place that was taken last is put back with the next call: begin() may change it before.
  std::optional<std::size_t> taken_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_REPLAY_SCHEDULE_H_
