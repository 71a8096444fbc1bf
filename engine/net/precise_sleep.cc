#include "ringpeer/engine/net/precise_sleep.h"

#include <time.h>

#include <cerrno>

namespace ringpeer::net {

void sleep_precisely(std::chrono::microseconds duration) {
  timespec left{0, static_cast<long>(duration.count() * 1000)};
  while (::clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
  }
}

}  // namespace ringpeer::net
