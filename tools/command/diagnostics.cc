#include "ringpeer/tools/command/diagnostics.h"

#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "ringpeer/tools/command/exit_status.h"

namespace ringpeer::tools {
namespace {

iovec part(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

// Into one write, so that lines of several threads do not mix. No allocation: it has to
// work when memory is what is missing.
template <std::size_t N>
void say_parts(const std::array<iovec, N>& parts) noexcept {
  while (::writev(STDERR_FILENO, parts.data(), N) < 0 && errno == EINTR) {
  }
}

// A pipe that its other side made non-blocking may be full.
bool wait_until_writable(int descriptor) noexcept {
  pollfd request{descriptor, POLLOUT, 0};
  return ::poll(&request, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

void say(std::string_view text) noexcept {
  say_parts(std::array{part("ringpeer: "), part(text), part("\n")});
}

int write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      if (!wait_until_writable(descriptor)) return errno;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

bool print_result(std::string_view text) noexcept {
  const int error = write_all(STDOUT_FILENO, text);
  if (error == 0) return true;
  say_parts(std::array{part("ringpeer: the result cannot be written to standard output: "),
                       part(std::strerror(error)), part("\n")});
  return false;
}

int usage_error(std::string_view text) noexcept {
  say(text);
  return kExitUsage;
}

int run_error(std::string_view text) noexcept {
  say(text);
  return kExitFailed;
}

int out_of_memory() noexcept {
  return run_error("out of memory. Is there a limit (ulimit -v, a container's)?");
}

int end_run(std::string_view result, std::string_view judgement) noexcept {
  const bool printed = print_result(result);
  if (!judgement.empty()) return run_error(judgement);
  return printed ? kExitOk : kExitFailed;
}

}  // namespace ringpeer::tools
