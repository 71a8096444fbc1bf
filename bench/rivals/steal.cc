#include "ringpeer/bench/rivals/steal.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

namespace ringpeer::bench {

std::vector<CpuTicks> parse_cpu_ticks(const std::string& text) {
  // user nice system idle iowait irq softirq steal; guest times are part of user.
  constexpr int kColumns = 8;
  constexpr int kIdle = 3;
  constexpr int kWaiting = 4;
  std::vector<CpuTicks> cpus;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("cpu") || line.size() < 4 || std::isdigit(line[3]) == 0) continue;
    std::istringstream words(line.substr(3));
    std::size_t number = 0;
    words >> number;
    if (cpus.size() <= number) cpus.resize(number + 1);
    for (int column = 0; column < kColumns; ++column) {
      std::uint64_t ticks = 0;
      words >> ticks;
      cpus[number].total += ticks;
      if (column == kIdle || column == kWaiting) cpus[number].idle += ticks;
      if (column == kColumns - 1) cpus[number].steal = ticks;
    }
  }
  return cpus;
}

std::vector<CpuTicks> read_cpu_ticks() {
  std::stringstream text;
  text << std::ifstream("/proc/stat").rdbuf();
  return parse_cpu_ticks(text.str());
}

double steal_percent(const std::vector<CpuTicks>& before, const std::vector<CpuTicks>& after,
                     std::size_t cpus) {
  double worst = 0;
  for (std::size_t i = 0; i < std::min({cpus, before.size(), after.size()}); ++i) {
    const std::uint64_t total = after[i].total - before[i].total;
    if (total == 0) continue;
    const auto stolen = static_cast<double>(after[i].steal - before[i].steal);
    worst = std::max(worst, 100.0 * stolen / static_cast<double>(total));
  }
  return worst;
}

double busy_percent(const std::vector<CpuTicks>& before, const std::vector<CpuTicks>& after,
                    std::size_t cpu) {
  if (cpu >= before.size() || cpu >= after.size()) return 0;
  const std::uint64_t total = after[cpu].total - before[cpu].total;
  if (total == 0) return 0;
  const std::uint64_t unused =
      (after[cpu].idle - before[cpu].idle) + (after[cpu].steal - before[cpu].steal);
  return 100.0 * (1.0 - static_cast<double>(unused) / static_cast<double>(total));
}

}  // namespace ringpeer::bench
