#include "ringpeer/tools/measure/machine_description.h"

#include <sched.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace ringpeer::tools {
namespace {

int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // More processors than a set has places, or a call that is forbidden.
  if (sched_getaffinity(0, sizeof(set), &set) != 0) {
    return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  }
  return CPU_COUNT(&set);
}

}  // namespace

MachineDescription describe_machine() {
  MachineDescription machine;
  utsname names = {};
  if (uname(&names) == 0) machine.kernel = names.release;
  machine.processors = usable_processors();
  std::ifstream file("/proc/cpuinfo");
  std::ostringstream text;
  text << file.rdbuf();
  machine.processor = parse_processor_name(text.str());
  return machine;
}

std::string parse_processor_name(std::string_view proc_cpuinfo) {
  std::istringstream lines{std::string(proc_cpuinfo)};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t colon = line.find(':');
    const std::size_t name = line.find_first_not_of(' ', colon + 1);
    if (colon != std::string::npos && name != std::string::npos) return line.substr(name);
  }
  return "";
}

std::string utc_text(std::chrono::system_clock::time_point when) {
  const time_t seconds = std::chrono::system_clock::to_time_t(when);
  tm parts = {};
  char text[sizeof("2026-11-29T09:00:15Z")];
  if (gmtime_r(&seconds, &parts) == nullptr) return "";
  const std::size_t size = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, size};
}

}  // namespace ringpeer::tools
