#ifndef RINGPEER_TESTS_SIMULATION_CPU_BILL_H_
#define RINGPEER_TESTS_SIMULATION_CPU_BILL_H_

#include <functional>

#include "ringpeer/tests/simulation/scheduler.h"

namespace ringpeer::simulation {

// The CPU time of all threads of a machine: what waiting for datagrams costs, and taking them.
struct CpuBill {
  struct Prices {
    Time wake = 5 * kMicrosecond;  // by something that comes
    Time timer = 15 * kMicrosecond;
    Time datagram = 600;
  };
  Prices prices;
  Time spent = 0;

  // A thread waits in a system call, and pays for being woken. Whether it is ready.
  bool wait_until(Scheduler& scheduler, const std::function<bool()>& ready, Time deadline) {
    const bool has_to_wait = !ready();
    const bool is_ready = scheduler.wait_until(ready, deadline);
    if (has_to_wait) spent += is_ready ? prices.wake : prices.timer;
    return is_ready;
  }
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_CPU_BILL_H_
