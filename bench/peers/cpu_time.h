#ifndef RINGPEER_BENCH_PEERS_CPU_TIME_H_
#define RINGPEER_BENCH_PEERS_CPU_TIME_H_

#include <cstdint>
#include <string>

namespace ringpeer::bench {

// CPU time of the calling thread, and of all threads of the process.
std::uint64_t thread_cpu_ns();
std::uint64_t process_cpu_ns();

// How often threads of this process went to sleep of their own accord: each of them
// was woken again.
std::uint64_t process_voluntary_switches();

// Keeps the calling thread, and those it will start, on one CPU, and before other
// programs there where that is allowed. An error message, or "".
std::string claim_cpu(int cpu);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_PEERS_CPU_TIME_H_
