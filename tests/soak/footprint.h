#ifndef RINGPEER_TESTS_SOAK_FOOTPRINT_H_
#define RINGPEER_TESTS_SOAK_FOOTPRINT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ringpeer::soak {

// What this process takes: asked for when nothing is open but what stays.
struct Footprint {
  std::uint64_t resident_bytes = 0;
  std::uint64_t heap_bytes = 0;  // allocated and not freed, of the resident ones
  std::size_t descriptors = 0;
};

Footprint footprint_of_this_process();

// Makes the pools of packet buffers resident: otherwise a page that one has had from the start, and
// comes to in the twentieth minute, when the machine stalls, would pass for growth.
void touch_pools();

// From which minute on memory may not grow: pools, tables and the heap have their size by then.
inline constexpr std::size_t kWarmMinute = 5;
// And by how much it may nevertheless: pages that the allocator and the kernel's counting move.
// For one minute it may grow by more, unless that is the last.
inline constexpr std::uint64_t kMaxGrowth = std::uint64_t{1} << 20;

// What is wrong with the footprints of minutes 1, 2, ...: a line each; nothing when all is well.
// Of a run that is not longer than kWarmMinute memory cannot be judged.
std::vector<std::string> judge_footprints(const std::vector<Footprint>& minutes);

}  // namespace ringpeer::soak

#endif  // RINGPEER_TESTS_SOAK_FOOTPRINT_H_
