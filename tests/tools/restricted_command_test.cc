// The ringpeer command where system calls are forbidden: io_uring, as it is in most
// containers, and others.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "ringpeer/test/child_process.h"
#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer::tools {
namespace {

constexpr std::chrono::seconds kPatience{60};

#ifdef SYS_epoll_wait
constexpr long kEpollWait = SYS_epoll_wait;
#else
constexpr long kEpollWait = SYS_epoll_pwait;  // newer machines have this one alone
#endif

void forbid(long call, int error = EPERM) {
  if (!test::forbid_system_call(call, error)) _exit(126);
}

class RestrictedCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    const test::ChildResult result = test::run_in_child([] {
      return std::string(test::forbid_system_call(SYS_io_uring_setup, EPERM) ? "yes" : "no");
    });
    if (result.output != "yes") GTEST_SKIP() << "system call filters are not allowed here";
  }

  // Serves under the filter; for a moment, or until a signal (0).
  static CommandProcess serve(const std::string& backend, const std::string& seconds = "0.1",
                              long call = SYS_io_uring_setup) {
    const std::vector<std::string> arguments = {"serve", "--mode",    "sink",  "--port",
                                                "0",     "--backend", backend, "--duration",
                                                seconds, "--json"};
    return CommandProcess(arguments, [call] { forbid(call); });
  }
};

TEST_F(RestrictedCommandTest, AutoServesThroughRecvmmsgAndSaysWhy) {
  CommandProcess process = serve("auto");
  EXPECT_EQ(process.finish(kPatience), 0) << process.error_output();
  EXPECT_NE(process.output().find("recvmmsg"), std::string::npos) << process.output();
  EXPECT_NE(process.output().find("io_uring is not available"), std::string::npos)
      << process.output();
  EXPECT_NE(process.output().find("seccomp"), std::string::npos) << process.output();
}

// Filters that allow the first call and refuse another: what is left must not pass for io_uring.
TEST_F(RestrictedCommandTest, ServesAndEndsByASignalWhicheverCallIsForbidden) {
  for (const long call : {SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register}) {
    CommandProcess process = serve("auto", "0", call);
    ASSERT_TRUE(process.wait_for_error_text("backend recvmmsg", kPatience))
        << call << ": " << process.error_output();
    process.send_signal(SIGTERM);
    EXPECT_EQ(process.finish(kPatience), 0) << process.error_output();
    EXPECT_NE(process.output().find("io_uring is not available"), std::string::npos)
        << process.output();
  }
}

TEST_F(RestrictedCommandTest, ForcedIoUringFailsWithAMessageAndAStatus) {
  CommandProcess process = serve("io_uring");
  EXPECT_EQ(process.finish(kPatience), 1);
  EXPECT_EQ(process.output(), "");
  EXPECT_NE(process.error_output().find("Operation not permitted"), std::string::npos)
      << process.error_output();
  EXPECT_NE(process.error_output().find("recvmmsg"), std::string::npos) << process.error_output();
}

// Whichever call that a server makes is refused: it serves, or ends with words, and a signal
// ends it at once. Not in the list: what the C library itself cannot do without.
TEST_F(RestrictedCommandTest, NoForbiddenCallMakesAServerThatASignalDoesNotEnd) {
  for (const long call :
       std::vector<long>{SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_socket,
                         SYS_bind, SYS_getsockname, SYS_setsockopt, SYS_getsockopt, SYS_eventfd2,
                         SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, kEpollWait,
                         SYS_recvmmsg, SYS_prctl, SYS_madvise, SYS_fcntl, SYS_clone3, SYS_ppoll}) {
    for (const char* backend : {"io_uring", "recvmmsg", "auto"}) {
      for (const int error : {EPERM, ENOSYS}) {
        SCOPED_TRACE(fmt::format("system call {}, {}, error {}", call, backend, error));
        CommandProcess process({"serve", "--mode", "echo", "--port", "0", "--backend", backend},
                               [=] { forbid(call, error); });
        process.wait_for_error_text(" on port ", kPatience);
        process.send_signal(SIGTERM);
        const int status = process.finish(kPatience);
        EXPECT_TRUE(status == 0 || status == 1) << status;
        EXPECT_TRUE(process.error_output().starts_with("ringpeer: ")) << process.error_output();
      }
    }
  }
}

// Kernels before 5.11 do not have it; older container runtimes forbid it.
TEST_F(RestrictedCommandTest, ClientsDoNotNeedTheNewestWait) {
  for (const int error : {ENOSYS, EPERM}) {
    CommandProcess process({"demo", "--clients", "2", "--duration", "0.2", "--json"},
                           [=] { forbid(SYS_epoll_pwait2, error); });
    EXPECT_EQ(0, process.finish(kPatience)) << process.error_output();
    EXPECT_NE(process.output().find("\"ok\": true"), std::string::npos) << process.output();
  }
}

TEST_F(RestrictedCommandTest, ClientsThatCannotWaitSaySo) {
  CommandProcess process({"load", "--target", "127.0.0.1:9", "--duration", "10"},
                         [] { forbid(SYS_ppoll); });
  EXPECT_EQ(1, process.finish(kPatience));
  EXPECT_NE(process.error_output().find("wait for replies"), std::string::npos)
      << process.error_output();
}

}  // namespace
}  // namespace ringpeer::tools
