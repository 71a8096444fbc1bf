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

#include <nlohmann/json.hpp>

#include "ringpeer/tests/engine/support/child_process.h"
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
        // Or for its end: while it says why it cannot listen, signals are as usual again.
        process.wait_for_error_text(", backend ", kPatience);
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

// A report is whole and says so, or there is none, and the last line on stderr says why.
void expect_honest_end(CommandProcess& process) {
  const int status = process.finish(kPatience);
  ASSERT_TRUE(status == 0 || status == 1) << status << ": " << process.error_output();
  if (status == 1) {
    const std::string& said = process.error_output();
    ASSERT_TRUE(said.ends_with('\n')) << said;
    const std::size_t last = said.rfind('\n', said.size() - 2);
    EXPECT_EQ(said.compare(last == std::string::npos ? 0 : last + 1, 10, "ringpeer: "), 0) << said;
  }
  if (status == 1 && process.output().empty()) return;
  const nlohmann::json report = nlohmann::json::parse(process.output(), nullptr, false);
  ASSERT_TRUE(report.is_object()) << process.output();
  EXPECT_EQ(report.at("ok").get<bool>(), status == 0) << process.output();
}

// Each call that clients make, and those of the demo's server.
TEST_F(RestrictedCommandTest, NoForbiddenCallMakesClientsHangOrLie) {
  CommandProcess server({"serve", "--mode", "echo", "--port", "0"});
  ASSERT_TRUE(server.wait_for_error_text(", backend ", kPatience));
  const std::string& said = server.error_output();
  const std::string port = std::to_string(std::stoi(said.substr(said.find(" on port ") + 9)));
  const std::vector<std::vector<std::string>> commands = {
      {"load", "--target", "127.0.0.1:" + port, "--duration", "0.1", "--json"},
      {"impair", "--target", "127.0.0.1:" + port, "--port", "0", "--duration", "0.05", "--json"},
      {"demo", "--clients", "2", "--duration", "0.1", "--json"}};
  for (const long call : std::vector<long>{SYS_socket,          SYS_connect,       SYS_bind,
                                           SYS_getsockopt,      SYS_setsockopt,    SYS_getsockname,
                                           SYS_sendto,          SYS_recvmmsg,      SYS_recvmsg,
                                           SYS_sendmmsg,        SYS_sendmsg,       SYS_epoll_ctl,
                                           SYS_epoll_create1,   kEpollWait,        SYS_epoll_pwait,
                                           SYS_ppoll,           SYS_pipe2,         SYS_prlimit64,
                                           SYS_rt_sigaction,    SYS_kill,          SYS_prctl,
                                           SYS_setpgid,         SYS_clone3,        SYS_clone,
                                           SYS_clock_nanosleep, SYS_clock_gettime, SYS_eventfd2,
                                           SYS_wait4,           SYS_ioctl}) {
    for (const auto& command : commands) {
      SCOPED_TRACE(fmt::format("system call {}, {}", call, command.front()));
      CommandProcess process(command, [call] { forbid(call); });
      expect_honest_end(process);
    }
  }
}

// Words go out by another call than results.
TEST_F(RestrictedCommandTest, AResultThatCannotBeWrittenIsSaid) {
  const std::vector<std::vector<std::string>> commands = {
      {"--help"},
      {"serve", "--mode", "sink", "--port", "0", "--duration", "0.01", "--json"},
      {"load", "--target", "127.0.0.1:9", "--duration", "0.1", "--expect", "nothing", "--json"},
      {"demo", "--clients", "2", "--duration", "0.1", "--json"}};
  for (const auto& command : commands) {
    CommandProcess process(command, [] { forbid(SYS_write); });
    EXPECT_EQ(process.finish(kPatience), 1) << command.front();
    EXPECT_EQ(process.output(), "");
    EXPECT_TRUE(process.error_output().starts_with("ringpeer: ")) << process.error_output();
  }
}

}  // namespace
}  // namespace ringpeer::tools
