#include "ringpeer/tests/soak/footprint.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace ringpeer::soak {
namespace {

constexpr double kMebibyte = 1 << 20;
// A thread's stack with its guard, of which nobody uses more than a little. The pools of packet
// buffers, which live as long as the soak, are larger.
constexpr std::uint64_t kStack = (std::uint64_t{8} << 20) + (std::uint64_t{64} << 10);

// Where the allocator's arenas begin; it gives back what it does not use.
constexpr std::uint64_t kArena = std::uint64_t{64} << 20;

// A line of /proc/self/maps: the range, when it is private memory that is no file's.
bool read_anonymous(const std::string& line, std::uint64_t* begin, std::uint64_t* end) {
  std::uint64_t inode = 0;
  char rights[5] = {};
  int name = 0;
  return std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %" SCNu64 " %n", begin, end,
                     rights, &inode, &name) == 4 &&
         std::string(rights) == "rw-p" && inode == 0 &&
         static_cast<std::size_t>(name) >= line.size();
}

}  // namespace

// Before Linux 5.14 it changes nothing.
void touch_pools() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    if (!read_anonymous(line, &begin, &end) || end - begin <= kStack) continue;
    if (begin % kArena == 0) continue;
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_WRITE);
  }
}

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
