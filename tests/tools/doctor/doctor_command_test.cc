// `ringpeer doctor` as a process: where it may do everything, and in what a container leaves.

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer::tools {
namespace {

constexpr std::chrono::seconds kPatience{60};

// As containers of old are: no io_uring, 64 KiB to lock, 256 descriptors.
void enter_container() {
  const rlimit locked{64 << 10, 64 << 10};
  const rlimit open{256, 256};
  const bool is_in = ::setrlimit(RLIMIT_MEMLOCK, &locked) == 0 &&
                     ::setrlimit(RLIMIT_NOFILE, &open) == 0 &&
                     test::forbid_system_call(SYS_io_uring_setup, EPERM) &&
                     test::forbid_system_call(SYS_io_uring_enter, EPERM) &&
                     test::forbid_system_call(SYS_io_uring_register, EPERM);
  if (!is_in) ::_exit(126);
}

bool containers_are_allowed() {
  return test::run_in_child([] {
           enter_container();
           return std::string("yes");
         }).output == "yes";
}

nlohmann::json check_of(const nlohmann::json& report, const std::string& name) {
  for (const auto& check : report.at("checks")) {
    if (check.at("check") == name) return check;
  }
  return {};
}

TEST(DoctorCommandTest, AContainerHasEachOfItsProblemsNamed) {
  if (!containers_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  CommandProcess process({"doctor", "--json"}, enter_container);
  EXPECT_EQ(process.finish(kPatience), 1) << process.error_output();
  const auto report = nlohmann::json::parse(process.output(), nullptr, false);
  ASSERT_TRUE(report.is_object()) << process.output();
  EXPECT_FALSE(report.at("ok").get<bool>());

  const auto uring = check_of(report, "io_uring");
  EXPECT_EQ(uring.at("verdict"), "note");
  EXPECT_NE(uring.dump().find("io_uring_setup: Operation not permitted"), std::string::npos);
  EXPECT_NE(uring.dump().find("seccomp"), std::string::npos) << uring;
  EXPECT_NE(uring.at("advice").dump().find("recvmmsg serves"), std::string::npos) << uring;

  const auto memlock = check_of(report, "memlock");
  EXPECT_EQ(memlock.at("verdict"), "note");
  EXPECT_NE(memlock.at("found").dump().find("64 KiB"), std::string::npos) << memlock;
  EXPECT_NE(memlock.at("advice").dump().find("ulimit -l"), std::string::npos) << memlock;

  const auto descriptors = check_of(report, "descriptors");
  EXPECT_EQ(descriptors.at("verdict"), "problem");
  EXPECT_NE(descriptors.at("found").dump().find("256 may be open"), std::string::npos);
  EXPECT_NE(descriptors.at("advice").dump().find("nofile=1064"), std::string::npos);

  EXPECT_EQ(check_of(report, "system calls").at("verdict"), "ok");
  EXPECT_NE(process.error_output().find("descriptors"), std::string::npos);
}

// With few clients 256 descriptors are enough: the plan decides.
TEST(DoctorCommandTest, AContainerIsWellForASmallPlan) {
  if (!containers_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  CommandProcess process({"doctor", "--clients", "192", "--rate", "1000", "--json"},
                         enter_container);
  process.finish(kPatience);
  const auto report = nlohmann::json::parse(process.output(), nullptr, false);
  ASSERT_TRUE(report.is_object()) << process.output();
  EXPECT_EQ(check_of(report, "descriptors").at("verdict"), "ok");
  EXPECT_EQ(check_of(report, "receive buffer").at("verdict"), "ok");
}

TEST(DoctorCommandTest, ARateThatNoBufferHoldsIsAProblem) {
  CommandProcess process({"doctor", "--rate", "1e7", "--size", "1200", "--pause", "1000"});
  EXPECT_EQ(process.finish(kPatience), 1);
  EXPECT_NE(process.output().find("\n  problem  receive buffer"), std::string::npos)
      << process.output();
  EXPECT_NE(process.error_output().find("receive buffer"), std::string::npos);
}

TEST(DoctorCommandTest, OneLineEach) {
  CommandProcess json({"doctor", "--json"});
  CommandProcess text({"doctor"});
  json.finish(kPatience);
  text.finish(kPatience);
  const auto report = nlohmann::json::parse(json.output(), nullptr, false);
  ASSERT_TRUE(report.is_object()) << json.output();
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.output().begin(), text.output().end(), '\n')),
            1 + report.at("checks").size());
}

// Whatever it asks may be refused: it says so, and goes on.
TEST(DoctorCommandTest, NoForbiddenCallEndsItWithoutAReport) {
  if (!containers_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  for (const long call :
       {SYS_socket, SYS_bind, SYS_sendto, SYS_sendmsg, SYS_ioctl, SYS_pipe2, SYS_clone, SYS_wait4,
        SYS_prlimit64, SYS_sched_getaffinity, SYS_uname, SYS_getsockopt, SYS_setsockopt}) {
    CommandProcess process({"doctor", "--json"}, [call] {
      if (!test::forbid_system_call(call, EPERM)) ::_exit(126);
    });
    const int status = process.finish(kPatience);
    EXPECT_TRUE(status == 0 || status == 1) << call << ": " << status;
    const auto report = nlohmann::json::parse(process.output(), nullptr, false);
    ASSERT_TRUE(report.is_object()) << call << ": " << process.output() << process.error_output();
    EXPECT_EQ(report.at("ok").get<bool>(), status == 0) << call;
  }
}

// Whoever makes the call is killed, with all that it has.
void kill_who_calls(long number) {
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    ::_exit(126);
  }
}

nlohmann::json report_under(const std::function<void()>& filter, int* status) {
  CommandProcess process({"doctor", "--clients", "10", "--rate", "1000", "--json"}, filter);
  *status = process.finish(kPatience);
  const auto report = nlohmann::json::parse(process.output(), nullptr, false);
  EXPECT_TRUE(report.is_object()) << process.output() << process.error_output();
  return report.is_object() ? report : nlohmann::json::object();
}

struct RefusedCall {
  const char* name;
  long number;
  bool is_needed;  // servers or clients do nothing without
};

#ifdef SYS_epoll_wait
constexpr RefusedCall kEpollWait = {"epoll_wait", SYS_epoll_wait, true};
#else
constexpr RefusedCall kEpollWait = {"epoll_pwait", SYS_epoll_pwait, true};
#endif

// Not in the list: clone and wait4, by which it asks, and prlimit64, fcntl, futex, mmap and the
// like, without which no command starts.
constexpr RefusedCall kRefusedCalls[] = {{"socket", SYS_socket, true},
                                         {"bind", SYS_bind, true},
                                         {"connect", SYS_connect, true},
                                         {"getsockname", SYS_getsockname, false},
                                         {"setsockopt", SYS_setsockopt, true},
                                         {"getsockopt", SYS_getsockopt, false},
                                         {"recvmmsg", SYS_recvmmsg, true},
                                         {"recvmsg", SYS_recvmsg, true},
                                         {"sendmmsg", SYS_sendmmsg, true},
                                         {"sendmsg", SYS_sendmsg, true},
                                         {"sendto", SYS_sendto, true},
                                         {"eventfd2", SYS_eventfd2, true},
                                         {"epoll_create1", SYS_epoll_create1, true},
                                         {"epoll_ctl", SYS_epoll_ctl, true},
                                         kEpollWait,
                                         {"ppoll", SYS_ppoll, true},
                                         {"clone3", SYS_clone3, true},
                                         {"clock_nanosleep", SYS_clock_nanosleep, false},
                                         {"membarrier", SYS_membarrier, false},
                                         {"sched_getaffinity", SYS_sched_getaffinity, false},
                                         {"uname", SYS_uname, false}};

TEST(DoctorCommandTest, ACallThatIsRefusedIsAProblemByItsName) {
  if (!containers_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  for (const RefusedCall& call : kRefusedCalls) {
    SCOPED_TRACE(call.name);
    int status = 0;
    const auto report = report_under(
        [&call] {
          if (!test::forbid_system_call(call.number, EPERM)) ::_exit(126);
        },
        &status);
    const auto calls = check_of(report, "system calls");
    EXPECT_EQ(calls.value("verdict", ""), call.is_needed ? "problem" : "note") << calls;
    EXPECT_NE(calls.value("found", "").find(std::string(call.name) + " (Operation not permitted)"),
              std::string::npos)
        << calls;
    EXPECT_TRUE(status == 1 || !call.is_needed) << status;
  }
}

TEST(DoctorCommandTest, ACallThatKillsIsAProblemByItsName) {
  if (!containers_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  for (const RefusedCall& call : kRefusedCalls) {
    SCOPED_TRACE(call.name);
    int status = 0;
    const auto report = report_under([&call] { kill_who_calls(call.number); }, &status);
    const auto calls = check_of(report, "system calls");
    EXPECT_EQ(calls.value("verdict", ""), "problem") << calls;
    EXPECT_NE(calls.value("found", "").find(std::string(call.name) + " (who makes it is killed"),
              std::string::npos)
        << calls;
    EXPECT_EQ(status, 1);
  }
}

// Each of them has its cause told, and no system call that is innocent.
TEST(DoctorCommandTest, AnotherCauseIsNotTheFilters) {
  int status = 0;
  const auto few = report_under(
      [] {
        const rlimit limit{5, 5};
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(126);
      },
      &status);
  EXPECT_EQ(few.dump().find("seccomp profile"), std::string::npos) << few.dump(2);
  const bool may_unshare = test::run_in_child([] {
                             return std::string(::unshare(CLONE_NEWNET) == 0 ? "yes" : "no");
                           }).output == "yes";
  if (!may_unshare) GTEST_SKIP() << "no network namespaces here";
  const auto unplugged = report_under(
      [] {
        if (::unshare(CLONE_NEWNET) != 0) ::_exit(126);
      },
      &status);
  EXPECT_EQ(unplugged.dump().find("seccomp profile"), std::string::npos) << unplugged.dump(2);
  EXPECT_EQ(check_of(unplugged, "UDP socket").value("verdict", ""), "note") << unplugged.dump(2);
  EXPECT_EQ(check_of(unplugged, "UDP socket").value("advice", ""), "ip link set lo up");
}

}  // namespace
}  // namespace ringpeer::tools
