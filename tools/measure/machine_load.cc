#include "ringpeer/tools/measure/machine_load.h"

#include <time.h>

#include <fstream>
#include <sstream>
#include <string>

namespace ringpeer::tools {
namespace {

std::optional<MachineTicks> read_machine_ticks() {
  std::ifstream file("/proc/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return parse_machine_ticks(line);
}

std::chrono::nanoseconds read_clock(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

std::optional<MachineTicks> parse_machine_ticks(std::string_view proc_stat) {
  // proc(5): user nice system idle iowait irq softirq steal; guest time, which follows,
  // is contained in user time already.
  constexpr int kFields = 8;
  std::istringstream line{std::string(proc_stat.substr(0, proc_stat.find('\n')))};
  std::string label;
  if (!(line >> label) || label != "cpu") return std::nullopt;
  MachineTicks ticks;
  for (int field = 0; field < kFields; ++field) {
    if (!(line >> ticks.stolen)) return std::nullopt;
    ticks.total += ticks.stolen;
  }
  return ticks;
}

StealMeter::StealMeter() : start_(read_machine_ticks()) {}

std::optional<double> StealMeter::percent() const {
  const std::optional<MachineTicks> now = read_machine_ticks();
  if (!start_ || !now) return std::nullopt;
  const std::uint64_t total = now->total - start_->total;
  if (total == 0) return std::nullopt;  // a run of less than a tick
  return 100.0 * static_cast<double>(now->stolen - start_->stolen) / static_cast<double>(total);
}

std::chrono::nanoseconds process_cpu_time() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

std::chrono::nanoseconds thread_cpu_time() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace ringpeer::tools
