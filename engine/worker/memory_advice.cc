#include "ringpeer/engine/worker/memory_advice.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace ringpeer::worker {
namespace {

// What a worker maps before it runs, at the most: 512 buffers of the largest datagram on kernels
// before 6.12, the buffers and tails of recvmmsg, its stack and the heap that glibc gives a thread.
// A bound that leaves more is not the cause.
constexpr std::uint64_t kMaxWorker = std::uint64_t{160} << 20;

std::uint64_t left_of(std::uint64_t most, std::uint64_t used) {
  return most > used ? most - used : 0;
}

MemoryLimits::Bound bound_of(int resource, std::uint64_t used) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return {};
  if (limit.rlim_cur == RLIM_INFINITY) return {};
  return {limit.rlim_cur, left_of(limit.rlim_cur, used)};
}

// CAP_IPC_LOCK counts in the first user namespace only, which maps all numbers.
bool may_lock_anything() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  if ((sets[0].effective & (1U << CAP_IPC_LOCK)) == 0) return false;
  std::uint64_t inside = 1;
  std::uint64_t outside = 1;
  std::uint64_t count = 0;
  std::ifstream("/proc/self/uid_map") >> inside >> outside >> count;
  return inside == 0 && outside == 0 && count == UINT32_MAX;
}

MemoryLimits::Bound bound_of_control_group() {
  std::ifstream groups("/proc/self/cgroup");
  constexpr std::string_view kUnified = "0::";
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with(kUnified)) continue;
    const std::string folder = "/sys/fs/cgroup" + line.substr(kUnified.size());
    std::uint64_t most = 0;
    std::uint64_t used = 0;
    if (!(std::ifstream(folder + "/memory.max") >> most)) return {};  // "max", or none
    if (!(std::ifstream(folder + "/memory.current") >> used)) return {};
    return {most, left_of(most, used)};
  }
  return {};
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

MemoryLimits MemoryLimits::of_process() {
  MemoryLimits limits;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::array<std::uint64_t, 6> pages{};  // the whole, ..., data and stack
  std::ifstream statm("/proc/self/statm");
  for (std::uint64_t& number : pages) statm >> number;
  limits.address_space = bound_of(RLIMIT_AS, pages[0] * page);
  limits.data = bound_of(RLIMIT_DATA, pages[5] * page);
  limits.control_group = bound_of_control_group();
  if (!may_lock_anything()) limits.locked = bound_of(RLIMIT_MEMLOCK, 0).most;
  return limits;
}

std::string advice_on_memory(const MemoryLimits& limits, std::string_view step,
                             std::uint64_t workers) {
  // The kernel's own memory for a ring: charged to the user, where at all, not to the process.
  const bool is_ring = step.find("io_uring_") != std::string_view::npos;
  if (is_ring && limits.locked != MemoryLimits::kNone) {
    return "RLIMIT_MEMLOCK allows " + std::to_string(limits.locked >> 10) +
           " KiB to the rings of all processes of this user: raise `ulimit -l`";
  }
  const std::uint64_t wanted = workers * kMaxWorker;
  if (!is_ring && limits.address_space.left < wanted) {
    return "RLIMIT_AS allows " + mebibytes(limits.address_space.most) +
           " of address space: raise `ulimit -v`";
  }
  if (!is_ring && limits.data.left < wanted) {
    return "RLIMIT_DATA allows " + mebibytes(limits.data.most) + " of data: raise `ulimit -d`";
  }
  if (limits.control_group.left < wanted) {
    return "the control group allows " + mebibytes(limits.control_group.most) +
           ": raise its memory.max";
  }
  return "the machine has no more memory";
}

}  // namespace ringpeer::worker
