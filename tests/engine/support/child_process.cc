#include "ringpeer/tests/engine/support/child_process.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ringpeer::test {
namespace {

// Longer than anything that the children do; a child that hangs is what some tests
// are there to find.
constexpr std::chrono::seconds kChildTime{30};

// Not by write(2), which a child may have forbidden itself.
void write_all(int descriptor, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const iovec part{const_cast<char*>(text.data()) + written, text.size() - written};
    const ssize_t n = ::writev(descriptor, &part, 1);
    if (n <= 0) return;
    written += static_cast<std::size_t>(n);
  }
}

// Reads until the child closes its end. False when the time is over.
bool read_until_closed(int descriptor, std::string* text) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + kChildTime;
  std::array<char, 4096> bytes{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd request{descriptor, POLLIN, 0};
    if (left <= 0 || ::poll(&request, 1, static_cast<int>(left)) == 0) return false;
    const ssize_t n = ::read(descriptor, bytes.data(), bytes.size());
    if (n <= 0) return true;
    text->append(bytes.data(), static_cast<std::size_t>(n));
  }
}

bool restrict_system_calls(std::span<sock_filter> program, bool in_all_threads) {
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                   in_all_threads ? SECCOMP_FILTER_FLAG_TSYNC : 0, &filter) == 0;
}

}  // namespace

ChildResult run_in_child(const std::function<std::string()>& body) {
  ChildResult result;
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return result;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_all(ends[1], body());
    ::close(ends[1]);
    ::_exit(0);  // no test reports, no destructors of the parent's objects
  }
  ::close(ends[1]);
  if (child > 0) {
    result.timed_out = !read_until_closed(ends[0], &result.output);
    if (result.timed_out) ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) result.exit_status = WEXITSTATUS(status);
  }
  ::close(ends[0]);
  return result;
}

bool forbid_system_call(long number, int error, bool in_all_threads) {
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offsetof(seccomp_data, nr))),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  return restrict_system_calls(program, in_all_threads);
}

bool forbid_socket_option(int name, int error) {
  // Numbers of options are small: the lower half of an argument says it all.
  static_assert(std::endian::native == std::endian::little);
  constexpr auto kLevel = static_cast<std::uint32_t>(offsetof(seccomp_data, args[1]));
  constexpr auto kName = static_cast<std::uint32_t>(offsetof(seccomp_data, args[2]));
  std::array<sock_filter, 8> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offsetof(seccomp_data, nr))),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setsockopt, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kLevel),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOL_SOCKET, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kName),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(name), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  return restrict_system_calls(program, false);
}

}  // namespace ringpeer::test
