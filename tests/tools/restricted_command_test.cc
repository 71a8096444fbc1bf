// The ringpeer command where io_uring is forbidden, as it is in most containers.

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

void forbid_io_uring(long call) {
  if (!test::forbid_system_call(call, EPERM)) _exit(EXIT_FAILURE);
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
    return CommandProcess(arguments, [call] { forbid_io_uring(call); });
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

}  // namespace
}  // namespace ringpeer::tools
