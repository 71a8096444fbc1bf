#ifndef RINGPEER_BENCH_PROCESS_SERVER_PROGRAM_H_
#define RINGPEER_BENCH_PROCESS_SERVER_PROGRAM_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ringpeer/bench/process/child_process.h"

namespace ringpeer::bench {

// Programs that a benchmark measures, and that say on which port they serve. Threads: one.

// They stand beside each other, in a build's folder as in a test's.
std::filesystem::path programs_folder();

// Whatever they say comes on one pipe: ports are told on standard error. "" or what went wrong.
std::string start_with_both_streams(const std::vector<std::string>& words, ChildProcess* process);

// Reads what a server says until it names its port; 0 when it does not.
std::uint16_t announced_port(ChildProcess* server);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_PROCESS_SERVER_PROGRAM_H_
