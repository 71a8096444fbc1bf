#ifndef RINGPEER_TESTS_SOAK_BUSY_NEIGHBOURS_H_
#define RINGPEER_TESTS_SOAK_BUSY_NEIGHBOURS_H_

#include <stop_token>
#include <thread>
#include <vector>

namespace ringpeer::soak {

// Other work on every processor, before which the threads that this process has get none, but for
// the one that makes it: what a worker can hold that comes late is then held.
class BusyNeighbours {
 public:
  BusyNeighbours();
  ~BusyNeighbours();
  BusyNeighbours(const BusyNeighbours&) = delete;
  BusyNeighbours& operator=(const BusyNeighbours&) = delete;

 private:
  std::vector<int> held_up_;  // thread ids
  std::vector<std::jthread> neighbours_;
};

}  // namespace ringpeer::soak

#endif  // RINGPEER_TESTS_SOAK_BUSY_NEIGHBOURS_H_
