#ifndef RINGPEER_TOOLS_MEASURE_MACHINE_LOAD_H_
#define RINGPEER_TOOLS_MEASURE_MACHINE_LOAD_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ringpeer::tools {

// Processor time of the whole machine since boot, in clock ticks.
struct MachineTicks {
  std::uint64_t total = 0;
  std::uint64_t stolen = 0;
};

// Reads the "cpu" line of /proc/stat; nothing when it is not one.
std::optional<MachineTicks> parse_machine_ticks(std::string_view proc_stat);

// How much processor time the hypervisor gave to others since construction. Latencies
// taken while it was high say little about the program.
// Threads: one. Failure: nothing where /proc/stat cannot be read.
class StealMeter {
 public:
  StealMeter();
  // Percent of all processor time; nothing where /proc/stat cannot be read, or has not moved.
  std::optional<double> percent() const;

 private:
  std::optional<MachineTicks> start_;
};

// Processor time of this process (all threads) and of the calling thread.
std::chrono::nanoseconds process_cpu_time();
std::chrono::nanoseconds thread_cpu_time();

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_MEASURE_MACHINE_LOAD_H_
