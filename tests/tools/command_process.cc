#include "ringpeer/tests/tools/command_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace ringpeer::tools {
namespace {

// Where Bazel puts the program that is a data dependency of the test.
std::string program_path() {
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  if (runfiles == nullptr || workspace == nullptr) return "bazel-bin/tools/ringpeer";
  return std::string(runfiles) + "/" + workspace + "/tools/ringpeer";
}

}  // namespace

CommandProcess::CommandProcess(const std::vector<std::string>& arguments,
                               const std::function<void()>& restrict_process) {
  std::string program = program_path();
  std::vector<std::string> words = arguments;
  std::vector<char*> vector = {program.data()};
  for (std::string& word : words) vector.push_back(word.data());
  vector.push_back(nullptr);
  int output[2] = {-1, -1};
  int error[2] = {-1, -1};
  if (pipe2(output, O_CLOEXEC) != 0 || pipe2(error, O_CLOEXEC) != 0) std::abort();
  process_ = fork();
  if (process_ < 0) std::abort();
  if (process_ == 0) {
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    dup2(error[1], STDERR_FILENO);
    // A script's background jobs, of which this may be one, have SIGINT ignored.
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_DFL);
    if (restrict_process) restrict_process();
    execv(program.c_str(), vector.data());
    _exit(127);
  }
  close(output[1]);
  close(error[1]);
  output_pipe_ = output[0];
  error_pipe_ = error[0];
}

CommandProcess::~CommandProcess() {
  if (!ended_) {
    kill(process_, SIGKILL);
    reap(0);
  }
  if (output_pipe_ >= 0) close(output_pipe_);
  if (error_pipe_ >= 0) close(error_pipe_);
}

void CommandProcess::send_signal(int number) const {
  if (!ended_) kill(process_, number);
}

void CommandProcess::reap(int options) {
  if (!ended_ && waitpid(process_, &status_, options) == process_) ended_ = true;
}

bool CommandProcess::read_until(std::chrono::steady_clock::time_point until) {
  pollfd events[2] = {{.fd = output_pipe_, .events = POLLIN, .revents = 0},
                      {.fd = error_pipe_, .events = POLLIN, .revents = 0}};
  if (output_pipe_ < 0 && error_pipe_ < 0) return false;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  poll(events, 2, static_cast<int>(std::max<std::int64_t>(0, left.count())));
  for (const pollfd& event : events) {
    if (event.revents == 0) continue;
    const bool is_output = event.fd == output_pipe_;
    char buffer[4096];
    const ssize_t count = read(event.fd, buffer, sizeof(buffer));
    if (count > 0) {
      (is_output ? output_ : error_output_).append(buffer, static_cast<std::size_t>(count));
    } else if (count == 0) {
      int& pipe = is_output ? output_pipe_ : error_pipe_;
      close(pipe);
      pipe = -1;
    }
  }
  return true;
}

bool CommandProcess::wait_for_error_text(const std::string& text, std::chrono::seconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (error_output_.find(text) == std::string::npos) {
    if (std::chrono::steady_clock::now() >= until || !read_until(until)) return false;
  }
  return true;
}

int CommandProcess::finish(std::chrono::seconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (std::chrono::steady_clock::now() < until && read_until(until)) {
  }
  // Both streams are closed: the end is near, or the time is up.
  while (!ended_ && std::chrono::steady_clock::now() < until) {
    reap(WNOHANG);
    if (!ended_) usleep(1000);
  }
  if (!ended_) return kTimedOut;
  return WIFSIGNALED(status_) ? -WTERMSIG(status_) : WEXITSTATUS(status_);
}

}  // namespace ringpeer::tools
