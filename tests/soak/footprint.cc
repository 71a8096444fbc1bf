#include "ringpeer/tests/soak/footprint.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace ringpeer::soak {
namespace {

constexpr double kMebibyte = 1 << 20;

}  // namespace

Footprint footprint_of_this_process() {
  // What was freed and the allocator keeps is no leak, and depends on the order of things.
  ::malloc_trim(0);
  Footprint footprint;
  std::uint64_t virtual_pages = 0;
  std::uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages;
  footprint.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  footprint.heap_bytes = ::mallinfo2().uordblks;
  // One of them is the iterator's own.
  footprint.descriptors = static_cast<std::size_t>(std::distance(
                              std::filesystem::directory_iterator("/proc/self/fd"), {})) -
                          1;
  return footprint;
}

std::vector<std::string> judge_footprints(const std::vector<Footprint>& minutes) {
  std::vector<std::string> complaints;
  const auto has_grown = [&](std::size_t i) {
    return i >= minutes.size() ||
           minutes[i].resident_bytes > minutes[kWarmMinute - 1].resident_bytes + kMaxGrowth;
  };
  for (std::size_t i = 0; i < minutes.size(); ++i) {
    if (minutes[i].descriptors != minutes[0].descriptors) {
      complaints.push_back(fmt::format("descriptors: {} after minute {}, {} after the first",
                                       minutes[i].descriptors, i + 1, minutes[0].descriptors));
    }
    if (i < kWarmMinute || !has_grown(i) || !has_grown(i + 1)) continue;
    const std::uint64_t before = minutes[kWarmMinute - 1].resident_bytes;
    complaints.push_back(fmt::format(
        "resident memory: {:.1f} MiB after minute {}, {:.1f} after minute {}: more than {:.0f} MiB "
        "of growth",
        static_cast<double>(minutes[i].resident_bytes) / kMebibyte, i + 1,
        static_cast<double>(before) / kMebibyte, kWarmMinute,
        static_cast<double>(kMaxGrowth) / kMebibyte));
  }
  return complaints;
}

}  // namespace ringpeer::soak
