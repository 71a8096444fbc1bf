// The ringpeer command where io_uring is forbidden, as it is in most containers.

#include <gtest/gtest.h>
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

void forbid_io_uring() {
  if (!test::forbid_system_call(SYS_io_uring_setup, EPERM)) _exit(EXIT_FAILURE);
}

class RestrictedCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    const test::ChildResult result = test::run_in_child([] {
      return std::string(test::forbid_system_call(SYS_io_uring_setup, EPERM) ? "yes" : "no");
    });
    if (result.output != "yes") GTEST_SKIP() << "system call filters are not allowed here";
  }

  // Serves for a moment under the filter.
  static CommandProcess serve(const std::string& backend) {
    const std::vector<std::string> arguments = {"serve", "--mode",    "sink",  "--port",
                                                "0",     "--backend", backend, "--duration",
                                                "0.1",   "--json"};
    return CommandProcess(arguments, forbid_io_uring);
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
