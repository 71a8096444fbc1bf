#ifndef RINGPEER_TOOLS_MEASURE_BUSY_WORK_H_
#define RINGPEER_TOOLS_MEASURE_BUSY_WORK_H_

#include <chrono>

namespace ringpeer::tools {

// Keeps the processor busy for that long: what a game does with a packet, for servers that have
// none. Time that the thread is not on a processor counts, too: a look at its own clock costs a
// system call. Threads: any.
inline void keep_processor_busy(std::chrono::microseconds work) {
  const auto end = std::chrono::steady_clock::now() + work;
  while (std::chrono::steady_clock::now() < end) {
  }
}

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_MEASURE_BUSY_WORK_H_
