#include "ringpeer/tests/engine/support/shifted_clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace ringpeer::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::atomic<std::int64_t> monotonic_shift{0};
std::atomic<std::int64_t> wall_shift{0};

}  // namespace

void shift_monotonic_clock(std::chrono::nanoseconds by) { monotonic_shift.fetch_add(by.count()); }
void shift_wall_clock(std::chrono::nanoseconds by) { wall_shift.fetch_add(by.count()); }
void reset_clocks() {
  monotonic_shift.store(0);
  wall_shift.store(0);
}

}  // namespace ringpeer::test

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  using namespace ringpeer::test;
  const long result = ::syscall(SYS_clock_gettime, clock, time);
  if (result != 0) return static_cast<int>(result);
  std::int64_t shift = 0;
  if (clock == CLOCK_MONOTONIC) shift = monotonic_shift.load(std::memory_order_relaxed);
  if (clock == CLOCK_REALTIME) shift = wall_shift.load(std::memory_order_relaxed);
  const std::int64_t sum = time->tv_sec * kSecond + time->tv_nsec + shift;
  time->tv_sec = sum / kSecond;
  time->tv_nsec = sum % kSecond;
  return 0;
}
