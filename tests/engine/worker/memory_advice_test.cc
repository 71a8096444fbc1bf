// What a start that finds no memory advises: what is the cause, and nothing else.

#include "ringpeer/engine/worker/memory_advice.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include "ringpeer/engine/worker/worker_group.h"
#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/support/sanitizer/sanitizer.h"

namespace ringpeer::worker {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST(MemoryAdvice, NamesTheCause) {
  const MemoryLimits::Bound none;
  const MemoryLimits::Bound tight{60 * kMebibyte, 2 * kMebibyte};
  const MemoryLimits::Bound wide{2048 * kMebibyte, 2000 * kMebibyte};
  const std::uint64_t locked = 64 << 10;
  const std::uint64_t any = MemoryLimits::kNone;
  constexpr const char* kRegistration =
      "start of the backend: io_uring_register of the packet buffers";
  struct Case {
    MemoryLimits limits;  // address space, data, control group, locked
    const char* step;
    const char* advice;
  };
  for (const Case& each : {
           Case{{tight, none, none, any}, "mmap of the rings", "ulimit -v"},
           Case{{tight, none, none, locked}, "mmap of the packet buffers", "ulimit -v"},
           Case{{tight, none, none, locked}, "start of a thread", "ulimit -v"},
           Case{{none, tight, none, locked}, "mmap of the packet buffers", "ulimit -d"},
           Case{{none, none, tight, locked}, "mmap of the rings", "memory.max"},
           // Limits that leave enough are no cause.
           Case{{wide, wide, wide, locked}, "mmap of the packet buffers", "no more memory"},
           Case{{none, none, none, any}, "mmap of the packet buffers", "no more memory"},
           // The kernel's own memory is charged to the user, to the control group or to nobody.
           Case{{none, none, none, locked}, "io_uring_setup", "64 KiB"},
           Case{{wide, none, none, locked}, "io_uring_setup", "ulimit -l"},
           Case{{tight, none, none, locked}, kRegistration, "ulimit -l"},
           Case{{none, none, tight, any}, "io_uring_setup", "memory.max"},
           Case{{tight, none, none, any}, "io_uring_setup", "no more memory"},
       }) {
    const std::string advice = advice_on_memory(each.limits, each.step, 1);
    EXPECT_TRUE(contains(advice, each.advice)) << each.step << ": " << advice;
  }
  // Each worker has its own.
  const MemoryLimits limits{wide, none, none, any};
  EXPECT_TRUE(contains(advice_on_memory(limits, "start of a thread", 1), "no more memory"));
  EXPECT_TRUE(contains(advice_on_memory(limits, "start of a thread", 64), "ulimit -v"));
}

TEST(MemoryAdvice, KnowsTheLimitsOfTheProcess) {
  const test::ChildResult child = test::run_in_child([]() -> std::string {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const std::uint64_t used = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const rlimit address_space{used + 512 * kMebibyte, RLIM_INFINITY};
    const rlimit data{400 * kMebibyte, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_AS, &address_space) != 0 || ::setrlimit(RLIMIT_DATA, &data) != 0) {
      return "not limited";
    }
    const MemoryLimits limits = MemoryLimits::of_process();
    const bool good = limits.address_space.most == address_space.rlim_cur &&
                      limits.address_space.left <= 513 * kMebibyte &&
                      limits.address_space.left >= 256 * kMebibyte &&
                      limits.data.most == data.rlim_cur && limits.data.left < limits.data.most;
    return good ? "good" : "wrong";
  });
#if RINGPEER_ADDRESS_SANITIZER || RINGPEER_THREAD_SANITIZER
  GTEST_SKIP() << "a sanitizer takes the address space for itself";
#endif
  EXPECT_EQ(child.output, "good");
}

// Whether `ulimit -l` is advised where so much may be locked, by a process that is bound by that.
std::string failure_of_uring(rlim_t locked) {
  const rlimit limit{locked, locked};
  if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return "not limited";
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return "not limited";
  sets[0].effective &= ~(1U << CAP_IPC_LOCK);
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return "not limited";
  GroupOptions options;
  options.backend = BackendChoice::kUring;
  backend::BackendFailure failure;
  return WorkerGroup::create(options, &failure) != nullptr ? "works" : failure.what;
}

// Kernels differ in what they charge.
TEST(MemoryAdvice, IsToLockMoreWhereRingsMayNotBeLocked) {
  const test::ChildResult child = test::run_in_child([] { return failure_of_uring(0); });
  if (!contains(child.output, "Cannot allocate memory")) GTEST_SKIP() << child.output;
  EXPECT_TRUE(contains(child.output, "ulimit -l")) << child.output;
}

}  // namespace
}  // namespace ringpeer::worker
