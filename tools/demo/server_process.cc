#include "ringpeer/tools/demo/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/exit_status.h"
#include "ringpeer/tools/serve/server.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

// Starting and stopping take milliseconds; this is for a machine under heavy load.
constexpr std::chrono::seconds kMaxWait{15};

// False when the parent reads no more, or cannot be written to.
bool write_message(int pipe, const ordered_json& message) {
  const std::string line = message.dump() + "\n";
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t count = write(pipe, line.data() + written, line.size() - written);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) written += static_cast<std::size_t>(count);
  }
  return true;
}

// A parent that dies takes the server along, also one that has died meanwhile. 0 or errno.
int end_with_parent(pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return errno;
  return getppid() == parent ? 0 : ESRCH;
}

// All that the child does but for what is thrown.
int serve_parent(const ServeOptions& options, pid_t parent, int pipe) {
  // A Ctrl-C is for the parent, which stops the clients first. Where that is not to be had, both
  // stop at once.
  (void)setpgid(0, 0);
  if (const int failure = end_with_parent(parent); failure != 0) {
    write_message(pipe, {{"error", fmt::format("the server cannot be made to end with this "
                                               "program (prctl: {}): use ringpeer serve and load.",
                                               std::strerror(failure))}});
    return kExitFailed;
  }
  // Ignored or not where the program was started: finish() ends the server with it.
  signal(SIGTERM, SIG_DFL);
  const StopSignal stop;
  Server server(options);
  std::string error;
  if (!server.open(&error)) {
    write_message(pipe, {{"error", error}});
    return kExitFailed;
  }
  if (!write_message(pipe, {{"port", server.port()}})) return kExitFailed;
  ProgressLine silent(nullptr);
  const ServeReport report = server.run(stop, &silent);
  return write_message(pipe, serve_report_to_json(options, report)) ? kExitOk : kExitFailed;
}

// Nothing gets out of the child, whose stack is a copy of its parent's.
int run_child(const ServeOptions& options, pid_t parent, int pipe) noexcept {
  try {
    return serve_parent(options, parent, pipe);
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::exception& exception) {
    return run_error(exception.what());
  }
}

}  // namespace

bool ServerProcess::start(const ServeOptions& options, std::string* error) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) {
    *error = fmt::format("pipe: {}", std::strerror(errno));
    return false;
  }
  std::fflush(nullptr);  // what is buffered would be written by both processes
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ == 0) {
    close(ends[0]);
    _exit(run_child(options, parent, ends[1]));
  }
  close(ends[1]);
  pipe_ = ends[0];
  if (process_ < 0) {
    *error = fmt::format("fork: {}", std::strerror(errno));
    return false;
  }
  const std::optional<ordered_json> message = read_message();
  if (message && message->contains("port")) {
    port_ = message->at("port").get<int>();
    return true;
  }
  *error = message && message->contains("error") ? message->at("error").get<std::string>()
                                                 : "the server died before it listened.";
  return false;
}

std::optional<ordered_json> ServerProcess::read_message() {
  const auto deadline = std::chrono::steady_clock::now() + kMaxWait;
  for (;;) {
    const std::size_t end = unread_.find('\n');
    if (end != std::string::npos) {
      ordered_json message = ordered_json::parse(unread_.substr(0, end), nullptr, false);
      unread_.erase(0, end + 1);
      if (message.is_discarded()) return std::nullopt;
      return message;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd event = {.fd = pipe_, .events = POLLIN, .revents = 0};
    if (left.count() <= 0) return std::nullopt;
    const int ready = poll(&event, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return std::nullopt;
    if (ready <= 0) continue;
    char buffer[4096];
    const ssize_t count = read(pipe_, buffer, sizeof(buffer));
    if (count == 0 || (count < 0 && errno != EINTR)) return std::nullopt;
    if (count > 0) unread_.append(buffer, static_cast<std::size_t>(count));
  }
}

int ServerProcess::end(int number) {
  // What cannot be asked to end is not waited for: it ends with this program.
  int status = 0;
  if (kill(process_, number) == 0) {
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  process_ = -1;
  return status;
}

std::optional<ordered_json> ServerProcess::finish(std::string* error) {
  if (kill(process_, SIGTERM) != 0) {
    *error = fmt::format("the server cannot be asked for its report: {}.", std::strerror(errno));
    return std::nullopt;
  }
  std::optional<ordered_json> report = read_message();
  // What does not stop when asked is stopped: the caller must not wait without end.
  const int status = end(report ? SIGTERM : SIGKILL);
  if (!report) {
    *error =
        WIFSIGNALED(status)
            ? fmt::format("the server gave no report and was ended by signal {}.", WTERMSIG(status))
            : "the server ended without a report.";
  }
  return report;
}

ServerProcess::~ServerProcess() {
  if (process_ > 0) end(SIGKILL);
  if (pipe_ >= 0) close(pipe_);
}

}  // namespace ringpeer::tools
