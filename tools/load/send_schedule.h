#ifndef RINGPEER_TOOLS_LOAD_SEND_SCHEDULE_H_
#define RINGPEER_TOOLS_LOAD_SEND_SCHEDULE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace ringpeer::tools {

// When the clients of one generator send: fixed before, whatever becomes of the packets. A client
// has a place; whoever leaves is followed by another in the same place.
//
// Threads: one.
class SendSchedule {
 public:
  using Clock = std::chrono::steady_clock;

  struct Due {
    std::size_t place = 0;
    std::uint64_t index = 0;  // which packet of the place's client, from 0 and without end
    Clock::time_point time;
  };
  // Is told of packets that are left out, and when the first of them was due.
  using Missed = std::function<void(Clock::time_point due, std::uint64_t packets)>;

  // A generator that was not scheduled for longer than this leaves packets out, and says so,
  // rather than flood the server with old ones.
  static constexpr std::chrono::milliseconds kMaxCatchUp{100};

  virtual ~SendSchedule() = default;

  // The next packet that is due at `until`; nothing when all of them were taken.
  virtual std::optional<Due> take(Clock::time_point until) = 0;
  // When there will be something to take.
  virtual Clock::time_point next_due() = 0;
  // Says that the packet taken last is the first of another client, which leaves at `leaves_at`:
  // which of its packets that is.
  virtual std::uint64_t begin(const Due& taken, Clock::time_point leaves_at) = 0;

 protected:
  // Tells `missed` of the packets from `first` to before `end`, in a bounded number of portions.
  template <typename DueTime>
  static void tell_missed(const Missed& missed, std::uint64_t first, std::uint64_t end,
                          const DueTime& due_time) {
    constexpr std::uint64_t kMaxPortions = 1000;
    if (first >= end) return;
    const std::uint64_t portion = std::max<std::uint64_t>(1, (end - first) / kMaxPortions);
    for (std::uint64_t packet = first; packet < end; packet += portion) {
      missed(due_time(packet), std::min(portion, end - packet));
    }
  }
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_SEND_SCHEDULE_H_
