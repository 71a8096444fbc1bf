#ifndef RINGPEER_TOOLS_LOAD_EVEN_SCHEDULE_H_
#define RINGPEER_TOOLS_LOAD_EVEN_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "ringpeer/tools/load/send_schedule.h"
#include "ringpeer/tools/measure/pacer.h"

namespace ringpeer::tools {

// Packets at one distance from each other, of the places in turn; or as many at a time as a burst
// has, further apart. Of those that were found due,
// and are not taken soon, it leaves out what becomes older than twice kMaxCatchUp, but for the
// newest.
// Threads: one.
class EvenSchedule : public SendSchedule {
 public:
  // `packets_per_second` is that of all places, which are one at least, as is `burst`.
  EvenSchedule(double packets_per_second, std::uint32_t burst, Clock::time_point start,
               std::size_t places, Missed missed);

  std::optional<Due> take(Clock::time_point until) override;
  Clock::time_point next_due() override;
  std::uint64_t begin(const Due& taken, Clock::time_point /*leaves_at*/) override {
    return taken.index;
  }

 private:
  Clock::time_point due_time(std::uint64_t packet) const {
    return pacer_.due_time(packet / burst_);
  }
  void leave_out_old(Clock::time_point until);
  void tell_missed(std::uint64_t first, std::uint64_t end) const;

  std::uint64_t burst_;
  Pacer pacer_;  // of bursts
  std::size_t places_;
  Missed missed_;
  // Packets that are due and were not taken.
  std::uint64_t next_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_EVEN_SCHEDULE_H_
