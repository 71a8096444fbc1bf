#ifndef RINGPEER_BENCH_RIVALS_STEAL_H_
#define RINGPEER_BENCH_RIVALS_STEAL_H_

#include <cstdint>
#include <string>
#include <vector>

namespace ringpeer::bench {

// Ticks of one CPU from /proc/stat.
// Threads: any. Failure: what cannot be read is absent.
struct CpuTicks {
  std::uint64_t total = 0;
  std::uint64_t idle = 0;   // waiting for a disk counts as idle
  std::uint64_t steal = 0;  // taken by the hypervisor for others
};

// By CPU number, from the text of /proc/stat; CPUs that are not in it are absent.
std::vector<CpuTicks> parse_cpu_ticks(const std::string& text);
std::vector<CpuTicks> read_cpu_ticks();

// The share of stolen time in percent between two readings, of the CPU that lost most
// among those numbered below `cpus`.
double steal_percent(const std::vector<CpuTicks>& before, const std::vector<CpuTicks>& after,
                     std::size_t cpus);

// The share of one CPU's time, in percent, in which something ran on it.
double busy_percent(const std::vector<CpuTicks>& before, const std::vector<CpuTicks>& after,
                    std::size_t cpu);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_STEAL_H_
