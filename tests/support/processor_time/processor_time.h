#ifndef RINGPEER_TESTS_SUPPORT_PROCESSOR_TIME_PROCESSOR_TIME_H_
#define RINGPEER_TESTS_SUPPORT_PROCESSOR_TIME_PROCESSOR_TIME_H_

#include <chrono>

#include "ringpeer/codec/base/thread_cpu.h"

namespace ringpeer::test {

// Of this thread since it began: what others do on a busy machine is not counted.
inline std::chrono::nanoseconds processor_time() {
  return std::chrono::nanoseconds(base::thread_cpu_ns());
}

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_SUPPORT_PROCESSOR_TIME_PROCESSOR_TIME_H_
