#include "ringpeer/tests/soak/busy_neighbours.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace ringpeer::soak {
namespace {

void set_policy(int thread, int policy) {
  const sched_param parameter{};
  // One that has ended meanwhile is no matter.
  (void)::sched_setscheduler(thread, policy, &parameter);
}

}  // namespace

BusyNeighbours::BusyNeighbours() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const int thread = std::atoi(task.path().filename().c_str());
    if (thread != ::gettid()) held_up_.push_back(thread);
  }
  for (const int thread : held_up_) set_policy(thread, SCHED_IDLE);
  for (unsigned left = std::max(1u, std::thread::hardware_concurrency()); left > 0; --left) {
    neighbours_.emplace_back([](const std::stop_token& stop) {
      while (!stop.stop_requested()) continue;
    });
  }
}

BusyNeighbours::~BusyNeighbours() {
  for (const int thread : held_up_) set_policy(thread, SCHED_OTHER);
}

}  // namespace ringpeer::soak
