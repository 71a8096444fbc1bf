// What is asked of the kernel, where it answers and where a filter forbids it.

#include "ringpeer/tools/doctor/system_facts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tools/doctor/call_probe.h"
#include "ringpeer/tools/doctor/udp_probe.h"
#include "ringpeer/tools/doctor/uring_probe.h"

namespace ringpeer::tools {
namespace {

std::string text_of(const StepFacts& facts) {
  return fmt::format("{} {} {} {}", facts.was_tried, facts.signal, facts.error, facts.step.data());
}

bool filters_are_allowed() {
  return test::run_in_child([] {
           return std::string(test::forbid_system_call(SYS_io_uring_setup, EPERM) ? "yes" : "no");
         }).output == "yes";
}

// Whoever makes the call is killed.
bool kill_who_calls(long number) {
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

UringFacts tried_here() {
  UringFacts facts;
  try_uring(&facts);
  return facts;
}

TEST(SystemFactsTest, TheProbeIsTheSameInAProcessOfItsOwn) {
  EXPECT_EQ(text_of(probe_uring()), text_of(tried_here()));
}

TEST(SystemFactsTest, NamesTheStepThatIsForbidden) {
  if (!filters_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  if (!tried_here().works()) GTEST_SKIP() << "no io_uring here: " << text_of(tried_here());
  const auto under = [](long call, int error) {
    return test::run_in_child([=] {
             if (!test::forbid_system_call(call, error)) return std::string("no filter");
             return text_of(probe_uring());
           })
        .output;
  };
  EXPECT_EQ(under(SYS_io_uring_setup, EPERM), fmt::format("true 0 {} io_uring_setup", EPERM));
  EXPECT_EQ(under(SYS_io_uring_setup, ENOSYS), fmt::format("true 0 {} io_uring_setup", ENOSYS));
  EXPECT_EQ(under(SYS_io_uring_enter, EPERM), fmt::format("true 0 {} io_uring_enter", EPERM));
  EXPECT_EQ(under(SYS_io_uring_register, EPERM), fmt::format("true 0 {} io_uring_register", EPERM));
  EXPECT_EQ(under(SYS_socket, EPERM), fmt::format("true 0 {} a UDP socket of loopback", EPERM));
}

TEST(SystemFactsTest, ADeadlyFilterKillsOnlyWhoTries) {
  if (!filters_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  const test::ChildResult result = test::run_in_child([] {
    if (!kill_who_calls(SYS_io_uring_setup)) return std::string("no filter");
    return text_of(probe_uring());
  });
  EXPECT_EQ(result.output, fmt::format("true {} 0 io_uring_setup", SIGSYS));
}

TEST(SystemFactsTest, ADatagramOverLoopbackComes) {
  EXPECT_EQ(text_of(probe_udp()), "true 0 0 ");
  if (!filters_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  const auto under = [](const std::function<bool()>& filter) {
    return test::run_in_child(
               [&] { return filter() ? text_of(probe_udp()) : std::string("no filter"); })
        .output;
  };
  EXPECT_EQ(under([] { return test::forbid_system_call(SYS_socket, EAFNOSUPPORT); }),
            fmt::format("true 0 {} socket", EAFNOSUPPORT));
  EXPECT_EQ(under([] { return test::forbid_system_call(SYS_bind, EPERM); }),
            fmt::format("true 0 {} bind to loopback", EPERM));
  EXPECT_EQ(under([] { return kill_who_calls(SYS_bind); }),
            fmt::format("true {} 0 bind to loopback", SIGSYS));
}

// The calls that have more to say than "it may be made".
std::string refusals() {
  std::string text;
  for (const CallFacts& call : probe_calls()) {
    if (call.error != 0) text += fmt::format("{} {};", call.name, call.error);
    if (call.signal != 0) text += fmt::format("{} killed;", call.name);
  }
  return text;
}

TEST(SystemFactsTest, CallsThatAreForbiddenAnswerSo) {
  for (const CallFacts& call : probe_calls()) {
    EXPECT_NE(call.error, EPERM) << call.name;
    EXPECT_EQ(call.signal, 0) << call.name;
  }
  if (!filters_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  const std::string otherwise = refusals();  // what this kernel has not
  const auto under = [](const std::function<bool()>& filter) {
    return test::run_in_child([&] { return filter() ? refusals() : std::string("no filter"); })
        .output;
  };
  EXPECT_EQ(under([] { return test::forbid_system_call(SYS_recvmmsg, EPERM); }),
            otherwise + fmt::format("recvmmsg {};", EPERM));
  EXPECT_EQ(under([] { return kill_who_calls(SYS_recvmmsg); }), otherwise + "recvmmsg killed;");
  // The C library has another call for a thread, and another sleep.
  EXPECT_EQ(under([] { return test::forbid_system_call(SYS_clone3, ENOSYS); }), otherwise);
  EXPECT_EQ(under([] { return kill_who_calls(SYS_socket) && kill_who_calls(SYS_ppoll); }),
            "socket killed;" + otherwise + "ppoll killed;");
}

// prlimit64 is a call that the C library makes before main, so no command can tell of it.
TEST(SystemFactsTest, NothingThatIsAskedEndsWhoAsks) {
  if (!filters_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  for (const long call : {SYS_prlimit64, SYS_uname, SYS_sched_getaffinity, SYS_ioctl, SYS_socket,
                          SYS_getsockopt, SYS_setsockopt, SYS_clock_nanosleep}) {
    const test::ChildResult result = test::run_in_child([call] {
      if (!kill_who_calls(call)) return std::string("no filter");
      std::string killed;
      for (const CallFacts& facts : gather_facts(RealMachineFiles()).sandbox.calls) {
        if (facts.signal != 0) killed += facts.name;
      }
      return killed;
    });
    EXPECT_NE(result.output, "") << call;
    EXPECT_EQ(result.output.find(' '), std::string::npos) << call << ": " << result.output;
    EXPECT_EQ(result.exit_status, 0) << call;
  }
}

TEST(SystemFactsTest, LimitsAreThoseOfTheProcess) {
  const test::ChildResult result = test::run_in_child([] {
    const rlimit locked{64 << 10, 64 << 10};
    const rlimit open{200, 256};
    if (::setrlimit(RLIMIT_MEMLOCK, &locked) != 0 || ::setrlimit(RLIMIT_NOFILE, &open) != 0) {
      return std::string("not limited");
    }
    LimitFacts facts;
    probe_limits(RealMachineFiles(), &facts);
    return fmt::format("{} {} {}", facts.memlock.value_or(0), facts.descriptors_soft.value_or(0),
                       facts.descriptors_hard.value_or(0));
  });
  EXPECT_EQ(result.output, "65536 200 256");
}

TEST(SystemFactsTest, ASocketSaysWhatItIsGranted) {
  SocketFacts facts;
  probe_sockets(&facts);
  ASSERT_TRUE(facts.receive_granted && facts.send_granted && facts.receive_asked);
  EXPECT_GT(*facts.receive_granted, 0);
  EXPECT_LE(*facts.receive_granted, 2 * *facts.receive_asked);
}

TEST(SystemFactsTest, AnInterfaceThatIsNotThereIsUnknown) {
  InterfaceFacts facts;
  facts.name = "a-name-that-is-longer-than-any";
  probe_interface(&facts);
  EXPECT_FALSE(facts.receive_ring || facts.channels || facts.merges_received);
}

TEST(SystemFactsTest, ThisMachineIsKnown) {
  const MachineFacts facts = gather_facts(RealMachineFiles());
  EXPECT_TRUE(facts.kernel) << facts.release;
  EXPECT_GE(facts.processors.usable.value_or(0), 1);
  EXPECT_GT(facts.processors.clock_ns.value_or(0), 0);
  EXPECT_TRUE(facts.sockets.receive_granted);
  EXPECT_TRUE(facts.uring.was_tried);
  EXPECT_TRUE(facts.udp.was_tried);
  EXPECT_GT(facts.sandbox.calls.size(), 20U);
}

}  // namespace
}  // namespace ringpeer::tools
