#include "ringpeer/codec/base/clock.h"

namespace ringpeer::base {

Clock::time_point Clock::now() noexcept { return std::chrono::steady_clock::now(); }

std::int64_t wall_clock_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

}  // namespace ringpeer::base
