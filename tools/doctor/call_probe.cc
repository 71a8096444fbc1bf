#include "ringpeer/tools/doctor/call_probe.h"

#include <linux/membarrier.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "ringpeer/tools/doctor/trial_process.h"

namespace ringpeer::tools {
namespace {

constexpr int kNoDescriptor = -1;

struct Call {
  const char* name;
  bool is_needed;  // without it a server or clients do not start, or send or receive nothing
  long (*make)();
};

// What opens something, and closes it again.
long closed(long descriptor) {
  if (descriptor >= 0) ::close(static_cast<int>(descriptor));
  return descriptor;
}

long set_no_option() {
  const int value = 0;
  return ::setsockopt(kNoDescriptor, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value));
}

long get_no_option() {
  int value = 0;
  socklen_t size = sizeof(value);
  return ::getsockopt(kNoDescriptor, SOL_SOCKET, SO_RCVBUF, &value, &size);
}

long wait_for_nothing() {
  const timespec no_time{};
  return ::ppoll(nullptr, 0, &no_time, nullptr);
}

long sleep_not_at_all() {
  const timespec no_time{};
  const int error = ::clock_nanosleep(CLOCK_MONOTONIC, 0, &no_time, nullptr);
  errno = error;
  return error == 0 ? 0 : -1;
}

long ask_for_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit);
}

long ask_for_processors() {
  cpu_set_t set;
  return ::sched_getaffinity(0, sizeof(set), &set);
}

long ask_for_names() {
  utsname names{};
  return ::uname(&names);
}

// Newer machines have epoll_pwait alone.
#ifdef SYS_epoll_wait
constexpr const char* kEpollWait = "epoll_wait";
#else
constexpr const char* kEpollWait = "epoll_pwait";
#endif

// The C library's own ways: it may make another call of the kernel than its function is named for.
constexpr auto kCalls = std::to_array<Call>({
    {"socket", true, [] { return closed(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); }},
    {"bind", true, [] { return long{::bind(kNoDescriptor, nullptr, 0)}; }},
    {"connect", true, [] { return long{::connect(kNoDescriptor, nullptr, 0)}; }},
    {"getsockname", false, [] { return ::syscall(SYS_getsockname, kNoDescriptor, nullptr, 0); }},
    {"setsockopt", true, set_no_option},
    {"getsockopt", false, get_no_option},
    {"recvmmsg", true,
     [] { return ::syscall(SYS_recvmmsg, kNoDescriptor, nullptr, 0, 0, nullptr); }},
    {"recvmsg", true, [] { return ::syscall(SYS_recvmsg, kNoDescriptor, nullptr, 0); }},
    {"sendmmsg", true, [] { return ::syscall(SYS_sendmmsg, kNoDescriptor, nullptr, 0, 0); }},
    {"sendmsg", true, [] { return ::syscall(SYS_sendmsg, kNoDescriptor, nullptr, 0); }},
    {"sendto", true,
     [] { return ::syscall(SYS_sendto, kNoDescriptor, nullptr, 0, 0, nullptr, 0); }},
    {"eventfd2", true, [] { return closed(::eventfd(0, EFD_CLOEXEC)); }},
    {"epoll_create1", true, [] { return closed(::epoll_create1(EPOLL_CLOEXEC)); }},
    {"epoll_ctl", true,
     [] { return long{::epoll_ctl(kNoDescriptor, EPOLL_CTL_DEL, kNoDescriptor, nullptr)}; }},
    {kEpollWait, true,
     [] {
       epoll_event event{};
       return long{::epoll_wait(kNoDescriptor, &event, 1, 0)};
     }},
    {"ppoll", true, wait_for_nothing},
    {"poll", false, [] { return long{::poll(nullptr, 0, 0)}; }},
// A thread's. Where it is not there the C library does without.
#ifdef SYS_clone3
    {"clone3", true,
     [] {
       const long result = ::syscall(SYS_clone3, nullptr, 0);
       return result < 0 && errno == ENOSYS ? 0 : result;
     }},
#endif
    {"clock_nanosleep", false, sleep_not_at_all},
    {"membarrier", false, [] { return ::syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0); }},
    {"madvise", false, [] { return long{::madvise(nullptr, 0, MADV_NORMAL)}; }},
    {"prctl", false, [] { return long{::prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0)}; }},
    {"prlimit64", false, ask_for_limit},
    {"sched_getaffinity", false, ask_for_processors},
    {"uname", false, ask_for_names},
    {"ioctl", false, [] { return ::syscall(SYS_ioctl, kNoDescriptor, FIONREAD, nullptr); }},
});

constexpr std::size_t kCallCount = kCalls.size();

// What only a filter answers, or a kernel without the call; the rest is for the arguments.
int refusal_of(long result) {
  if (result >= 0) return 0;
  return errno == EPERM || errno == ENOSYS || errno == EACCES ? errno : 0;
}

// How far a process came.
struct Progress {
  std::size_t done = 0;  // the next one is that which kills, if any does
  std::array<int, kCallCount> errors = {};
};

}  // namespace

std::vector<CallFacts> probe_calls() {
  std::vector<CallFacts> calls;
  while (calls.size() < kCallCount) {
    const std::size_t first = calls.size();
    const auto trial = try_apart<Progress>([first](Progress* progress) {
      for (progress->done = first; progress->done < kCallCount; ++progress->done) {
        progress->errors[progress->done] = refusal_of(kCalls[progress->done].make());
      }
    });
    if (!trial.end.was_tried) return {};
    for (std::size_t i = first; i < trial.facts.done; ++i) {
      calls.push_back({kCalls[i].name, trial.facts.errors[i], kCalls[i].is_needed, 0});
    }
    if (calls.size() == kCallCount) break;
    const Call& deadly = kCalls[calls.size()];
    calls.push_back({deadly.name, 0, deadly.is_needed, trial.end.signal});
  }
  return calls;
}

}  // namespace ringpeer::tools
