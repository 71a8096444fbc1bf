#ifndef RINGPEER_TESTS_SUPPORT_PROCESSOR_TIME_PROCESSOR_TIME_H_
#define RINGPEER_TESTS_SUPPORT_PROCESSOR_TIME_PROCESSOR_TIME_H_

#include <time.h>

#include <chrono>

namespace ringpeer::test {

// Of this thread since it began: what others do on a busy machine is not counted.
inline std::chrono::nanoseconds processor_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_SUPPORT_PROCESSOR_TIME_PROCESSOR_TIME_H_
