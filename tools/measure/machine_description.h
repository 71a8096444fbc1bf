#ifndef RINGPEER_TOOLS_MEASURE_MACHINE_DESCRIPTION_H_
#define RINGPEER_TOOLS_MEASURE_MACHINE_DESCRIPTION_H_

#include <chrono>
#include <string>
#include <string_view>

namespace ringpeer::tools {

// Where something was measured: without it a figure cannot be held against another.
// Threads: a plain value.
struct MachineDescription {
  std::string kernel;     // "6.1.0-18-amd64"
  int processors = 0;     // that this process may run on
  std::string processor;  // the maker's name of it; empty where the kernel does not tell
};

MachineDescription describe_machine();

// The "model name" of /proc/cpuinfo, or "" when it has none.
std::string parse_processor_name(std::string_view proc_cpuinfo);

// "2026-11-29T09:00:15Z". Of a time outside the years 0 to 9999 an empty text.
std::string utc_text(std::chrono::system_clock::time_point when);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_MEASURE_MACHINE_DESCRIPTION_H_
