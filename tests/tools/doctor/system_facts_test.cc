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
#include <cstring>
#include <string>

#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tools/doctor/uring_probe.h"

namespace ringpeer::tools {
namespace {

std::string text_of(const UringFacts& facts) {
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

TEST(SystemFactsTest, TheProbeIsTheSameInAProcessOfItsOwn) {
  EXPECT_EQ(text_of(probe_uring()), text_of(try_uring()));
}

TEST(SystemFactsTest, NamesTheStepThatIsForbidden) {
  if (!filters_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  if (!try_uring().works()) GTEST_SKIP() << "no io_uring here: " << text_of(try_uring());
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
    const UringFacts facts = probe_uring();
    return fmt::format("{} {}", facts.was_tried, facts.signal);
  });
  EXPECT_EQ(result.output, fmt::format("true {}", SIGSYS));
}

TEST(SystemFactsTest, CallsThatAreForbiddenAnswerSo) {
  for (const CallFacts& call : probe_calls()) {
    EXPECT_NE(call.error, EPERM) << call.name;
    EXPECT_NE(call.error, EFAULT) << call.name;
  }
  if (!filters_are_allowed()) GTEST_SKIP() << "system call filters are not allowed here";
  const test::ChildResult result = test::run_in_child([] {
    if (!test::forbid_system_call(SYS_recvmmsg, EPERM)) return std::string("no filter");
    std::string names;
    for (const CallFacts& call : probe_calls()) {
      if (call.error == EPERM) names += call.name;
    }
    return names;
  });
  EXPECT_EQ(result.output, "recvmmsg");
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
}

}  // namespace
}  // namespace ringpeer::tools
