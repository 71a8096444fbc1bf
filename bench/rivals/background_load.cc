#include "ringpeer/bench/rivals/background_load.h"

#include <sched.h>

#include "ringpeer/engine/net/precise_sleep.h"
#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::bench {
namespace {

constexpr std::chrono::microseconds kSleep{200};
constexpr int kSleeps = 500;

void stay_on(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  sched_setaffinity(0, sizeof(set), &set);
}

}  // namespace

std::chrono::nanoseconds cost_of_a_sleep(int cpu) {
  std::chrono::nanoseconds cost{};
  std::thread sleeper([cpu, &cost] {
    stay_on(cpu);
    const std::chrono::nanoseconds before = tools::thread_cpu_time();
    for (int i = 0; i < kSleeps; ++i) net::sleep_precisely(kSleep);
    cost = (tools::thread_cpu_time() - before) / kSleeps;
  });
  sleeper.join();
  return cost;
}

BackgroundLoad::BackgroundLoad(std::size_t cpus) {
  for (int cpu = 0; cpu < static_cast<int>(cpus); ++cpu) {
    threads_.emplace_back([this, cpu] {
      stay_on(cpu);
      const sched_param parameters{};
      // Without it the thread would take turns with what is measured.
      if (sched_setscheduler(0, SCHED_IDLE, &parameters) != 0) return;
      while (!ending_.load(std::memory_order_relaxed)) {
      }
    });
  }
}

BackgroundLoad::~BackgroundLoad() {
  ending_.store(true, std::memory_order_relaxed);
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace ringpeer::bench
