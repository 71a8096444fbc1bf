#ifndef RINGPEER_BENCH_RIVALS_SCHEDULING_H_
#define RINGPEER_BENCH_RIVALS_SCHEDULING_H_

#include <cstdint>
#include <string>

namespace ringpeer::bench {

// How often threads of this process went to sleep of their own accord: each of them
// was woken again.
// Threads: any.
std::uint64_t process_voluntary_switches();
// The same of the calling thread.
std::uint64_t thread_voluntary_switches();

// Keeps the calling thread, and those it will start, on one CPU, and before other
// programs there where that is allowed. An error message, or "".
std::string claim_cpu(int cpu);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_SCHEDULING_H_
