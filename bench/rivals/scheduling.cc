#include "ringpeer/bench/rivals/scheduling.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace ringpeer::bench {
namespace {

// A neighbour that takes turns with a receiver makes packets wait, which saves the
// receiver wake-ups and flatters it. Without the right to do this, nothing is lost.
void go_before_others() {
  constexpr int kBeforeOthers = -20;
  setpriority(PRIO_PROCESS, 0, kBeforeOthers);
  // Where the scheduler groups by session, a nice value only counts within the group,
  // and the group has one of its own.
  setsid();
  std::ofstream("/proc/self/autogroup") << kBeforeOthers;
}

std::uint64_t voluntary_switches(int whose) {
  rusage usage{};
  getrusage(whose, &usage);
  return static_cast<std::uint64_t>(usage.ru_nvcsw);
}

}  // namespace

std::uint64_t process_voluntary_switches() { return voluntary_switches(RUSAGE_SELF); }
std::uint64_t thread_voluntary_switches() { return voluntary_switches(RUSAGE_THREAD); }

std::string claim_cpu(int cpu) {
  go_before_others();
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (sched_setaffinity(0, sizeof(set), &set) == 0) return "";
  return fmt::format("cannot run on CPU {}: {}", cpu, std::strerror(errno));
}

}  // namespace ringpeer::bench
