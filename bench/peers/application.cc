#include "ringpeer/bench/peers/application.h"

#include "ringpeer/bench/peers/cpu_time.h"

namespace ringpeer::bench {

void Application::work() const {
  const std::uint64_t until = thread_cpu_ns() + work_ns_;
  while (thread_cpu_ns() < until) {
  }
}

}  // namespace ringpeer::bench
