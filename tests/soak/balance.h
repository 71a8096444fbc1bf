#ifndef RINGPEER_TESTS_SOAK_BALANCE_H_
#define RINGPEER_TESTS_SOAK_BALANCE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/engine/stats/counters.h"

namespace ringpeer::soak {

// Compares sums that must be the same, and keeps what did not come out.
// Threads: one.
class Balance {
 public:
  void expect_equal(std::string_view what, std::uint64_t on_one_side, std::uint64_t on_the_other);
  // What holds of an engine whose queues are empty, or were thrown away by a close: everything
  // received is delivered or dropped, everything put is sent or failed.
  void expect_balanced(std::string_view whose, const CounterSnapshot& counters);

  // Packets, whichever side lacks them.
  std::uint64_t unaccounted() const { return unaccounted_; }
  // A line for each sum that did not come out.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  std::uint64_t unaccounted_ = 0;
  std::vector<std::string> complaints_;
};

}  // namespace ringpeer::soak

#endif  // RINGPEER_TESTS_SOAK_BALANCE_H_
