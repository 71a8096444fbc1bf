#ifndef RINGPEER_BENCH_RIVALS_BACKGROUND_LOAD_H_
#define RINGPEER_BENCH_RIVALS_BACKGROUND_LOAD_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

namespace ringpeer::bench {

// What a wake-up costs decides many a comparison of receivers, and it depends on what its
// CPU does meanwhile: an idle one is halted and taken up again, on a virtual machine by the
// hypervisor, unless it is woken within microseconds; one with other work switches to it.

// CPU time that a thread of this machine pays for a sleep of 200 us on a CPU, in the mean.
std::chrono::nanoseconds cost_of_a_sleep(int cpu);

// Gives the first CPUs other work as long as it lives: on each, a thread that runs when
// nobody else wants to (SCHED_IDLE).
class BackgroundLoad {
 public:
  explicit BackgroundLoad(std::size_t cpus);
  ~BackgroundLoad();
  BackgroundLoad(const BackgroundLoad&) = delete;
  BackgroundLoad& operator=(const BackgroundLoad&) = delete;

 private:
  std::atomic<bool> ending_{false};
  std::vector<std::thread> threads_;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_BACKGROUND_LOAD_H_
