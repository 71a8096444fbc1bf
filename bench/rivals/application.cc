#include "ringpeer/bench/rivals/application.h"

#include <algorithm>
#include <limits>

#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::bench {

std::uint64_t Application::spin(std::uint64_t rounds) {
  // Each round needs the one before it, so that none is left out.
  std::uint64_t value = rounds;
  for (std::uint64_t i = 0; i < rounds; ++i) value = value * 6364136223846793005U + i;
  return value;
}

void Application::set_work(std::chrono::nanoseconds duration) {
  if (duration.count() == 0) {
    work_rounds_ = 0;
    return;
  }
  // The fastest of several tries is the one that nothing interrupted.
  constexpr std::uint64_t kRounds = 200'000;
  constexpr int kTries = 20;
  std::uint64_t fastest = std::numeric_limits<std::uint64_t>::max();
  for (int i = 0; i < kTries; ++i) {
    const std::uint64_t start = steady_now_ns();
    content_ += spin(kRounds);
    fastest = std::min(fastest, steady_now_ns() - start);
  }
  work_rounds_ =
      kRounds * static_cast<std::uint64_t>(duration.count()) / std::max<std::uint64_t>(1, fastest);
}

double Application::measure_work_rate() {
  constexpr std::chrono::milliseconds kEnough{100};
  const std::chrono::nanoseconds start = tools::thread_cpu_time();
  std::chrono::nanoseconds elapsed{0};
  double times = 0;
  for (; elapsed < kEnough; ++times) {
    content_ += spin(work_rounds_);
    elapsed = tools::thread_cpu_time() - start;
  }
  return times / std::chrono::duration<double>(elapsed).count();
}

}  // namespace ringpeer::bench
