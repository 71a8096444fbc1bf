#include "ringpeer/tools/measure/pacer.h"

#include <poll.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

#include "ringpeer/tools/measure/seconds_to_nanoseconds.h"

namespace ringpeer::tools {
namespace {

// In milliseconds: callers look at the time again, and at signals.
constexpr std::int64_t kMaxPoll = 1000;

// As a number: of a rate near 0 the distance is none that a duration could hold.
constexpr double kMaxDistance = static_cast<double>(std::chrono::nanoseconds(kMaxWait).count());

}  // namespace

Pacer::Pacer(double events_per_second, Clock::time_point start, std::uint64_t most_at_once)
    : nanoseconds_per_event_(std::min(1e9 / events_per_second, kMaxDistance)),
      start_(start),
      most_at_once_(std::max<std::uint64_t>(most_at_once, 1)) {}

Pacer::Clock::time_point Pacer::due_time(std::uint64_t event) const {
  const double offset = static_cast<double>(event) * nanoseconds_per_event_;
  return start_ +
         std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(offset, kMaxDistance)));
}

Pacer::Due Pacer::take_due(Clock::time_point now) {
  if (now < next_due()) return {next_, 0};
  const std::chrono::nanoseconds elapsed = now - start_;
  auto end =
      static_cast<std::uint64_t>(static_cast<double>(elapsed.count()) / nanoseconds_per_event_) + 1;
  // Division and due_time() round differently: event next_ is due, whatever was computed.
  end = std::max(end, next_ + 1);
  const std::uint64_t count = std::min(end - next_, most_at_once_);
  missed_ += end - next_ - count;
  next_ = end;
  return {end - count, count};
}

void sleep_until_or_signal(Pacer::Clock::time_point when) {
  const auto since_epoch =
      std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  const timespec deadline = {.tv_sec = since_epoch / kNanosecondsPerSecond,
                             .tv_nsec = since_epoch % kNanosecondsPerSecond};
  // steady_clock is CLOCK_MONOTONIC on Linux. EINTR is the point: the caller looks at
  // its stop flag.
  const int error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nullptr);
  if (error == 0 || error == EINTR) return;
  // Forbidden here. A caller that is not slept for would take a whole core.
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Pacer::Clock::now());
  poll(nullptr, 0, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kMaxPoll)));
}

}  // namespace ringpeer::tools
